// SPDX-License-Identifier: Apache-2.0
#pragma once
// Making nested values: objects and arrays as JSON text in a batch's arena.
//
//   ObjectWriter object(batch.arena());
//   object.Add("a", Value::Clean("x"));
//   batch.Set(row, "nested", object.Finish());

#include <span>
#include <string_view>

#include "tailrace/arena.h"
#include "tailrace/batch.h"
#include "tailrace/byte_buffer.h"

namespace tailrace::json {

// Writes one object. Keys are not compared: the caller adds each once.
class ObjectWriter {
 public:
  explicit ObjectWriter(Arena& arena) : arena_(arena) { out_.Append('{'); }

  // `key` as raw bytes.
  void Add(std::string_view key, const Value& value);
  void Add(const Field& field);
  // The object as a kObject value whose text is in the arena. Ends the writer's work.
  Value Finish();

 private:
  Arena& arena_;
  ByteBuffer out_;
};

// Writes one array.
class ArrayWriter {
 public:
  explicit ArrayWriter(Arena& arena) : arena_(arena) { out_.Append('['); }

  void Add(const Value& value);
  // The array as a kArray value whose text is in the arena. Ends the writer's work.
  Value Finish();

 private:
  Arena& arena_;
  ByteBuffer out_;
};

// An object with these fields / an array with these values.
Value ObjectOf(std::span<const Field> fields, Arena& arena);
Value ArrayOf(std::span<const Value> values, Arena& arena);

}  // namespace tailrace::json
