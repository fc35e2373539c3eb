// SPDX-License-Identifier: Apache-2.0
#include "event/json.h"

#include <string>

#include "event/json_reader.h"
#include "event/json_string.h"

namespace tailrace::json {
namespace {

std::string_view TrimBlanks(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsBlank(text.back())) text.remove_suffix(1);
  return text;
}

bool InBrackets(std::string_view text, char open, char close) {
  return text.size() >= 2 && text.front() == open && text.back() == close;
}

// The reader keeps its lists from text to text.
Reader& ThreadReader() {
  thread_local Reader reader;
  return reader;
}

bool ParseString(std::string_view text, Value* value) {
  const std::string_view inside = text.substr(1, text.size() - 2);
  thread_local Index index;
  if (!index.Build(text) || index.quotes.count() != 2) return false;
  if (index.quotes.data()[1] != text.size() - 1) return false;
  const uint32_t* escape = index.escapes.data();
  const bool escaped = *escape != UINT32_MAX;
  while (*escape != UINT32_MAX) {
    const size_t size = EscapeSize(text.data() + *escape, text.data() + text.size() - 1);
    if (size == 0) return false;
    escape += size > 6 ? 2 : 1;
  }
  if (index.non_ascii && !ValidUtf8(inside)) return false;
  *value = Value::Of(escaped ? Kind::kEscaped : Kind::kClean, inside);
  return true;
}

// A number that ends with the text; what follows the text is not looked at.
bool ParseNumber(std::string_view text, Value* value) {
  if (!IsDigit(text.front()) && text.front() != '-') return false;
  std::string terminated(text);
  terminated.append(kPadding, '\0');
  if (SkipNumber(terminated.data()) != terminated.data() + text.size()) return false;
  *value = Value::Of(Kind::kNumber, text);
  return true;
}

bool ParseScalar(std::string_view text, Value* value) {
  if (text.empty()) return false;
  if (InBrackets(text, '"', '"')) return ParseString(text, value);
  if (text == "null") {
    *value = Value{};
  } else if (text == "true" || text == "false") {
    *value = Value::Bool(text == "true");
  } else {
    return ParseNumber(text, value);
  }
  return true;
}

}  // namespace

bool ParseObject(std::string_view text, Batch& batch, Row& row) {
  text = TrimBlanks(text);
  if (!InBrackets(text, '{', '}')) return false;
  Reader& reader = ThreadReader();
  return reader.Start(text) && reader.ReadObject(batch, row);
}

bool Validate(std::string_view text) {
  text = TrimBlanks(text);
  Value value;
  if (!InBrackets(text, '{', '}') && !InBrackets(text, '[', ']')) return ParseScalar(text, &value);
  Reader& reader = ThreadReader();
  return reader.Start(text) && reader.SkipAll();
}

bool ParseValue(std::string_view text, Arena& arena, Value* value) {
  text = TrimBlanks(text);
  const bool object = InBrackets(text, '{', '}');
  if (!object && !InBrackets(text, '[', ']')) return ParseScalar(text, value);
  Reader& reader = ThreadReader();
  if (!reader.Start(text) || !reader.SkipAll()) return false;
  *value = Value::Of(object ? Kind::kObject : Kind::kArray, text);
  if (reader.unclean()) *value = Rewrite(*value, arena);
  return true;
}

namespace {

// The following read valid JSON, so they look for no more than where a value ends.
const char* SkipBlanks(const char* at) {
  while (IsBlank(*at)) ++at;
  return at;
}

// `at` is behind the opening quote; the result is the closing one.
const char* StringEnd(const char* at) {
  for (; *at != '"'; ++at) {
    if (*at == '\\') ++at;
  }
  return at;
}

const char* NestedEnd(const char* at) {
  int depth = 0;
  while (true) {
    switch (*at) {
      case '"':
        at = StringEnd(at + 1);
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

// Reads the value at `at`; one past its end.
const char* TakeValue(const char* at, Value* value) {
  const char* end = at;
  switch (*at) {
    case '"': {
      end = StringEnd(at + 1);
      const std::string_view inside(at + 1, static_cast<size_t>(end - at - 1));
      *value = Value::Of(HasEscape(at + 1, end) ? Kind::kEscaped : Kind::kClean, inside);
      return end + 1;
    }
    case '{':
    case '[':
      end = NestedEnd(at);
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
    char bytes[12];
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
  while ((at = NextItem(at)) != nullptr) {
    const char* const end = StringEnd(at + 1);
    const bool found = SameString({at + 1, static_cast<size_t>(end - at - 1)}, key);
    at = TakeValue(SkipBlanks(SkipBlanks(end + 1) + 1), value);
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

ElementCursor::ElementCursor(std::string_view array) : at_(SkipBlanks(array.data()) + 1) {}

bool ElementCursor::Next(Value* value) {
  if (at_ != nullptr) at_ = NextItem(at_);
  if (at_ == nullptr) return false;
  at_ = TakeValue(at_, value);
  return true;
}

MemberCursor::MemberCursor(std::string_view object, Arena& arena)
    : at_(SkipBlanks(object.data()) + 1), arena_(arena) {}

bool MemberCursor::Next(Field* field) {
  if (at_ != nullptr) at_ = NextItem(at_);
  if (at_ == nullptr) return false;
  const char* const key = at_ + 1;
  const char* const end = StringEnd(key);
  std::string_view name(key, static_cast<size_t>(end - key));
  const bool escaped = HasEscape(key, end);
  if (escaped) name = Unescape(name, arena_);
  const char* at = SkipBlanks(SkipBlanks(end + 1) + 1);
  Value value;
  at_ = TakeValue(at, &value);
  *field = Field{};
  field->set_key(name, !escaped || IsClean(name));
  field->set_value(value);
  return true;
}

}  // namespace tailrace::json
