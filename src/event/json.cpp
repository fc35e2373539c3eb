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

}  // namespace tailrace::json
