// SPDX-License-Identifier: Apache-2.0
#include "formatter/ruby_json.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "event/json.h"
#include "event/json_string.h"
#include "event/ruby_text.h"
#include "event/value.h"
#include "text/charset.h"

namespace tailrace::formatter {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// A number that Ruby would write just so: an integer, or a short decimal fraction of usual size.
bool IsRubyNumber(std::string_view text) {
  if (!text.empty() && text.front() == '-') text.remove_prefix(1);
  const size_t point = text.find('.');
  if (text.find_first_of("eE") != std::string_view::npos) return false;
  if (point == std::string_view::npos) return true;
  const std::string_view fraction = text.substr(point + 1);
  const bool tiny = text.front() == '0' && (fraction.front() == '0' && fraction != "0");
  return text.size() <= 16 && !tiny && (fraction.size() == 1 || fraction.back() != '0');
}

// Whether a number in the text of a nested value may not be as Ruby writes it, or a string has an
// escape that Ruby would not use. May be wrong in the safe direction.
bool MayDiffer(std::string_view nested) {
  for (size_t i = 1; i < nested.size(); ++i) {
    const char c = nested[i];
    if (c == '\\') return true;
    if ((c == '.' || c == 'e' || c == 'E') && IsDigit(nested[i - 1])) return true;
  }
  return false;
}

class Writer {
 public:
  Writer(RubyJson engine, Arena& scratch, ByteBuffer& out)
      : engine_(engine), scratch_(scratch), out_(out) {}

  bool Write(const Value& value) {
    switch (value.kind) {
      case Kind::kNumber:
        WriteNumber(value);
        return true;
      case Kind::kSpecial:
        if (engine_ == RubyJson::kJson) return Refuse(value.bytes(), " not allowed in JSON");
        out_.Append(value.bytes());
        return true;
      case Kind::kText:
        return WriteString(value.bytes());
      case Kind::kEscaped:
        return WriteString(json::Unescape(value.bytes(), scratch_));
      case Kind::kObject:
      case Kind::kArray:
        if (!MayDiffer(value.bytes())) {
          out_.Append(value.bytes());
          return true;
        }
        return WriteNested(value);
      default:
        json::AppendValue(value, out_);
        return true;
    }
  }

  bool WriteString(std::string_view text) {
    if (text::IsValidUtf8(text)) {
      json::AppendString(text, out_);
      return true;
    }
    if (engine_ == RubyJson::kJson) return Refuse("source sequence", " is illegal/malformed utf-8");
    WriteBytes(text);
    return true;
  }

  const std::string& why() const { return why_; }

 private:
  bool Refuse(std::string_view what, std::string_view why) {
    why_ = std::string(what) + std::string(why);
    return false;
  }

  void WriteNumber(const Value& value) {
    if (IsRubyNumber(value.bytes())) {
      out_.Append(value.bytes() == "-0" ? std::string_view("0") : value.bytes());
      return;
    }
    const auto number = ToDouble(value);
    if (!number || !std::isfinite(*number)) {
      out_.Append(value.bytes());
      return;
    }
    text_.clear();
    ruby::AppendFloat(*number, text_);
    out_.Append(text_);
  }

  bool WriteNested(const Value& value) {
    const bool object = value.kind == Kind::kObject;
    bool first = true;
    bool fine = true;
    out_.Append(object ? '{' : '[');
    const auto separate = [&] {
      if (!first) out_.Append(',');
      first = false;
    };
    if (object) {
      json::ForEachMember(value.bytes(), scratch_, [&](const Field& field) {
        separate();
        fine = WriteString(field.key());
        out_.Append(':');
        return fine = fine && Write(field.value());
      });
    } else {
      json::ForEachElement(value.bytes(), [&](const Value& element) {
        separate();
        return fine = Write(element);
      });
    }
    out_.Append(object ? '}' : ']');
    return fine;
  }

  // A string that is not UTF-8: its valid parts escaped as usual, the rest as it is.
  void WriteBytes(std::string_view text) {
    out_.Append('"');
    for (size_t at = 0; at < text.size();) {
      size_t end = at;
      json::Utf8Char character;
      while (end < text.size() && (character = json::DecodeUtf8(text.substr(end))).valid) {
        end += character.size;
      }
      if (end > at) {
        json::AppendString(text.substr(at, end - at), valid_);
        out_.Append(valid_.view().substr(1, valid_.size() - 2));
        valid_.Clear();
      }
      const size_t bad = end < text.size() ? std::max<uint32_t>(character.size, 1) : 0;
      out_.Append(text.substr(end, bad));
      at = end + bad;
    }
    out_.Append('"');
  }

  RubyJson engine_;
  Arena& scratch_;
  ByteBuffer& out_;
  ByteBuffer valid_;
  std::string text_;
  std::string why_;
};

}  // namespace

bool AppendRubyJson(const Batch& batch, const Row& row, RubyJson engine, Arena& scratch,
                    ByteBuffer& out, std::string* why) {
  const size_t before = out.size();
  Writer writer(engine, scratch, out);
  out.Append('{');
  bool first = true;
  for (const Field& field : batch.fields(row)) {
    if (!first) out.Append(',');
    first = false;
    if (!writer.WriteString(field.key())) {
      *why = writer.why();
      out.Truncate(before);
      return false;
    }
    out.Append(':');
    if (!writer.Write(field.value())) {
      *why = writer.why();
      out.Truncate(before);
      return false;
    }
  }
  out.Append('}');
  return true;
}

}  // namespace tailrace::formatter
