// SPDX-License-Identifier: Apache-2.0
#include "parser/klog.h"

namespace tailrace::parser {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsWord(char c) { return IsDigit(c) || c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

}  // namespace

bool StartsKlogEntry(std::string_view line) {
  return line.size() >= 5 && IsWord(line[0]) && IsDigit(line[1]) && IsDigit(line[2]) &&
         IsDigit(line[3]) && IsDigit(line[4]);
}

bool SplitKlogLine(std::string_view line, KlogLine* out) {
  if (!StartsKlogEntry(line) || line.size() < 7 || line[5] != ' ') return false;
  size_t at = 6;
  const auto run = [&](auto accepts) {
    const size_t begin = at;
    while (at < line.size() && accepts(line[at])) ++at;
    return at - begin;
  };
  out->severity = line.substr(0, 1);
  run([](char c) { return !IsSpace(c); });
  out->time = line.substr(1, at - 1);
  if (run(IsSpace) == 0) return false;
  const size_t pid = at;
  if (run(IsDigit) == 0) return false;
  out->pid = line.substr(pid, at - pid);
  if (run(IsSpace) == 0) return false;
  const size_t source = at;
  if (run([](char c) { return c != ' ' && c != ']'; }) == 0) return false;
  out->source = line.substr(source, at - source);
  if (at + 1 >= line.size() || line[at] != ']' || line[at + 1] != ' ') return false;
  out->message = line.substr(at + 2);
  return true;
}

}  // namespace tailrace::parser
