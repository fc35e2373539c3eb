// SPDX-License-Identifier: Apache-2.0
#include "event/held_event.h"

namespace tailrace {

HeldEvent::HeldEvent(const Batch& batch, const Row& row)
    : row_(row), origin_(batch.origin()), segment_(SegmentOf(batch, row)) {
  const auto fields = batch.fields(row);
  size_t size = 0;
  for (const Field& field : fields) size += field.key_size + field.value_size;
  bytes_.reserve(size);
  slots_.reserve(fields.size());
  for (const Field& field : fields) {
    slots_.push_back({field.key_size, field.value_size, field.kind, field.key_clean});
    bytes_.append(field.key());
    bytes_.append(field.value().bytes());
  }
}

Row& HeldEvent::AppendTo(Batch& batch) const {
  Row& row = batch.AddRow({});
  row.time = row_.time;
  row.begin = row_.begin;
  row.end = row_.end;
  row.sub = row_.sub;
  SetSegment(batch, row, segment_);
  const char* at = batch.arena().Store(bytes_).data();
  for (const Slot& slot : slots_) {
    const std::string_view key(at, slot.key_size);
    at += slot.key_size;
    batch.Append(row, key, Value::Of(slot.kind, {at, slot.value_size}), slot.key_clean);
    at += slot.value_size;
  }
  return row;
}

}  // namespace tailrace
