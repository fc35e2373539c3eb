// SPDX-License-Identifier: Apache-2.0
#pragma once
// Events that are being joined: the first one whole, of the others the text and the place. While
// their batch lives nothing is copied; Settle() copies what a batch leaves unfinished. All their
// segments are held, so that no position passes any part before the whole is safe. Worker thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "event/held_event.h"
#include "tailrace/batch.h"
#include "tailrace/plugin.h"

namespace tailrace {

class EventGroup {
 public:
  bool empty() const { return parts_.empty(); }
  size_t size() const { return parts_.size(); }
  const std::shared_ptr<const Origin>& origin() const { return origin_; }

  // Adds an event of `batch` whose text is `text`. `order`: its place among the parts, where they
  // may come out of order.
  void Add(const Batch& batch, const Row& row, std::string_view text, int64_t order);

  // The whole: the fields of `last` (the event that ended the group; may be null), over them those
  // of the first event, and the joined text as `key`. Appended to `batch`; the group is empty
  // afterwards. Its time is that of the first event. Counts the parts as joined.
  Row& Finish(Batch& batch, const Row* last, std::string_view key, std::string_view separator,
              EventContext& context);
  // Drops all parts, counted under `reason`.
  void Drop(Batch& batch, const char* reason, EventContext& context);

  // The batch of the latest parts ends: copies what is still in it.
  void Settle(const Batch& batch);
  // Whether events would be read again by their source if they were not let go.
  bool holds_segments() const { return !parts_.empty() && parts_.front().segment; }

 private:
  struct Part {
    std::string_view text;  // while `own` is not set: in the batch
    std::string own;
    bool settled = false;
    int64_t order = 0;
    SegmentRef segment;
  };
  void Clear();

  std::shared_ptr<const Origin> origin_;
  std::optional<Row> first_row_;  // while its batch lives
  std::optional<HeldEvent> first_;
  EventTime time_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
  std::vector<Part> parts_;
};

}  // namespace tailrace
