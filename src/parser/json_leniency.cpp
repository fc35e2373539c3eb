// SPDX-License-Identifier: Apache-2.0
#include "parser/json_leniency.h"

#include "event/json.h"
#include "text/charset.h"

namespace tailrace::parser {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The code unit of \uXXXX at `at`, which is the backslash; -1 if there is none.
int CodeUnit(std::string_view in, size_t at) {
  if (at + 6 > in.size() || in[at] != '\\' || in[at + 1] != 'u') return -1;
  int unit = 0;
  for (size_t i = at + 2; i < at + 6; ++i) {
    const int digit = HexValue(in[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view lower) {
  if (a.size() != lower.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if ((a[i] | 0x20) != lower[i]) return false;
  }
  return true;
}

}  // namespace

bool LenientJson::Read(std::string_view text, JsonLeniency leniency, Arena& arena) {
  leniency_ = leniency;
  out_.clear();
  specials_.clear();
  text_ = {};
  size_t at = 0;
  if (!SkipBlanks(text, at) || !Value(text, at, 0)) return false;
  // Behind the value only blanks: a comment there makes the line invalid for every engine.
  while (at < text.size() && (text[at] == ' ' || (text[at] >= '\t' && text[at] <= '\r'))) ++at;
  if (at != text.size()) return false;
  if (leniency_ == JsonLeniency::kOj && !text::IsValidUtf8(out_)) {
    std::string scrubbed;
    text::AppendScrubbed(out_, text::kReplacementCharacter, scrubbed);
    out_ = std::move(scrubbed);
  }
  text_ = arena.Store(out_);
  return json::Validate(text_);
}

void LenientJson::RestoreSpecials(Batch& batch, Row& row) const {
  for (const auto& [written, value] : specials_) {
    const std::string_view key = json::Unescape(written, batch.arena());
    Field* field = batch.Find(row, key);
    if (field != nullptr && field->kind == Kind::kNull) {
      field->set_value(tailrace::Value::Of(Kind::kSpecial, value));
    }
  }
}

// Blanks and comments.
bool LenientJson::SkipBlanks(std::string_view in, size_t& at) {
  while (at < in.size()) {
    const char c = in[at];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      ++at;
    } else if (c == '/' && at + 1 < in.size() && in[at + 1] == '*') {
      const size_t end = in.find("*/", at + 2);
      if (end == std::string_view::npos) return false;
      at = end + 2;
    } else if (c == '/' && at + 1 < in.size() && in[at + 1] == '/') {
      const size_t end = in.find('\n', at + 2);
      if (end == std::string_view::npos) return false;
      at = end + 1;
    } else {
      break;
    }
  }
  return true;
}

bool LenientJson::Value(std::string_view in, size_t& at, int depth) {
  if (at >= in.size() || depth > json::kDepthMax) return false;
  switch (in[at]) {
    case '{':
      return Members(in, at, depth + 1);
    case '[':
      return Elements(in, at, depth + 1);
    case '"':
      return String(in, at);
    default:
      if (IsDigit(in[at]) || (in[at] == '-' && at + 1 < in.size() && IsDigit(in[at + 1]))) {
        return Number(in, at);
      }
      return Word(in, at, depth);
  }
}

bool LenientJson::Members(std::string_view in, size_t& at, int depth) {
  out_ += '{';
  ++at;
  if (!SkipBlanks(in, at)) return false;
  for (bool first = true;; first = false) {
    if (at >= in.size()) return false;
    if (in[at] == '}' && first) break;
    if (in[at] != '"') return false;
    const size_t key_at = out_.size() + 1;
    if (!String(in, at)) return false;
    if (depth == 1) {
      key_at_ = key_at;
      key_end_ = out_.size() - 1;
    }
    if (!SkipBlanks(in, at) || at >= in.size() || in[at] != ':') return false;
    out_ += ':';
    ++at;
    if (!SkipBlanks(in, at) || !Value(in, at, depth) || !SkipBlanks(in, at)) return false;
    if (at >= in.size()) return false;
    if (in[at] == '}') break;
    if (in[at] != ',') return false;
    out_ += ',';
    ++at;
    if (!SkipBlanks(in, at)) return false;
  }
  out_ += '}';
  ++at;
  return true;
}

bool LenientJson::Elements(std::string_view in, size_t& at, int depth) {
  out_ += '[';
  ++at;
  if (!SkipBlanks(in, at)) return false;
  for (bool first = true;; first = false) {
    if (at >= in.size()) return false;
    if (in[at] == ']' && first) break;
    if (!Value(in, at, depth + 1) || !SkipBlanks(in, at) || at >= in.size()) return false;
    if (in[at] == ']') break;
    if (in[at] != ',') return false;
    out_ += ',';
    ++at;
    if (!SkipBlanks(in, at)) return false;
  }
  out_ += ']';
  ++at;
  return true;
}

bool LenientJson::String(std::string_view in, size_t& at) {
  static constexpr char kHex[] = "0123456789abcdef";
  out_ += '"';
  for (++at; at < in.size(); ++at) {
    const char c = in[at];
    if (c == '"') {
      out_ += '"';
      ++at;
      return true;
    }
    if (c == '\\') {
      if (!Escape(in, at)) return false;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      if (leniency_ != JsonLeniency::kOj || c == '\0') return false;
      out_ += "\\u00";
      out_ += kHex[c >> 4];
      out_ += kHex[c & 15];
    } else {
      out_ += c;
    }
  }
  return false;
}

// Leaves `at` at the escape's last character.
bool LenientJson::Escape(std::string_view in, size_t& at) {
  const int unit = CodeUnit(in, at);
  if (unit < 0) {
    if (at + 1 >= in.size() || in[at + 1] == 'u') return false;
    out_.append(in.substr(at, 2));
    ++at;
    return true;
  }
  const bool high = unit >= 0xD800 && unit <= 0xDBFF;
  const int next = high ? CodeUnit(in, at + 6) : -1;
  if (high && next >= 0xDC00 && next <= 0xDFFF) {
    out_.append(in.substr(at, 12));
    at += 11;
    return true;
  }
  if (unit >= 0xD800 && unit <= 0xDFFF) {
    if (leniency_ == JsonLeniency::kJson) return false;
    out_ += leniency_ == JsonLeniency::kYajl ? std::string_view("?") : text::kReplacementCharacter;
  } else {
    out_.append(in.substr(at, 6));
  }
  at += 5;
  return true;
}

bool LenientJson::Number(std::string_view in, size_t& at) {
  const size_t begin = at;
  if (in[at] == '-') ++at;
  while (at < in.size() && (IsDigit(in[at]) || in[at] == '.' || in[at] == 'e' || in[at] == 'E' ||
                            in[at] == '+' || in[at] == '-')) {
    ++at;
  }
  out_.append(in.substr(begin, at - begin));
  return true;
}

bool LenientJson::Word(std::string_view in, size_t& at, int depth) {
  const size_t begin = at;
  if (in[at] == '-') ++at;
  while (at < in.size() && (in[at] | 0x20) >= 'a' && (in[at] | 0x20) <= 'z') ++at;
  const std::string_view word = in.substr(begin, at - begin);
  if (word == "true" || word == "false" || word == "null") {
    out_.append(word);
    return true;
  }
  if (leniency_ != JsonLeniency::kOj) return false;
  std::string_view special;
  if (EqualsIgnoringCase(word, "nan")) {
    special = "NaN";
  } else if (word == "Infinity") {
    special = "Infinity";
  } else if (word == "-Infinity") {
    special = "-Infinity";
  } else {
    return false;
  }
  out_ += "null";
  if (depth == 1) specials_.emplace_back(out_.substr(key_at_, key_end_ - key_at_), special);
  return true;
}

}  // namespace tailrace::parser
