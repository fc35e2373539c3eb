// SPDX-License-Identifier: Apache-2.0
// How Ruby reads numbers out of text.
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "config/value.h"

namespace tailrace::config {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

size_t SkipBlanks(std::string_view text, size_t at) {
  while (at < text.size() && IsBlank(text[at])) ++at;
  return at;
}

// Digits with single underscores between them; appends the digits, returns the end.
template <typename Accept>
size_t TakeDigits(std::string_view text, size_t at, Accept accept, std::string* digits) {
  bool underscore = false;
  size_t end = at;
  for (size_t i = at; i < text.size(); ++i) {
    if (accept(text[i])) {
      digits->push_back(text[i]);
      end = i + 1;
      underscore = false;
    } else if (text[i] == '_' && !underscore && i > at) {
      underscore = true;
    } else {
      break;
    }
  }
  return end;
}

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

int BaseOf(std::string_view prefix, size_t* skip) {
  *skip = 0;
  if (prefix.size() < 2 || prefix[0] != '0') return 10;
  *skip = 2;
  switch (std::tolower(static_cast<unsigned char>(prefix[1]))) {
    case 'x':
      return 16;
    case 'b':
      return 2;
    case 'o':
      return 8;
    case 'd':
      return 10;
    default:
      *skip = 1;
      return 8;
  }
}

// Reads the part of a float at `at` into `number` in a form that strtod knows.
size_t TakeFloat(std::string_view text, size_t at, std::string* number) {
  const size_t whole_end = TakeDigits(text, at, IsDigit, number);
  bool any = whole_end > at;
  size_t end = whole_end;
  if (end < text.size() && text[end] == '.') {
    std::string fraction;
    const size_t fraction_end = TakeDigits(text, end + 1, IsDigit, &fraction);
    if (!fraction.empty()) {
      *number += "." + fraction;
      end = fraction_end;
      any = true;
    }
  }
  if (any && end < text.size() && (text[end] == 'e' || text[end] == 'E')) {
    size_t exponent_at = end + 1;
    std::string exponent = "e";
    if (exponent_at < text.size() && (text[exponent_at] == '+' || text[exponent_at] == '-')) {
      exponent.push_back(text[exponent_at++]);
    }
    const size_t before = exponent.size();
    const size_t exponent_end = TakeDigits(text, exponent_at, IsDigit, &exponent);
    if (exponent.size() > before) {
      *number += exponent;
      end = exponent_end;
    }
  }
  return any ? end : at;
}

}  // namespace

IntegerText LeadingInteger(std::string_view text) {
  IntegerText result;
  size_t at = SkipBlanks(text, 0);
  std::string digits;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) {
    if (text[at] == '-') digits = "-";
    ++at;
  }
  const size_t sign = digits.size();
  const size_t end = TakeDigits(text, at, IsDigit, &digits);
  if (digits.size() == sign) {
    result.digits = "0";
    return result;
  }
  const size_t zeros = digits.find_first_not_of('0', sign);
  digits.erase(sign, (zeros == std::string::npos ? digits.size() - 1 : zeros) - sign);
  if (digits == "-0") digits = "0";
  result.consumed = end;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), result.value);
  result.fits = parsed.ec == std::errc();
  result.digits = std::move(digits);
  return result;
}

double LeadingFloat(std::string_view text, size_t* consumed) {
  if (consumed != nullptr) *consumed = 0;
  size_t at = SkipBlanks(text, 0);
  std::string number;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) number.push_back(text[at++]);
  if (text.substr(at, 2) == "0x" || text.substr(at, 2) == "0X") return 0;
  const size_t end = TakeFloat(text, at, &number);
  if (end == at) return 0;
  if (consumed != nullptr) *consumed = end;
  return std::strtod(number.c_str(), nullptr);
}

bool WholeInteger(std::string_view text, int64_t* value) {
  text = TrimBlanks(text);
  bool negative = false;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  size_t skip = 0;
  const int base = BaseOf(text, &skip);
  if (skip == 1 && text.size() > 1 && text[1] == '_') skip = 2;
  std::string digits = negative ? "-" : "";
  auto accept = [base](char c) {
    const int lower = std::tolower(static_cast<unsigned char>(c));
    const int digit = IsDigit(c) ? c - '0' : lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
    return digit < base;
  };
  const size_t end = TakeDigits(text, skip, accept, &digits);
  if (text.empty() || end != text.size() || end == skip) return false;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), *value, base);
  return parsed.ec == std::errc();
}

bool WholeFloat(std::string_view text, double* value) {
  text = TrimBlanks(text);
  std::string number;
  size_t at = 0;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) number.push_back(text[at++]);
  if (text.substr(at, 2) == "0x" || text.substr(at, 2) == "0X") {
    int64_t whole = 0;
    if (!WholeInteger(text, &whole)) return false;
    *value = static_cast<double>(whole);
    return true;
  }
  size_t end = TakeFloat(text, at, &number);
  if (end == at) return false;
  if (end + 1 == text.size() && text[end] == '.' && IsDigit(text[end - 1]) &&
      text.find_first_of(".eE") == end) {
    ++end;  // "5." is 5.0
  }
  if (end != text.size()) return false;
  *value = std::strtod(number.c_str(), nullptr);
  return true;
}

}  // namespace tailrace::config
