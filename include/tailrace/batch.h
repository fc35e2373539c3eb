// SPDX-License-Identifier: Apache-2.0
#pragma once
// Events on their way through a worker. A Batch holds events of one origin as rows over one flat
// vector of fields; keys and values are views into the bytes as read, into the batch's arena or
// into memory that the batch keeps alive. Nothing is decoded that nobody asks for, nothing is
// allocated per event, and the order of insertion is kept, as Fluentd keeps it.
//
// Threads: a batch and everything it refers to belongs to one worker. What outlives the batch
// (a chunk, a join state, a metric label) copies.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/arena.h"
#include "tailrace/segment.h"
#include "tailrace/time.h"

namespace tailrace {

// What a value is, and in which form its bytes are.
enum class Kind : uint8_t {
  kNull,     // no bytes
  kTrue,     // no bytes
  kFalse,    // no bytes
  kNumber,   // the text of a valid JSON number, as written at the source
  kSpecial,  // a float that JSON cannot say: NaN, Infinity or -Infinity
  kText,     // a string as raw bytes: not known to be UTF-8, may need escaping in JSON
  kClean,    // a string, valid UTF-8, whose bytes are the same raw and inside JSON quotes
  kEscaped,  // a string as the inside of a valid JSON string that has at least one escape
  kObject,   // the text of a valid JSON object
  kArray,    // the text of a valid JSON array
  kTime,     // an EventTime, its 16 bytes stored at `data` (not aligned)
};

struct Value {
  const char* data = nullptr;
  uint32_t size = 0;
  Kind kind = Kind::kNull;

  std::string_view bytes() const { return {data, size}; }
  bool is_string() const {
    return kind == Kind::kText || kind == Kind::kClean || kind == Kind::kEscaped;
  }
  static Value Of(Kind kind, std::string_view bytes) {
    return {bytes.data(), static_cast<uint32_t>(bytes.size()), kind};
  }
  static Value Text(std::string_view bytes) { return Of(Kind::kText, bytes); }
  static Value Clean(std::string_view bytes) { return Of(Kind::kClean, bytes); }
  static Value Bool(bool value) { return {nullptr, 0, value ? Kind::kTrue : Kind::kFalse}; }
};

// One key with its value. Keys are raw bytes; `key_clean` says that they are valid UTF-8 and need
// no escaping in JSON.
struct Field {
  const char* key_data = nullptr;
  const char* value_data = nullptr;
  uint32_t key_size = 0;
  uint32_t value_size = 0;
  Kind kind = Kind::kNull;
  bool key_clean = false;
  // Key and value stand at their place in one JSON object's compact text: two such neighbours may
  // be copied together with what is between them (event/json.h does).
  bool in_place = false;

  std::string_view key() const { return {key_data, key_size}; }
  Value value() const { return {value_data, value_size, kind}; }
  void set_key(std::string_view key, bool clean) {
    key_data = key.data();
    key_size = static_cast<uint32_t>(key.size());
    key_clean = clean;
    in_place = false;
  }
  void set_value(const Value& value) {
    value_data = value.data;
    value_size = value.size;
    kind = value.kind;
    in_place = false;
  }
};

// One event. Its fields are Batch::fields()[first, first + count).
struct Row {
  EventTime time;
  uint64_t begin = 0;     // first byte of the event in its source
  uint64_t end = 0;       // one past its last byte
  uint32_t first = 0;     // index of the first field
  uint16_t count = 0;     // fields in use
  uint16_t capacity = 0;  // fields reserved
  uint16_t segment = 0;   // index into Batch::segments(), of the segment where `begin` lies
  uint16_t sub = 0;       // tells apart the events that one piece of source was split into
  bool dropped = false;   // left the pipeline (counted already); later stages pass over it
};

// What all events of one source share. Immutable; replaced when it changes.
struct Origin {
  std::string tag;
  std::string path;  // file, or peer for network sources; empty if there is none
  // Names the source across restarts and rotations (96 bits, base64url, 16 characters); empty where
  // events cannot be read again. Together with Row::begin and Row::sub it names an event.
  std::string identity;
};

// A piece of source text that is one line (or datagram, or message), and where it came from.
struct Line {
  const char* data = nullptr;
  uint32_t size = 0;
  uint16_t segment = 0;  // index into Batch::segments()
  uint64_t begin = 0;
  uint64_t end = 0;  // one past its line end

  std::string_view text() const { return {data, size}; }
};

class Batch {
 public:
  // Fields that every new row reserves beyond those it is created with, so that filters can add a
  // few without moving it.
  static constexpr uint16_t kSlack = 4;
  static constexpr uint16_t kFieldsMax = 4096;

  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  const std::shared_ptr<const Origin>& origin() const { return origin_; }
  void set_origin(std::shared_ptr<const Origin> origin) { origin_ = std::move(origin); }

  std::vector<Row>& rows() { return rows_; }
  const std::vector<Row>& rows() const { return rows_; }
  std::span<Field> fields(const Row& row) { return {fields_.data() + row.first, row.count}; }
  std::span<const Field> fields(const Row& row) const {
    return {fields_.data() + row.first, row.count};
  }
  Arena& arena() { return arena_; }

  // The segments that hold back positions until the rows that name them are safe.
  std::vector<SegmentRef>& segments() { return segments_; }
  const std::vector<SegmentRef>& segments() const { return segments_; }
  // Index of `segment`, added if it is not there yet. `segment` may be null: events of a source
  // without positions.
  uint16_t SegmentIndex(const SegmentRef& segment);

  // Lines that the parser did not recognise, in order.
  std::vector<Line>& unmatched() { return unmatched_; }

  // Keeps `object` alive as long as the batch: bytes that fields point to.
  void Keep(std::shared_ptr<const void> object) { kept_.push_back(std::move(object)); }

  // Appends a row without fields that came from `line`. The reference is valid until the next call.
  Row& AddRow(const Line& line);
  // Appends a row with the fields, time and place of `row` of `from`; bytes are copied unless
  // `from` is this batch.
  Row& CopyRow(const Batch& from, const Row& row);

  // Appends a field to `row`, without looking whether the key is there already. False (and nothing
  // changed) at kFieldsMax. A row at the end of the batch grows in place.
  bool Append(Row& row, const Field& field);
  bool Append(Row& row, std::string_view key, const Value& value, bool key_clean = true);
  // For parsers that make many fields at once: room for `count` more fields of `row`, at most
  // kFieldsMax in all; write there, then Commit() how many were made. Valid until the batch
  // changes.
  Field* Room(Row& row, uint32_t count) {
    Reserve(row, row.count + count);
    return fields_.data() + row.first + row.count;
  }
  void Commit(Row& row, uint32_t count);

  // The field with this key, or null. Valid until a field is added to any row.
  Field* Find(const Row& row, std::string_view key);
  const Field* Find(const Row& row, std::string_view key) const;
  // Replaces the value, in place as Ruby's Hash does, or appends the field. Key bytes must live as
  // long as the batch.
  void Set(Row& row, std::string_view key, const Value& value, bool key_clean = true);
  // Removes the field, keeping the order of the others. False if there was none.
  bool Erase(Row& row, std::string_view key);

  size_t live_rows() const;
  // Empty again, memory kept.
  void Reset();

 private:
  void Reserve(Row& row, uint32_t count);

  std::shared_ptr<const Origin> origin_;
  std::vector<Row> rows_;
  // Only grows, so that a field is initialised once and not for every row; `used_` of them belong
  // to rows.
  std::vector<Field> fields_;
  uint32_t used_ = 0;
  std::vector<SegmentRef> segments_;
  std::vector<Line> unmatched_;
  std::vector<std::shared_ptr<const void>> kept_;
  Arena arena_;
};

}  // namespace tailrace
