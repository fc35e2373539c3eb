// SPDX-License-Identifier: Apache-2.0
#include "filter/echo/level.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace tailrace::echo {
namespace {

struct Word {
  std::string_view word;  // upper case
  std::string_view level;
};

constexpr std::array kWords = {
    Word{"INFO", "info"},          Word{"ERROR", "error"},     Word{"WARN", "warn"},
    Word{"WARNING", "warn"},       Word{"DEBUG", "debug"},     Word{"TRACE", "trace"},
    Word{"FATAL", "fatal"},        Word{"NOTICE", "info"},     Word{"CRITICAL", "fatal"},
    Word{"ERR", "error"},          Word{"CRIT", "fatal"},      Word{"ALERT", "fatal"},
    Word{"EMERG", "fatal"},        Word{"EMERGENCY", "fatal"}, Word{"PANIC", "fatal"},
    Word{"SEVERE", "error"},       Word{"FINE", "debug"},      Word{"FINER", "trace"},
    Word{"FINEST", "trace"},       Word{"VERBOSE", "debug"},   Word{"INFORMATION", "info"},
    Word{"INFORMATIONAL", "info"}, Word{"LOG", "info"},        Word{"DPANIC", "fatal"},
    Word{"DETAIL", "info"},        Word{"HINT", "info"},       Word{"STATEMENT", "info"},
    Word{"CONTEXT", "info"},       Word{"DBG", "debug"},       Word{"INF", "info"},
    Word{"WRN", "warn"},           Word{"FTL", "fatal"},       Word{"TRC", "trace"},
};

constexpr size_t kWordMax = 13;

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
bool IsLetter(char c) { return Upper(c) >= 'A' && Upper(c) <= 'Z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view OfLetter(char letter) {
  switch (Upper(letter)) {
    case 'I':
      return "info";
    case 'W':
      return "warn";
    case 'E':
      return "error";
    case 'F':
      return "fatal";
    case 'D':
      return "debug";
    case 'T':
      return "trace";
    default:
      return {};
  }
}

std::string_view OfWord(std::string_view word) {
  if (word.size() == 1) return OfLetter(word[0]);
  if (word.size() < 3 || word.size() > kWordMax) return {};
  for (const Word& entry : kWords) {
    if (entry.word.size() != word.size()) continue;
    if (std::equal(word.begin(), word.end(), entry.word.begin(),
                   [](char a, char b) { return Upper(a) == b; })) {
      return entry.level;
    }
  }
  return {};
}

// pino and bunyan count 10 (trace) to 60 (fatal), syslog 0 (emergency) to 7 (debug).
std::string_view OfNumber(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  if (number >= 60) return "fatal";
  if (number >= 50) return "error";
  if (number >= 40) return "warn";
  if (number >= 30) return "info";
  if (number >= 20) return "debug";
  if (number >= 8) return "trace";
  constexpr std::array<std::string_view, 8> kSyslog = {"fatal", "fatal", "fatal", "error",
                                                       "warn",  "info",  "info",  "debug"};
  return number >= 0 ? kSyslog[static_cast<size_t>(number)] : std::string_view();
}

// klog: "I0115 10:30:00.123456       1 controller.go:12] message"
bool ReadKlog(std::string_view line, TextParts& parts) {
  constexpr size_t kHead = 21;
  if (line.size() < kHead || std::string_view("IWEF").find(line[0]) == std::string_view::npos) {
    return false;
  }
  if (!IsDigit(line[1]) || !IsDigit(line[4]) || line[5] != ' ' || line[8] != ':' ||
      line[11] != ':' || line[14] != '.') {
    return false;
  }
  const size_t end = line.find("] ", kHead);
  if (end == std::string_view::npos) return false;
  parts.level = OfLetter(line[0]);
  parts.message = line.substr(end + 2);
  return true;
}

// Redis: "1:M 15 Jan 2024 10:30:00.123 * message", where . is debug, - verbose, * notice, #
// warning.
bool ReadRedis(std::string_view line, TextParts& parts) {
  size_t at = 0;
  while (at < line.size() && IsDigit(line[at])) ++at;
  if (at == 0 || at + 4 >= line.size() || line[at] != ':' || line[at + 2] != ' ' ||
      std::string_view("MSCXR").find(line[at + 1]) == std::string_view::npos) {
    return false;
  }
  // day, month, year, time, then the mark
  size_t spaces = 0;
  for (at += 3; at < line.size() && spaces < 4; ++at) {
    if (line[at] == ' ') ++spaces;
  }
  if (at + 1 >= line.size() || line[at + 1] != ' ') return false;
  switch (line[at]) {
    case '.':
    case '-':
      parts.level = "debug";
      break;
    case '*':
      parts.level = "info";
      break;
    case '#':
      parts.level = "warn";
      break;
    default:
      return false;
  }
  parts.message = line.substr(at + 2);
  return true;
}

// A combined access log: the status says how bad it was.
bool ReadAccessLog(std::string_view line, TextParts& parts) {
  const size_t request = line.find("] \"");
  if (request == std::string_view::npos || request > 120) return false;
  const size_t end = line.find("\" ", request + 3);
  if (end == std::string_view::npos || end + 5 > line.size() || !IsDigit(line[end + 2]) ||
      !IsDigit(line[end + 3]) || !IsDigit(line[end + 4])) {
    return false;
  }
  parts.level = line[end + 2] == '5' ? "error" : line[end + 2] == '4' ? "warn" : "info";
  return true;
}

// The first words of the head, in brackets or bare, with what loggers put behind them. Words must
// be in upper case unless something marks them as a level: prose begins with words like "Error",
// too.
bool ReadHead(std::string_view line, TextParts& parts) {
  constexpr size_t kHeadBytes = 80;
  const std::string_view head = line.substr(0, kHeadBytes);
  size_t at = 0;
  while (at < head.size()) {
    if (!IsLetter(head[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < head.size() && IsLetter(head[at])) ++at;
    const std::string_view word = head.substr(begin, at - begin);
    const char before = begin > 0 ? head[begin - 1] : ' ';
    const char after = at < head.size() ? head[at] : ' ';
    if (before == '=' || before == '"' || before == '[' || before == '<') {
      // level=info, "level":"info", [info], <info>
      const bool bracket =
          (before == '[' && (after == ']' || after == ' ')) || (before == '<' && after == '>');
      const std::string_view key = head.substr(0, begin);
      const bool pair = key.ends_with("level=") || key.ends_with("lvl=") ||
                        key.ends_with("level=\"") || key.ends_with("severity=");
      if (bracket || pair) parts.level = OfWord(word);
    } else {
      const bool upper =
          std::none_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
      const bool apart = (before == ' ' || before == ']' || before == '|' || before == '-') &&
                         (after == ' ' || after == ':' || after == ']' || after == '|');
      if (upper && apart && word.size() > 1) parts.level = OfWord(word);
    }
    if (!parts.level.empty()) return true;
  }
  return false;
}

}  // namespace

std::string_view NormalizeLevel(const Value& value) {
  if (value.kind == Kind::kNumber) return OfNumber(value.bytes());
  if (!value.is_string()) return {};
  std::string_view text = value.bytes();
  while (!text.empty() && (text.front() == ' ' || text.front() == '[')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == ']')) text.remove_suffix(1);
  const std::string_view level = OfWord(text);
  return level.empty() ? OfNumber(text) : level;
}

TextParts ReadText(std::string_view line) {
  TextParts parts;
  parts.message = line;
  if (line.empty()) return parts;
  if (ReadKlog(line, parts) || ReadRedis(line, parts) || ReadAccessLog(line, parts)) return parts;
  ReadHead(line, parts);
  return parts;
}

}  // namespace tailrace::echo
