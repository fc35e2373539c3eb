// SPDX-License-Identifier: Apache-2.0
#pragma once
// JSON in and out of batches. In: one strict and complete pass that checks structure, scalars,
// strings, UTF-8 and repeated keys before a byte is taken over; what it accepts can be copied as it
// stands. Out: a row becomes one JSON object, runs of untouched neighbours copied in one piece.
//
// Policy: RFC 8259. A repeated key keeps its first place and its last value, as Ruby's Hash does.
// A lone surrogate escape (\ud800) is refused: no destination can be relied on to take it.
// Objects nested deeper than kDepthMax are refused.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tailrace/batch.h"
#include "tailrace/byte_buffer.h"

namespace tailrace::json {

inline constexpr int kDepthMax = 512;
// Readable bytes that must follow any text given to this parser.
inline constexpr size_t kPadding = 64;

// Appends the members of the JSON object `text` (white space around it allowed) to `row` as fields
// whose keys and values are views into `text`; strings and numbers stay as written. Keys with
// escapes are decoded into the batch's arena, and nested values that have white space or a repeated
// key are written anew there. False, and the row as before, if `text` is not exactly one valid JSON
// object, or if the row would have more than Batch::kFieldsMax fields. Keys that are in the row
// already are not looked for.
bool ParseObject(std::string_view text, Batch& batch, Row& row);

// True if `text` is exactly one valid JSON value, white space around it allowed.
bool Validate(std::string_view text);

// `text` as a Value if it is exactly one valid JSON value, white space around it allowed; false
// otherwise. Its bytes point into `text`, or into the arena where a nested value had to be written
// anew (white space in it, a repeated key).
bool ParseValue(std::string_view text, Arena& arena, Value* value);

// Walks over the elements of a valid array / the members of a valid object, given as their text,
// which needs no padding. A member's key with escapes is decoded into the arena; the rest are views
// into the text. A repeated key shows as often as it is written: what ParseObject and ParseValue
// give has none.
class ElementCursor {
 public:
  explicit ElementCursor(std::string_view array);
  // The next element, or false at the end.
  bool Next(Value* value);

 private:
  const char* at_;
  const char* end_;
};
class MemberCursor {
 public:
  MemberCursor(std::string_view object, Arena& arena);
  bool Next(Field* field);

 private:
  const char* at_;
  const char* end_;
  Arena& arena_;
};

// The same as calls: visit(const Value&) / visit(const Field&) returns false to stop.
template <typename Visit>
void ForEachElement(std::string_view array, Visit&& visit) {
  ElementCursor cursor(array);
  for (Value value; cursor.Next(&value) && visit(value);) {
  }
}
template <typename Visit>
void ForEachMember(std::string_view object, Arena& arena, Visit&& visit) {
  MemberCursor cursor(object, arena);
  for (Field field; cursor.Next(&field) && visit(field);) {
  }
}

// Appends the row as a JSON object / only its members, comma separated, without braces.
void AppendObject(const Batch& batch, const Row& row, ByteBuffer& out);
void AppendMembers(std::span<const Field> fields, ByteBuffer& out);
// Appends any value as JSON. Invalid UTF-8 becomes U+FFFD; NaN and infinities become null; a kTime
// becomes a number of seconds as Fluentd writes it.
void AppendValue(const Value& value, ByteBuffer& out);
// Appends raw bytes as a JSON string, quotes included.
void AppendString(std::string_view raw, ByteBuffer& out);

// True if `raw` stands in JSON quotes as it is: valid UTF-8, no control character, quote,
// backslash.
bool IsClean(std::string_view raw);

// The value of the member `key` (raw bytes) of a valid object / of the element at `index` of a
// valid array (negative: from the end). False if there is none. Nothing is allocated.
bool FindMember(std::string_view object, std::string_view key, Value* value);
bool FindElement(std::string_view array, int64_t index, Value* value);

// The inside of a valid JSON string with its escapes resolved; bytes in the arena.
std::string_view Unescape(std::string_view escaped, Arena& arena);

}  // namespace tailrace::json
