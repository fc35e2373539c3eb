// SPDX-License-Identifier: Apache-2.0
#include "input/forward/event_reader.h"

#include "event/json.h"
#include "event/msgpack.h"
#include "event/msgpack_scanner.h"
#include "event/value.h"
#include "net/gzip.h"
#include "net/zstd.h"

namespace tailrace::forward {
namespace {

using msgpack::ReadResult;

constexpr size_t kRowsMax = 4096;  // of one batch

// Passes over the value that begins at the reader's position, whatever it is.
ReadResult SkipValue(std::string_view bytes, size_t at, size_t* end) {
  msgpack::FrameScanner scanner;
  size_t used = 0;
  const auto state = scanner.Scan(bytes.substr(at), &used);
  *end = at + used;
  if (state == msgpack::FrameScanner::State::kComplete) return ReadResult::kOk;
  return state == msgpack::FrameScanner::State::kMore ? ReadResult::kIncomplete
                                                      : ReadResult::kInvalid;
}

// Reads [time, record] (or time, record without the array around it) into a new row. False, and no
// row, if it is no event.
ReadResult ReadEvent(msgpack::Reader& reader, bool in_array, Batch& batch, bool* is_event) {
  uint32_t parts = 2;
  bool is_array = true;
  *is_event = false;
  ReadResult result = ReadResult::kOk;
  if (in_array) result = reader.EnterArray(&parts, &is_array);
  if (result != ReadResult::kOk || !is_array || parts < 2) return result;
  EventTime time;
  bool is_time = false;
  result = reader.ReadTime(&time, &is_time);
  uint32_t members = 0;
  bool is_map = false;
  if (result == ReadResult::kOk && is_time) result = reader.EnterMap(&members, &is_map);
  if (result != ReadResult::kOk || !is_map) return result;
  Row& row = batch.AddRow({});
  row.time = time;
  result = reader.ReadEntries(members, batch, row);
  for (uint32_t i = 2; i < parts && result == ReadResult::kOk; ++i) result = reader.Skip();
  if (result == ReadResult::kOk) {
    *is_event = true;
  } else {
    batch.rows().pop_back();
  }
  return result;
}

}  // namespace

EventReader::EventReader(InputRuntime& runtime, std::function<EventTime()> clock,
                         size_t unpacked_max)
    : runtime_(runtime), clock_(std::move(clock)), unpacked_max_(unpacked_max) {}

std::unique_ptr<Batch> EventReader::Begin(const std::shared_ptr<const Origin>& origin,
                                          const SegmentRef& segment) {
  auto batch = runtime_.NewBatch();
  batch->set_origin(origin);
  batch->SegmentIndex(segment);
  return batch;
}

void EventReader::Send(std::unique_ptr<Batch> batch, const PeerFields& fields) {
  for (Row& row : batch->rows()) {
    if (!fields.address_key.empty()) {
      batch->Set(row, fields.address_key, Value::Text(fields.address));
    }
    if (!fields.hostname_key.empty()) {
      batch->Set(row, fields.hostname_key, Value::Text(fields.hostname));
    }
  }
  if (!batch->rows().empty()) runtime_.emitter().Emit(*batch);
  runtime_.Recycle(std::move(batch));
}

void EventReader::CountInvalid(std::string_view tag, uint64_t events) {
  runtime_.CountDropped("invalid_event", events);
  uint64_t suppressed = 0;
  if (invalid_limit_.Allow(&suppressed)) {
    LogWarn("skip invalid event: it has no time or no record, and is counted.",
            {{"tag", tag}, {"events", events}, {"suppressed", suppressed}});
  }
}

std::optional<EventReader::Refused> EventReader::Emit(const Message& message,
                                                      const std::shared_ptr<const Origin>& origin,
                                                      const PeerFields& fields,
                                                      const SegmentRef& segment) {
  if (message.mode == Message::Mode::kMessage) {
    auto batch = Begin(origin, segment);
    msgpack::Reader reader(message.entries, batch->arena());
    bool is_event = false;
    const ReadResult result = ReadEvent(reader, false, *batch, &is_event);
    if (is_event && batch->rows().back().time.sec == 0) batch->rows().back().time = clock_();
    if (!is_event) CountInvalid(origin->tag, 1);
    Send(std::move(batch), fields);
    if (result == ReadResult::kInvalid) return Refused{"malformed", "its record is no MessagePack"};
    return std::nullopt;
  }
  std::string_view entries = message.entries;
  if (message.mode == Message::Mode::kPacked &&
      (message.compressed == "gzip" || message.compressed == "zstd")) {
    unpacked_.Clear();
    const Status unpacked = message.compressed == "gzip"
                                ? net::GzipDecompress(entries, unpacked_max_, unpacked_)
                                : net::ZstdDecompress(entries, unpacked_max_, unpacked_);
    if (!unpacked) return Refused{"compression", unpacked.error().message};
    unpacked_.Room(json::kPadding);
    entries = unpacked_.view();
  }
  auto refused = EmitEntries(entries, origin, fields, segment);
  constexpr size_t kKeptBytes = 16 << 20;
  if (unpacked_.capacity() > kKeptBytes) unpacked_.Free();
  return refused;
}

std::optional<EventReader::Refused> EventReader::EmitEntries(
    std::string_view entries, const std::shared_ptr<const Origin>& origin, const PeerFields& fields,
    const SegmentRef& segment) {
  bool emitted = false;
  uint64_t invalid = 0;
  size_t at = 0;
  while (at < entries.size()) {
    auto batch = Begin(origin, segment);
    std::optional<msgpack::Reader> reader;
    reader.emplace(entries.substr(at), batch->arena());
    ReadResult result = ReadResult::kOk;
    while (batch->rows().size() < kRowsMax && !reader->at_end()) {
      const size_t begin = at + reader->position();
      bool is_event = false;
      ReadEvent(*reader, true, *batch, &is_event);
      if (is_event) continue;
      ++invalid;
      result = SkipValue(entries, begin, &at);
      // Behind what was no event the reader begins anew.
      reader.emplace(entries.substr(at), batch->arena());
      if (result != ReadResult::kOk) break;
    }
    at += reader->position();
    if (result == ReadResult::kInvalid && !emitted) {
      runtime_.Recycle(std::move(batch));
      return Refused{"malformed", "its entries are no MessagePack"};
    }
    emitted = true;
    Send(std::move(batch), fields);
    if (result != ReadResult::kOk) break;
  }
  if (invalid > 0) CountInvalid(origin->tag, invalid);
  return std::nullopt;
}

void EventReader::AddJsonEvent(const Value& time, const Value& record, bool now_if_zero,
                               Batch& batch) {
  const auto seconds = IsInteger(time) ? ToInteger(time) : std::nullopt;
  if (seconds && record.kind == Kind::kObject) {
    Row& row = batch.AddRow({});
    row.time = now_if_zero && *seconds == 0 ? clock_() : EventTime{*seconds, 0};
    if (json::ParseObject(record.bytes(), batch, row)) return;
    batch.rows().pop_back();
  }
  CountInvalid(batch.origin()->tag, 1);
}

void EventReader::EmitJson(std::string_view message, const std::shared_ptr<const Origin>& origin,
                           const PeerFields& fields, const SegmentRef& segment) {
  auto batch = Begin(origin, segment);
  json::ElementCursor parts(message);
  Value tag;
  Value second;
  parts.Next(&tag);
  parts.Next(&second);
  if (second.kind == Kind::kArray) {
    json::ForEachElement(second.bytes(), [&](const Value& entry) {
      Value time;
      Value record;
      if (entry.kind == Kind::kArray) {
        json::ElementCursor pair(entry.bytes());
        if (pair.Next(&time)) pair.Next(&record);
      }
      AddJsonEvent(time, record, false, *batch);
      return true;
    });
  } else {
    Value record;
    parts.Next(&record);
    AddJsonEvent(second, record, true, *batch);
  }
  Send(std::move(batch), fields);
}

}  // namespace tailrace::forward
