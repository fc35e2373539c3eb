// SPDX-License-Identifier: Apache-2.0
#include "parser/syslog_header.h"

#include <algorithm>

namespace tailrace::parser {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

size_t CountDigits(std::string_view text, size_t at, size_t most) {
  size_t count = 0;
  while (count < most && at + count < text.size() && IsDigit(text[at + count])) ++count;
  return count;
}

}  // namespace

std::string_view SyslogPriority(std::string_view text) {
  if (!text.starts_with('<')) return {};
  const size_t digits = CountDigits(text, 1, 3);
  if (digits == 0 || digits + 1 >= text.size() || text[digits + 1] != '>') return {};
  return text.substr(1, digits);
}

bool SkipSyslogVersion(std::string_view text, size_t* at) {
  const size_t digits = CountDigits(text, *at, 3);
  const size_t after = *at + digits;
  if (digits == 0 || after >= text.size()) return false;
  const char c = text[after];
  if (c != ' ' && (c < '\t' || c > '\r')) return false;
  *at = after + 1;
  return true;
}

bool LooksLikeRfc5424(std::string_view text) {
  const std::string_view priority = SyslogPriority(text);
  const size_t at = priority.size() + 2;
  return !priority.empty() && at < text.size() && text[at] >= '1' && text[at] <= '9';
}

bool SplitSyslog3164(std::string_view text, Syslog3164* out) {
  size_t at = text.find(' ');
  if (at == std::string_view::npos) return false;
  out->host = text.substr(0, at);
  ++at;
  const size_t ident = at;
  at = std::min(text.find_first_of(" :[", at), text.size());
  out->ident = text.substr(ident, at - ident);
  out->pid = {};
  if (at < text.size() && text[at] == '[') {
    const size_t digits = CountDigits(text, at + 1, text.size());
    const size_t close = at + 1 + digits;
    if (digits > 0 && close < text.size() && text[close] == ']') {
      out->pid = text.substr(at + 1, digits);
      at = close + 1;
    }
  }
  const size_t colon = text.find(':', at);
  if (colon != std::string_view::npos) at = colon + 1;
  while (at < text.size() && text[at] == ' ') ++at;
  out->message = text.substr(at, text.find('\n', at) - at);
  return true;
}

bool SplitSyslog5424(std::string_view text, Syslog5424* out) {
  size_t at = 0;
  const auto word = [&](std::string_view* part, size_t most) {
    const size_t begin = at;
    while (at < text.size() && text[at] >= '!' && text[at] <= '~') ++at;
    *part = text.substr(begin, at - begin);
    if (at == begin || at - begin > most || at == text.size() || text[at] != ' ') return false;
    ++at;
    return true;
  };
  if (!word(&out->host, 255) || !word(&out->ident, 48) || !word(&out->pid, 128) ||
      !word(&out->msgid, 32) || at == text.size()) {
    return false;
  }
  const size_t begin = at;
  out->message = {};
  // Whether the structured data may end before `end`.
  const auto ends = [&](size_t end) {
    if (end == text.size()) return true;
    return text[end] == ' ' && end + 1 < text.size();
  };
  size_t end = begin + 1;
  if (text[begin] == '[') {
    do {
      end = text.find(']', end);
      if (end == std::string_view::npos) return false;
      ++end;
    } while (text[end - 2] == '\\' || !ends(end));
  } else if (text[begin] != '-' || !ends(end)) {
    return false;
  }
  out->extradata = text.substr(begin, end - begin);
  if (end < text.size()) out->message = text.substr(end + 1);
  return true;
}

}  // namespace tailrace::parser
