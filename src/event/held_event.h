// SPDX-License-Identifier: Apache-2.0
#pragma once
// An event that outlives its batch, for plugins that wait for what comes next: a copy of its
// fields with the time and place that it had. It holds its segment, so that no position passes it
// meanwhile. Worker thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/batch.h"

namespace tailrace {

class HeldEvent {
 public:
  HeldEvent() = default;
  HeldEvent(const Batch& batch, const Row& row);

  // Appends the event to `batch`, which copies its bytes and holds its segment. The reference is
  // valid until a row is added.
  Row& AppendTo(Batch& batch) const;

  const std::shared_ptr<const Origin>& origin() const { return origin_; }
  EventTime time() const { return row_.time; }
  // Bytes of keys and values.
  size_t bytes() const { return bytes_.size(); }

 private:
  struct Slot {
    uint32_t key_size = 0;
    uint32_t value_size = 0;
    Kind kind = Kind::kNull;
    bool key_clean = false;
  };

  Row row_;
  std::shared_ptr<const Origin> origin_;
  SegmentRef segment_;
  std::vector<Slot> slots_;
  std::string bytes_;  // key, value, key, value …
};

// The segment that holds this row's position back; null for a source without positions.
inline SegmentRef SegmentOf(const Batch& batch, const Row& row) {
  return row.segment < batch.segments().size() ? batch.segments()[row.segment] : SegmentRef();
}
// Makes `row` hold `segment`.
inline void SetSegment(Batch& batch, Row& row, const SegmentRef& segment) {
  if (segment || !batch.segments().empty()) row.segment = batch.SegmentIndex(segment);
}

}  // namespace tailrace
