// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the chunk keys of a <buffer> section say of an event: its tag, its time slice, its fields.

#include <vector>

#include "buffer/options.h"
#include "event/accessor.h"
#include "tailrace/chunk.h"
#include "text/placeholders.h"
#include "text/time_zone.h"

namespace tailrace::buffer {

// One per worker.
class ChunkKeys {
 public:
  explicit ChunkKeys(const BufferOptions& options);

  // Values of fields are text as Ruby's to_s gives it; a missing field is an empty text.
  ChunkKey Of(const Batch& batch, const Row& row, Arena& scratch) const;

  // All events of one batch have the same key.
  bool per_batch() const { return !by_time_ && fields_.empty(); }
  const text::ChunkKeySet& set() const { return set_; }

 private:
  text::ChunkKeySet set_;
  bool by_time_;
  std::vector<Accessor> fields_;
};

}  // namespace tailrace::buffer
