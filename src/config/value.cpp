// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <algorithm>

#include "text/ruby_number.h"

namespace tailrace::config {
namespace {

constexpr int kMaxPrintDepth = 128;  // a hash may contain itself

void AppendJson(const Value& value, int depth, std::string* out);

void AppendInspectText(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  out->push_back('"');
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\t':
        *out += "\\t";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\v':
        *out += "\\v";
        break;
      case '\b':
        *out += "\\b";
        break;
      case '\a':
        *out += "\\a";
        break;
      case '\x1b':
        *out += "\\e";
        break;
      case '#': {
        const char next = i + 1 < text.size() ? text[i + 1] : ' ';
        *out += next == '{' || next == '$' || next == '@' ? "\\#" : "#";
        break;
      }
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          *out += "\\x";
          out->push_back(kHex[(c >> 4) & 0xF]);
          out->push_back(kHex[c & 0xF]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

void AppendInspect(const Value& value, int depth, std::string* out) {
  if (depth > kMaxPrintDepth) {
    *out += "...";
  } else if (value.IsNil()) {
    *out += "nil";
  } else if (value.IsText()) {
    AppendInspectText(value.text(), out);
  } else if (value.Is<Symbol>()) {
    *out += ":" + value.Get<Symbol>().name;
  } else if (value.IsArray()) {
    out->push_back('[');
    for (size_t i = 0; i < value.array().size(); ++i) {
      if (i > 0) *out += ", ";
      AppendInspect(value.array()[i], depth + 1, out);
    }
    out->push_back(']');
  } else if (value.IsHash()) {
    out->push_back('{');
    bool first = true;
    for (const auto& [key, item] : value.hash().items()) {
      if (!first) *out += ", ";
      first = false;
      if (key.Is<Symbol>()) {
        *out += key.Get<Symbol>().name + ": ";
      } else {
        AppendInspect(key, depth + 1, out);
        *out += " => ";
      }
      AppendInspect(item, depth + 1, out);
    }
    out->push_back('}');
  } else {
    *out += ToText(value);
  }
}

void AppendJson(const Value& value, int depth, std::string* out) {
  if (depth > kMaxPrintDepth || value.IsNil()) {
    *out += "null";
  } else if (value.IsArray()) {
    out->push_back('[');
    for (size_t i = 0; i < value.array().size(); ++i) {
      if (i > 0) out->push_back(',');
      AppendJson(value.array()[i], depth + 1, out);
    }
    out->push_back(']');
  } else if (value.IsHash()) {
    out->push_back('{');
    bool first = true;
    for (const auto& [key, item] : value.hash().items()) {
      if (!first) out->push_back(',');
      first = false;
      AppendJsonText(ToText(key), out);
      out->push_back(':');
      AppendJson(item, depth + 1, out);
    }
    out->push_back('}');
  } else if (value.Is<bool>() || value.Is<int64_t>() || value.Is<BigInteger>() ||
             value.Is<double>()) {
    *out += ToText(value);
  } else {
    AppendJsonText(ToText(value), out);
  }
}

bool NumbersEqual(const Value& a, const Value& b) {
  auto number = [](const Value& v, double* out) {
    if (v.Is<double>()) {
      *out = v.Get<double>();
    } else if (v.Is<int64_t>()) {
      *out = static_cast<double>(v.Get<int64_t>());
    } else {
      return false;
    }
    return true;
  };
  double x = 0;
  double y = 0;
  return number(a, &x) && number(b, &y) && x == y;
}

bool HashesEqual(const HashValue& a, const HashValue& b) {
  if (a.items().size() != b.items().size()) return false;
  return std::all_of(a.items().begin(), a.items().end(), [&](const auto& item) {
    const Value* other = b.Find(item.first);
    return other != nullptr && *other == item.second;
  });
}

}  // namespace

const Value* HashValue::Find(const Value& key) const {
  for (const auto& item : items_) {
    if (item.first == key) return &item.second;
  }
  return nullptr;
}

const Value* HashValue::FindText(std::string_view key) const {
  for (const auto& item : items_) {
    if (item.first.IsText() && item.first.text() == key) return &item.second;
  }
  return nullptr;
}

void HashValue::Set(Value key, Value value) {
  for (auto& item : items_) {
    if (item.first == key) {
      item.second = std::move(value);
      return;
    }
  }
  items_.emplace_back(std::move(key), std::move(value));
}

bool HashValue::Erase(const Value& key) {
  auto found = std::find_if(items_.begin(), items_.end(),
                            [&](const auto& item) { return item.first == key; });
  if (found == items_.end()) return false;
  items_.erase(found);
  return true;
}

bool Value::operator==(const Value& other) const {
  if (data_.index() != other.data_.index()) return NumbersEqual(*this, other);
  if (IsArray()) return array() == other.array();
  if (IsHash()) return HashesEqual(hash(), other.hash());
  return data_ == other.data_;
}

std::string_view Value::ClassName() const {
  static constexpr std::string_view kNames[] = {"nil",     "a boolean", "an integer", "an integer",
                                                "a float", "a string",  "a symbol",   "an array",
                                                "a hash",  "a time",    "a regexp",   "a range"};
  return kNames[data_.index()];
}

void AppendJsonText(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  for (const char c : text) {
    switch (c) {
      case '"':
        *out += "\\\"";
        break;
      case '\\':
        *out += "\\\\";
        break;
      case '\n':
        *out += "\\n";
        break;
      case '\t':
        *out += "\\t";
        break;
      case '\r':
        *out += "\\r";
        break;
      case '\f':
        *out += "\\f";
        break;
      case '\b':
        *out += "\\b";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          *out += "\\u00";
          out->push_back(kHex[(c >> 4) & 0xF]);
          out->push_back(kHex[c & 0xF]);
        } else {
          out->push_back(c);
        }
    }
  }
  out->push_back('"');
}

std::string ToJson(const Value& value) {
  std::string out;
  AppendJson(value, 0, &out);
  return out;
}

std::string Inspect(const Value& value) {
  std::string out;
  AppendInspect(value, 0, &out);
  return out;
}

std::string FloatText(double value) { return text::RubyFloatToString(value); }

}  // namespace tailrace::config
