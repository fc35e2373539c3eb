// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the spool has in common with one worker, and how it learns that a chunk file may go.

#include <atomic>

#include "buffer/spool.h"
#include "tailrace/segment.h"

namespace tailrace::buffer {

struct Spool::Lane {
  Ring<ChunkPtr> in{kPiecesPerLane};
  Ring<ChunkPtr> back{kPiecesPerLane};
  Ring<ChunkPtr> notices{kNoticesPerLane};
  std::atomic<size_t> pieces{0};  // handed over and not yet handed back
  std::atomic<size_t> bytes{0};
};

class Spool::Hold final : public Segment {
 public:
  Hold(const Spool& spool, StoredChunkPtr chunk)
      : Segment(0, 0), spool_(spool), chunk_(std::move(chunk)) {}

  bool released() const { return released_.load(std::memory_order_acquire); }
  StoredChunkPtr TakeChunk() { return std::move(chunk_); }

 private:
  void Complete() override {
    released_.store(true, std::memory_order_release);
    spool_.Wake();
  }

  const Spool& spool_;
  StoredChunkPtr chunk_;
  std::atomic<bool> released_{false};
};

}  // namespace tailrace::buffer
