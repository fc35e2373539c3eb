// SPDX-License-Identifier: Apache-2.0
#include "parser/logfmt_scanner.h"

#include <algorithm>

namespace tailrace::parser {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// What keys are made of; bytes above 127 belong to a character of a word.
bool IsWord(char c) { return static_cast<unsigned char>(c) > ' ' && c != '"' && c != '='; }

}  // namespace

bool LogfmtScanner::Next(LogfmtPair* pair) {
  while (at_ < line_.size() && !IsWord(line_[at_])) ++at_;
  if (at_ == line_.size()) return false;
  const size_t key = at_;
  while (at_ < line_.size() && IsWord(line_[at_])) ++at_;
  *pair = {};
  pair->key = line_.substr(key, at_ - key);
  if (at_ == line_.size() || line_[at_] != '=') return true;
  ++at_;
  if (at_ == line_.size() || !(IsWord(line_[at_]) || line_[at_] == '"')) return true;
  pair->has_value = true;
  if (line_[at_] != '"') {
    const size_t value = at_;
    while (at_ < line_.size() && (IsWord(line_[at_]) || line_[at_] == '=')) ++at_;
    pair->value = line_.substr(value, at_ - value);
    return true;
  }
  pair->quoted = true;
  const size_t value = ++at_;
  for (; at_ < line_.size() && line_[at_] != '"'; ++at_) {
    if (line_[at_] != '\\') continue;
    pair->has_escape = true;
    if (at_ + 1 < line_.size() && line_[at_ + 1] == '"') ++at_;
  }
  pair->value = line_.substr(value, std::min(at_, line_.size()) - value);
  at_ = std::min(at_ + 1, line_.size());
  return true;
}

bool IsJsonNumber(std::string_view text) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - begin;
  };
  if (at < text.size() && text[at] == '-') ++at;
  const size_t first = at;
  const size_t whole = digits();
  if (whole == 0 || (whole > 1 && text[first] == '0')) return false;
  if (at < text.size() && text[at] == '.') {
    ++at;
    if (digits() == 0) return false;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    if (digits() == 0) return false;
  }
  return at == text.size();
}

}  // namespace tailrace::parser
