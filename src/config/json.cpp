// SPDX-License-Identifier: Apache-2.0
// The JSON of configuration files, with the acceptance of Ruby's json library.
#include <charconv>
#include <cstdlib>

#include "config/value.h"

namespace tailrace::config {
namespace {

constexpr int kMaxDepth = 100;

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  bool Read(Value* value, JsonError* error) {
    const bool good = SkipSpace() && ReadValue(value, 0) && SkipSpace() && AtEnd();
    if (!good && error != nullptr) {
      error->message = message_.empty() ? "unexpected text" : message_;
      error->offset = at_;
    }
    return good;
  }

 private:
  bool Fail(std::string message) {
    if (message_.empty()) message_ = std::move(message);
    return false;
  }

  bool AtEnd() { return at_ == text_.size() || Fail("text after the end of the value"); }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  bool SkipSpace() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
        ++at_;
      } else if (text_.substr(at_, 2) == "//") {
        const size_t end = text_.find('\n', at_);
        if (end == std::string_view::npos) return Fail("a comment without an end");
        at_ = end + 1;
      } else if (text_.substr(at_, 2) == "/*") {
        const size_t end = text_.find("*/", at_ + 2);
        if (end == std::string_view::npos) return Fail("a comment without an end");
        at_ = end + 2;
      } else {
        break;
      }
    }
    return true;
  }

  bool ReadWord(std::string_view word, Value value, Value* out) {
    if (text_.substr(at_, word.size()) != word) return Fail("not a JSON value");
    at_ += word.size();
    *out = std::move(value);
    return true;
  }

  bool ReadValue(Value* out, int depth) {
    switch (Peek()) {
      case '{':
        return ReadHash(out, depth + 1);
      case '[':
        return ReadArray(out, depth + 1);
      case '"': {
        std::string text;
        if (!ReadText(&text)) return false;
        *out = std::move(text);
        return true;
      }
      case 't':
        return ReadWord("true", true, out);
      case 'f':
        return ReadWord("false", false, out);
      case 'n':
        return ReadWord("null", Value(), out);
      default:
        return ReadNumber(out);
    }
  }

  bool ReadArray(Value* out, int depth) {
    if (depth > kMaxDepth) return Fail("nested too deeply");
    ++at_;
    Array items;
    if (!SkipSpace()) return false;
    if (Peek() == ']') {
      ++at_;
      *out = Value::MakeArray();
      return true;
    }
    while (true) {
      items.emplace_back();
      if (!ReadValue(&items.back(), depth) || !SkipSpace()) return false;
      if (Peek() == ']') break;
      if (Peek() != ',') return Fail("expected ',' or ']'");
      ++at_;
      if (!SkipSpace()) return false;
    }
    ++at_;
    *out = Value::MakeArray(std::move(items));
    return true;
  }

  bool ReadHash(Value* out, int depth) {
    if (depth > kMaxDepth) return Fail("nested too deeply");
    ++at_;
    *out = Value::MakeHash();
    if (!SkipSpace()) return false;
    if (Peek() == '}') {
      ++at_;
      return true;
    }
    while (true) {
      std::string key;
      if (Peek() != '"') return Fail("expected a key in double quotes");
      if (!ReadText(&key) || !SkipSpace()) return false;
      if (Peek() != ':') return Fail("expected ':'");
      ++at_;
      Value value;
      if (!SkipSpace() || !ReadValue(&value, depth) || !SkipSpace()) return false;
      out->hash().Set(std::move(key), std::move(value));
      if (Peek() == '}') break;
      if (Peek() != ',') return Fail("expected ',' or '}'");
      ++at_;
      if (!SkipSpace()) return false;
    }
    ++at_;
    return true;
  }

  bool ReadNumber(Value* out) {
    const size_t begin = at_;
    if (Peek() == '-') ++at_;
    const size_t digits = at_;
    while (Peek() >= '0' && Peek() <= '9') ++at_;
    if (at_ == digits) return Fail("not a JSON value");
    if (text_[digits] == '0' && at_ - digits > 1) return Fail("a number with a leading zero");
    bool whole = true;
    if (Peek() == '.') {
      whole = false;
      const size_t fraction = ++at_;
      while (Peek() >= '0' && Peek() <= '9') ++at_;
      if (at_ == fraction) return Fail("a number without digits after the point");
    }
    if (Peek() == 'e' || Peek() == 'E') {
      whole = false;
      ++at_;
      if (Peek() == '+' || Peek() == '-') ++at_;
      const size_t exponent = at_;
      while (Peek() >= '0' && Peek() <= '9') ++at_;
      if (at_ == exponent) return Fail("a number without an exponent after the 'e'");
    }
    const std::string number(text_.substr(begin, at_ - begin));
    if (!whole) {
      *out = std::strtod(number.c_str(), nullptr);
      return true;
    }
    int64_t integer = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), integer);
    *out = parsed.ec == std::errc() ? Value(integer) : Value(BigInteger{number});
    return true;
  }

  bool ReadText(std::string* out) {
    ++at_;
    while (true) {
      if (at_ >= text_.size()) return Fail("a string without an end");
      const char c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a string");
      ++at_;
      if (c == '"') return true;
      if (c != '\\') {
        out->push_back(c);
      } else if (!ReadEscape(out)) {
        return false;
      }
    }
  }

  bool ReadEscape(std::string* out) {
    if (at_ >= text_.size()) return Fail("a string without an end");
    const char c = text_[at_++];
    switch (c) {
      case 'b':
        out->push_back('\b');
        return true;
      case 'f':
        out->push_back('\f');
        return true;
      case 'n':
        out->push_back('\n');
        return true;
      case 'r':
        out->push_back('\r');
        return true;
      case 't':
        out->push_back('\t');
        return true;
      case 'u':
        return ReadUnicode(out);
      default:
        if (static_cast<unsigned char>(c) < 0x20) return Fail("a control character in a string");
        out->push_back(c);
        return true;
    }
  }

  bool ReadHex(uint32_t* code) {
    if (text_.size() - at_ < 4) return Fail("an incomplete \\u escape");
    const char* first = text_.data() + at_;
    const auto parsed = std::from_chars(first, first + 4, *code, 16);
    if (parsed.ptr != first + 4) return Fail("an incomplete \\u escape");
    at_ += 4;
    return true;
  }

  bool ReadUnicode(std::string* out) {
    uint32_t code = 0;
    if (!ReadHex(&code)) return false;
    if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_, 2) == "\\u") {
      const size_t back = at_;
      at_ += 2;
      uint32_t low = 0;
      if (!ReadHex(&low)) return false;
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      } else {
        at_ = back;
      }
    }
    if (code >= 0xD800 && code < 0xE000) code = 0xFFFD;  // half of a pair
    AppendUtf8(code, out);
    return true;
  }

  static void AppendUtf8(uint32_t code, std::string* out) {
    if (code < 0x80) {
      out->push_back(static_cast<char>(code));
      return;
    }
    const int tail = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static constexpr uint32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
    out->push_back(static_cast<char>(kLead[tail] | (code >> (6 * tail))));
    for (int i = tail - 1; i >= 0; --i) {
      out->push_back(static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F)));
    }
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string message_;
};

}  // namespace

bool ParseJson(std::string_view text, Value* value, JsonError* error) {
  return JsonReader(text).Read(value, error);
}

}  // namespace tailrace::config
