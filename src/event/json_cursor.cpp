// SPDX-License-Identifier: Apache-2.0
// Walking over JSON that is known to be valid, and perhaps not followed by padding: nothing is
// checked, nothing behind the text is read.
#include <cstring>

#include "event/json.h"
#include "event/json_reader.h"
#include "event/json_sixteen.h"
#include "event/json_string.h"

namespace tailrace::json {
namespace {

const char* SkipBlanks(const char* at) {
  while (IsBlank(*at)) ++at;
  return at;
}

// `at` is behind the opening quote; the result is the closing one. The text goes on to `end`.
const char* StringEnd(const char* at, const char* end) {
  while (true) {
    if (end - at >= static_cast<ptrdiff_t>(kSixteen)) {
      char copy[kSixteen];
      const unsigned plain = CopyPlain(copy, at).count;
      at += plain;
      if (plain == kSixteen) continue;
    }
    if (*at == '"') return at;
    at += *at == '\\' ? 2 : 1;
  }
}

const char* NestedEnd(const char* at, const char* end) {
  int depth = 0;
  while (true) {
    switch (*at) {
      case '"':
        at = StringEnd(at + 1, end);
        break;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        if (--depth == 0) return at + 1;
        break;
      default:
        break;
    }
    ++at;
  }
}

bool HasEscape(const char* begin, const char* end) {
  return std::string_view(begin, static_cast<size_t>(end - begin)).find('\\') !=
         std::string_view::npos;
}

// Reads the value at `at` of a text that goes on to `text_end`. One past the value's end.
const char* TakeValue(const char* at, const char* text_end, Value* value) {
  const char* end = at;
  switch (*at) {
    case '"': {
      end = StringEnd(at + 1, text_end);
      const std::string_view inside(at + 1, static_cast<size_t>(end - at - 1));
      *value = Value::Of(HasEscape(at + 1, end) ? Kind::kEscaped : Kind::kClean, inside);
      return end + 1;
    }
    case '{':
    case '[':
      end = NestedEnd(at, text_end);
      *value =
          Value::Of(*at == '{' ? Kind::kObject : Kind::kArray, {at, static_cast<size_t>(end - at)});
      return end;
    case 't':
      *value = Value::Bool(true);
      return at + 4;
    case 'f':
      *value = Value::Bool(false);
      return at + 5;
    case 'n':
      *value = Value{};
      return at + 4;
    default:
      while (*end != ',' && *end != ']' && *end != '}' && !IsBlank(*end)) ++end;
      *value = Value::Of(Kind::kNumber, {at, static_cast<size_t>(end - at)});
      return end;
  }
}

// From behind an opening bracket, an element or a member to the next one, or null at the end.
const char* NextItem(const char* at) {
  at = SkipBlanks(at);
  if (*at == ',') at = SkipBlanks(at + 1);
  return *at == ']' || *at == '}' ? nullptr : at;
}

// Whether the inside of a JSON string, escapes and all, stands for `raw`.
bool SameString(std::string_view inside, std::string_view raw) {
  if (inside.find('\\') == std::string_view::npos) return inside == raw;
  while (!inside.empty()) {
    const size_t size =
        inside.front() == '\\' ? EscapeSize(inside.data(), inside.data() + inside.size()) : 1;
    char bytes[12 + kUnescapeSlack];
    const char* const end = UnescapeTo(inside.substr(0, size), bytes);
    const std::string_view piece(bytes, static_cast<size_t>(end - bytes));
    if (!raw.starts_with(piece)) return false;
    raw.remove_prefix(piece.size());
    inside.remove_prefix(size);
  }
  return raw.empty();
}

}  // namespace

bool FindMember(std::string_view object, std::string_view key, Value* value) {
  const char* at = SkipBlanks(object.data()) + 1;
  const char* const text_end = object.data() + object.size();
  while ((at = NextItem(at)) != nullptr) {
    const char* const end = StringEnd(at + 1, text_end);
    const bool found = SameString({at + 1, static_cast<size_t>(end - at - 1)}, key);
    at = TakeValue(SkipBlanks(SkipBlanks(end + 1) + 1), text_end, value);
    if (found) return true;
  }
  return false;
}

bool FindElement(std::string_view array, int64_t index, Value* value) {
  if (index < 0) {
    ElementCursor all(array);
    while (all.Next(value)) ++index;
    if (index < 0) return false;
  }
  ElementCursor cursor(array);
  while (cursor.Next(value)) {
    if (index-- == 0) return true;
  }
  return false;
}

ElementCursor::ElementCursor(std::string_view array)
    : at_(SkipBlanks(array.data()) + 1), end_(array.data() + array.size()) {}

bool ElementCursor::Next(Value* value) {
  if (at_ != nullptr) at_ = NextItem(at_);
  if (at_ == nullptr) return false;
  at_ = TakeValue(at_, end_, value);
  return true;
}

MemberCursor::MemberCursor(std::string_view object, Arena& arena)
    : at_(SkipBlanks(object.data()) + 1), end_(object.data() + object.size()), arena_(arena) {}

bool MemberCursor::Next(Field* field) {
  if (at_ != nullptr) at_ = NextItem(at_);
  if (at_ == nullptr) return false;
  const char* const key = at_ + 1;
  const char* const end = StringEnd(key, end_);
  std::string_view name(key, static_cast<size_t>(end - key));
  const bool escaped = HasEscape(key, end);
  if (escaped) name = Unescape(name, arena_);
  const char* at = SkipBlanks(SkipBlanks(end + 1) + 1);
  Value value;
  at_ = TakeValue(at, end_, &value);
  *field = Field{};
  field->set_key(name, !escaped || IsClean(name));
  field->set_value(value);
  return true;
}

}  // namespace tailrace::json
