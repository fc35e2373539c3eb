// SPDX-License-Identifier: Apache-2.0
#pragma once
// MessagePack in and out of batches (https://github.com/msgpack/msgpack/blob/master/spec.md), as
// Fluentd's msgpack factory has it: `bin` and `str` are both strings, extension type 0 is an
// EventTime (https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1).

#include <cstdint>
#include <string_view>

#include "tailrace/arena.h"
#include "tailrace/batch.h"
#include "tailrace/byte_buffer.h"

namespace tailrace::msgpack {

inline constexpr int kDepthMax = 128;

enum class ReadResult : uint8_t {
  kOk,
  kIncomplete,  // the bytes end within a value
  kInvalid,     // a byte that begins no value, or nesting deeper than kDepthMax
};

// Reads values one after the other. Strings are views into the bytes; nested maps and arrays become
// JSON text in the arena, where bytes that are not UTF-8 are U+FFFD and a time is its whole
// seconds.
class Reader {
 public:
  Reader(std::string_view bytes, Arena& arena) : bytes_(bytes), arena_(arena) {}

  // Where the next value begins. Not moved by a call that does not return kOk.
  size_t position() const { return at_; }
  bool at_end() const { return at_ >= bytes_.size(); }

  // The next value, whatever it is.
  ReadResult Next(Value* value);
  // If the next value is an EventTime or an integer, seconds since 1970: passes over it. A number
  // that is too large for a time is none.
  ReadResult ReadTime(EventTime* time, bool* is_time);
  // If the next value is a map (or array): its number of entries, and the reader is within it.
  ReadResult EnterMap(uint32_t* entries, bool* is_map);
  ReadResult EnterArray(uint32_t* entries, bool* is_array);
  // The entries of a map that was entered, appended to `row`: a repeated key keeps its first place
  // and its last value; a key that is no string becomes its text.
  ReadResult ReadEntries(uint32_t entries, Batch& batch, Row& row);
  // Passes over the next value.
  ReadResult Skip();

 private:
  struct Head;
  ReadResult ReadHead(Head* head);
  ReadResult ReadValue(Value* value, int depth);
  ReadResult WriteJson(ByteBuffer& out, int depth);
  ReadResult WriteNested(const Head& head, ByteBuffer& out, int depth);
  bool Take(size_t size, std::string_view* out);

  std::string_view bytes_;
  size_t at_ = 0;
  Arena& arena_;
};

// Appends a value. False (and `out` as before) for an integer that no 64-bit number holds.
bool AppendValue(const Value& value, Arena& scratch, ByteBuffer& out);
// Appends the row as a map.
bool AppendRow(const Batch& batch, const Row& row, Arena& scratch, ByteBuffer& out);
void AppendString(std::string_view text, ByteBuffer& out);
void AppendInteger(int64_t number, ByteBuffer& out);
void AppendUnsigned(uint64_t number, ByteBuffer& out);
void AppendArrayHead(uint32_t entries, ByteBuffer& out);
void AppendMapHead(uint32_t entries, ByteBuffer& out);

}  // namespace tailrace::msgpack
