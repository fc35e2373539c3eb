// SPDX-License-Identifier: Apache-2.0
#pragma once
// Turns acknowledged segments into a position. For each generation of a file the tracker keeps the
// segments that were read, in order; the position is the end of the contiguous prefix of completed
// ones, so it never passes an event that is not safe.
//
// Segments come from a pool that a worker's trackers share: nothing is allocated per segment in
// steady state. Trackers and pool live as long as any segment is out, whoever made them is gone or
// not. One thread (the worker).

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "tailrace/batch.h"
#include "tailrace/segment.h"

namespace tailrace::tail {

class AckTracker;
class SegmentPool;

// A piece of one generation of a file.
class TailSegment final : public Segment {
 public:
  TailSegment() : Segment(0, 0) {}
  const AckTracker* tracker() const { return tracker_.get(); }

 protected:
  void Complete() override;

 private:
  friend class AckTracker;
  std::shared_ptr<AckTracker> tracker_;  // set while the segment is out
  uint64_t sequence_ = 0;
};

// Segments that are not in use.
class SegmentPool {
 public:
  TailSegment* Take();
  void Give(TailSegment* segment) { free_.push_back(segment); }
  size_t size() const { return all_.size(); }

 private:
  std::vector<std::unique_ptr<TailSegment>> all_;
  std::vector<TailSegment*> free_;
};

class AckTracker : public std::enable_shared_from_this<AckTracker> {
 public:
  AckTracker(std::shared_ptr<SegmentPool> pool, uint64_t position)
      : pool_(std::move(pool)), position_(position), read_(position) {}

  // A segment for the bytes [read(), end), which have just been read.
  SegmentRef Open(uint64_t end);
  // Bytes [read(), end) gave no event and are done with.
  void Skip(uint64_t end);

  // Everything before this is safe.
  uint64_t position() const { return position_; }
  // Everything before this has been read.
  uint64_t read() const { return read_; }
  // Segments that are read and not safe.
  size_t pending() const { return static_cast<size_t>(next_ - first_); }

  // Called when the position has moved; may be empty. The owner clears it when it goes.
  void set_on_moved(std::function<void()> on_moved) { on_moved_ = std::move(on_moved); }

  // What the events of this generation share; null until its identity is known.
  const std::shared_ptr<const Origin>& origin() const { return origin_; }
  void set_origin(std::shared_ptr<const Origin> origin) { origin_ = std::move(origin); }

 private:
  friend class TailSegment;
  struct Entry {
    uint64_t end = 0;
    bool done = false;
  };

  uint64_t Push(uint64_t end, bool done);
  void Complete(TailSegment& segment);
  void Advance();
  Entry& at(uint64_t sequence) { return ring_[sequence & (ring_.size() - 1)]; }

  std::shared_ptr<SegmentPool> pool_;
  std::shared_ptr<const Origin> origin_;
  std::function<void()> on_moved_;
  std::vector<Entry> ring_;  // size is a power of two (or none)
  uint64_t first_ = 0;       // sequence of the oldest entry
  uint64_t next_ = 0;        // sequence that the next entry gets
  uint64_t position_;
  uint64_t read_;
};

}  // namespace tailrace::tail
