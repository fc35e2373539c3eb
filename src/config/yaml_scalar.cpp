// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_scalar.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <optional>

namespace tailrace::config {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string Without(std::string text, std::string_view characters) {
  std::erase_if(text, [&](char c) { return characters.find(c) != std::string_view::npos; });
  return text;
}

std::optional<Value> Word(const std::string& text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (text == "~" || lower == "null") return Value();
  if (lower == "yes" || lower == "true" || lower == "on") return Value(true);
  if (lower == "no" || lower == "false" || lower == "off") return Value(false);
  const double infinity = std::numeric_limits<double>::infinity();
  if (lower == ".inf" || lower == "+.inf") return Value(infinity);
  if (lower == "-.inf") return Value(-infinity);
  if (lower == ".nan") return Value(std::numeric_limits<double>::quiet_NaN());
  return std::nullopt;
}

// 1:30 is 90 in YAML 1.1.
std::optional<Value> Sexagesimal(const std::string& text) {
  const size_t sign = text[0] == '-' || text[0] == '+' ? 1 : 0;
  int64_t total = 0;
  int64_t part = 0;
  size_t parts = 0;
  size_t digits = 0;
  for (size_t i = sign; i <= text.size(); ++i) {
    if (i < text.size() && (IsDigit(text[i]) || (text[i] == '_' && parts == 0 && digits > 0))) {
      if (text[i] == '_') continue;
      if (++digits > (parts == 0 ? 12u : 2u)) return std::nullopt;
      part = part * 10 + (text[i] - '0');
    } else if ((i == text.size() || text[i] == ':') && digits > 0 && (parts == 0 || part < 60)) {
      total = total * 60 + part;
      ++parts;
      part = 0;
      digits = 0;
    } else {
      return std::nullopt;
    }
  }
  if (parts < 2 || parts > 3) return std::nullopt;
  return Value(text[0] == '-' ? -total : total);
}

std::optional<Value> Float(const std::string& text) {
  size_t at = text[0] == '-' || text[0] == '+' ? 1 : 0;
  size_t digits = 0;
  for (; at < text.size() &&
         (IsDigit(text[at]) || (digits > 0 && (text[at] == '_' || text[at] == ',')));
       ++at) {
    ++digits;
  }
  if (at >= text.size() || text[at] != '.') return std::nullopt;
  for (++at; at < text.size() && IsDigit(text[at]); ++at) ++digits;
  if (digits == 0) return std::nullopt;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at >= text.size() || (text[at] != '+' && text[at] != '-')) return std::nullopt;
    const size_t exponent = ++at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    if (at == exponent) return std::nullopt;
  }
  if (at != text.size()) return std::nullopt;
  return Value(std::strtod(Without(text, "_,").c_str(), nullptr));
}

std::optional<Value> Integer(const std::string& text) {
  const bool sign = text[0] == '-' || text[0] == '+';
  std::string digits = Without(text.substr(sign ? 1 : 0), "_,");
  if (digits.empty() || !IsDigit(digits[0]) || !IsDigit(text[sign ? 1 : 0])) return std::nullopt;
  int base = 10;
  if (digits.size() > 1 && digits[0] == '0') {
    base = digits[1] == 'x' ? 16 : digits[1] == 'b' ? 2 : 8;
    digits.erase(0, base == 8 ? 1 : 2);
  }
  int64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (digits.empty() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  if (parsed.ec != std::errc()) {
    if (base != 10) return std::nullopt;
    return Value(BigInteger{(text[0] == '-' ? "-" : "") + digits});
  }
  return Value(text[0] == '-' ? -value : value);
}

}  // namespace

Value YamlScalar(const std::string& text) {
  if (text.empty()) return Value();
  if (auto word = Word(text)) return *word;
  if (text.size() > 1 && text[0] == ':') return Symbol{text.substr(1)};
  if (auto number = Sexagesimal(text)) return *number;
  if (auto number = Float(text)) return *number;
  if (auto number = Integer(text)) return *number;
  return text;
}

}  // namespace tailrace::config
