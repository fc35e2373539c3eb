// SPDX-License-Identifier: Apache-2.0
#include "input/tail/ack_tracker.h"

#include <utility>

namespace tailrace::tail {

void TailSegment::Complete() {
  // The tracker may be held by nothing but this segment, and the pool by nothing but the tracker:
  // the local reference is the last thing to go.
  const std::shared_ptr<AckTracker> tracker = std::move(tracker_);
  tracker->Complete(*this);
}

TailSegment* SegmentPool::Take() {
  if (free_.empty()) {
    all_.push_back(std::make_unique<TailSegment>());
    return all_.back().get();
  }
  TailSegment* segment = free_.back();
  free_.pop_back();
  return segment;
}

SegmentRef AckTracker::Open(uint64_t end) {
  TailSegment* segment = pool_->Take();
  segment->Reuse(read_, end);
  segment->tracker_ = shared_from_this();
  segment->sequence_ = Push(end, false);
  return SegmentRef(segment);
}

void AckTracker::Skip(uint64_t end) {
  Push(end, true);
  Advance();
}

uint64_t AckTracker::Push(uint64_t end, bool done) {
  if (next_ - first_ == ring_.size()) {
    std::vector<Entry> larger(ring_.empty() ? 4 : ring_.size() * 2);
    for (uint64_t i = first_; i < next_; ++i) larger[i & (larger.size() - 1)] = at(i);
    ring_ = std::move(larger);
  }
  at(next_) = {end, done};
  read_ = end;
  return next_++;
}

void AckTracker::Complete(TailSegment& segment) {
  at(segment.sequence_).done = true;
  pool_->Give(&segment);
  Advance();
}

void AckTracker::Advance() {
  const uint64_t before = position_;
  while (first_ < next_ && at(first_).done) position_ = at(first_++).end;
  if (position_ != before && on_moved_) on_moved_();
}

}  // namespace tailrace::tail
