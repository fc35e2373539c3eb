// SPDX-License-Identifier: Apache-2.0
#pragma once
// RFC 8259 read word by word, byte by byte: slow, plain, and written apart from src/event/, so that
// a mistake there is not repeated here. Lone surrogates and more than kDepthMax levels are refused.

#include <simdjson.h>

#include <regex>
#include <string>
#include <string_view>

#include "event/json.h"

namespace tailrace::json {

class ReferenceValidator {
 public:
  static bool Accepts(std::string_view text) {
    if (!simdjson::validate_utf8(text.data(), text.size())) return false;
    ReferenceValidator validator(text);
    validator.Blanks();
    if (!validator.Value(0)) return false;
    validator.Blanks();
    return validator.rest_.empty();
  }

 private:
  explicit ReferenceValidator(std::string_view text) : rest_(text) {}

  void Blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }

  bool Take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  bool Value(int depth) {
    if (Take("true") || Take("false") || Take("null")) return true;
    if (rest_.starts_with('"')) return String();
    if (rest_.starts_with('{') || rest_.starts_with('[')) return Nested(depth + 1);
    return Number();
  }

  bool Number() {
    const size_t size = std::min(rest_.find_first_not_of("+-.0123456789eE"), rest_.size());
    static const std::regex kNumber(R"(-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?)");
    const bool valid = std::regex_match(rest_.begin(), rest_.begin() + size, kNumber);
    rest_.remove_prefix(size);
    return valid;
  }

  bool Hex(uint32_t* unit) {
    if (!Take("\\u") || rest_.size() < 4) return false;
    const std::string digits(rest_.substr(0, 4));
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return false;
    *unit = static_cast<uint32_t>(std::stoul(digits, nullptr, 16));
    rest_.remove_prefix(4);
    return true;
  }

  bool String() {
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      if (Take("\"")) return true;
      if (static_cast<unsigned char>(rest_.front()) < 0x20) return false;
      uint32_t unit = 0;
      if (rest_.front() != '\\') {
        rest_.remove_prefix(1);
      } else if (rest_.starts_with("\\u")) {
        if (!Hex(&unit)) return false;
        if (unit >= 0xdc00 && unit < 0xe000) return false;
        uint32_t low = 0;
        if (unit >= 0xd800 && unit < 0xdc00 && !(Hex(&low) && low >= 0xdc00 && low < 0xe000)) {
          return false;
        }
      } else if (rest_.size() < 2 ||
                 std::string_view("\"\\/bfnrt").find(rest_[1]) == std::string_view::npos) {
        return false;
      } else {
        rest_.remove_prefix(2);
      }
    }
    return false;
  }

  bool Nested(int depth) {
    if (depth > kDepthMax) return false;
    const bool object = Take("{");
    if (!object) rest_.remove_prefix(1);
    const std::string_view close = object ? "}" : "]";
    Blanks();
    if (Take(close)) return true;
    while (true) {
      Blanks();
      if (object) {
        if (!rest_.starts_with('"') || !String()) return false;
        Blanks();
        if (!Take(":")) return false;
        Blanks();
      }
      if (!Value(depth)) return false;
      Blanks();
      if (Take(close)) return true;
      if (!Take(",")) return false;
    }
  }

  std::string_view rest_;
};

}  // namespace tailrace::json
