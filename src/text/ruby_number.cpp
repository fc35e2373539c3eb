// SPDX-License-Identifier: Apache-2.0
#include "text/ruby_number.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "text/strptime_words.h"

namespace tailrace::text {
namespace {

bool IsHexDigit(char c) { return IsDigit(c) || (LowerAscii(c) >= 'a' && LowerAscii(c) <= 'f'); }

// Digits with single underscores between them.
template <typename Predicate>
bool SkipDigitRun(std::string_view text, size_t& at, Predicate is_digit) {
  if (!is_digit(At(text, at))) return false;
  while (is_digit(At(text, at)) || (At(text, at) == '_' && is_digit(At(text, at + 1)))) ++at;
  return true;
}

bool HexFloat(std::string_view text, size_t& at) {
  if (!SkipDigitRun(text, at, IsHexDigit)) return false;
  if (At(text, at) == '.' && !SkipDigitRun(text, ++at, IsHexDigit)) return false;
  if (LowerAscii(At(text, at)) != 'p') return true;
  ++at;
  if (At(text, at) == '+' || At(text, at) == '-') ++at;
  return SkipDigitRun(text, at, IsDigit);
}

bool DecimalFloat(std::string_view text, size_t& at) {
  const bool whole = SkipDigitRun(text, at, IsDigit);
  if (At(text, at) == '.') {
    ++at;
    if (!SkipDigitRun(text, at, IsDigit) && !whole) return false;
  } else if (!whole) {
    return false;
  }
  if (LowerAscii(At(text, at)) != 'e') return true;
  ++at;
  if (At(text, at) == '+' || At(text, at) == '-') ++at;
  return SkipDigitRun(text, at, IsDigit);
}

}  // namespace

std::optional<int64_t> RubyToInteger(std::string_view text) {
  size_t at = 0;
  while (IsSpace(At(text, at))) ++at;
  const bool negative = At(text, at) == '-';
  if (negative || At(text, at) == '+') ++at;
  uint64_t value = 0;
  const uint64_t limit = static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
  while (IsDigit(At(text, at))) {
    const auto digit = static_cast<uint64_t>(text[at] - '0');
    if (value > (limit - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
    ++at;
    if (At(text, at) == '_' && IsDigit(At(text, at + 1))) ++at;
  }
  return negative ? static_cast<int64_t>(0 - value) : static_cast<int64_t>(value);
}

bool RubyFloatAccepts(std::string_view text) {
  size_t at = 0;
  while (IsSpace(At(text, at))) ++at;
  if (At(text, at) == '-' || At(text, at) == '+') ++at;
  bool accepted = false;
  if (At(text, at) == '0' && LowerAscii(At(text, at + 1)) == 'x') {
    at += 2;
    accepted = HexFloat(text, at);
  } else {
    accepted = DecimalFloat(text, at);
  }
  while (IsSpace(At(text, at))) ++at;
  return accepted && at == text.size();
}

std::string RubyFloatToString(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
  if (value == 0) return std::signbit(value) ? "-0.0" : "0.0";
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const bool negative = text[0] == '-';
  const size_t exponent_at = text.find('e');
  std::string digits;
  for (const char c : text.substr(0, exponent_at)) {
    if (IsDigit(c)) digits.push_back(c);
  }
  const int exponent = std::atoi(std::string(text.substr(exponent_at + 1)).c_str());
  std::string out = negative ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    out += digits.substr(0, 1) + "." + (digits.size() > 1 ? digits.substr(1) : "0");
    const int magnitude = exponent < 0 ? -exponent : exponent;
    return out + (exponent < 0 ? "e-" : "e+") + (magnitude < 10 ? "0" : "") +
           std::to_string(magnitude);
  }
  if (exponent < 0) {
    return out + "0." + std::string(static_cast<size_t>(-exponent - 1), '0') + digits;
  }
  const auto whole = static_cast<size_t>(exponent) + 1;
  if (digits.size() <= whole) return out + digits + std::string(whole - digits.size(), '0') + ".0";
  return out + digits.substr(0, whole) + "." + digits.substr(whole);
}

}  // namespace tailrace::text
