// SPDX-License-Identifier: Apache-2.0
#include "parser/cri_line.h"

#include "text/time_format.h"

namespace tailrace::parser {
namespace {

// What Ruby's String#split(" ") splits at.
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

}  // namespace

bool SplitCriLineSlowly(std::string_view line, CriLine* out) {
  size_t at = 0;
  const auto word = [&](std::string_view* part) {
    while (at < line.size() && IsBlank(line[at])) ++at;
    const size_t begin = at;
    while (at < line.size() && !IsBlank(line[at])) ++at;
    *part = line.substr(begin, at - begin);
    return at < line.size() && at > begin;  // a blank must follow
  };
  if (!word(&out->time) || !word(&out->stream) || !word(&out->tag)) return false;
  out->text = line.substr(at + 1);
  return true;
}

bool ContainerTime::ParseAnew(std::string_view text, EventTime* time) {
  if (!text::ParseRfc3339(text, *time)) return false;
  const bool usual =
      text.size() > kFraction + 9 && text.size() < kMax && text[kFraction - 1] == '.' &&
      text[kMinute] <= '5' &&
      (text[kFraction + 9] == 'Z' || text[kFraction + 9] == '+' || text[kFraction + 9] == '-');
  size_ = SIZE_MAX;
  if (usual) {
    std::memcpy(text_, text.data(), text.size());
    size_ = text.size();
    minute_ = time->sec - ((text[kMinute] - '0') * 10 + text[kMinute + 1] - '0');
  }
  return true;
}

}  // namespace tailrace::parser
