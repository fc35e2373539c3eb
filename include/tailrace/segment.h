// SPDX-License-Identifier: Apache-2.0
#pragma once
// What ties positions to acknowledgements. A Segment is a contiguous piece of one source that was
// read at once. Batches, half-joined events and chunks hold references to it; when the last one is
// released every event that began in it is safe or has been dropped and counted, and its source
// learns of it. Sources move their position over the contiguous prefix of completed segments, so
// holding the segment where an event begins is enough to have the whole event read again.
//
// Threads: counted without atomics. A segment belongs to its worker; a chunk takes references along
// to a flush thread and brings them back unopened.

#include <cstdint>
#include <utility>

namespace tailrace {

class Segment {
 public:
  Segment(uint64_t begin, uint64_t end) : begin_(begin), end_(end) {}
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;
  virtual ~Segment() = default;

  uint64_t begin() const { return begin_; }
  uint64_t end() const { return end_; }

  // For the books of the source: so many events that began here have left other than by delivery,
  // under `reason` (a literal), or within another event. Worker thread.
  virtual void Dropped(const char* reason, uint64_t events) {
    static_cast<void>(reason);
    static_cast<void>(events);
  }
  virtual void Joined(uint64_t events) { static_cast<void>(events); }

 protected:
  // The last reference is gone. May delete or recycle this object.
  virtual void Complete() = 0;
  // Gives an object that nobody refers to another place: for sources that keep a pool of them.
  void Reuse(uint64_t begin, uint64_t end) {
    begin_ = begin;
    end_ = end;
  }

 private:
  friend class SegmentRef;
  uint64_t begin_;
  uint64_t end_;
  uint32_t references_ = 0;
};

// A counted reference; may be null.
class SegmentRef {
 public:
  SegmentRef() = default;
  explicit SegmentRef(Segment* segment) : segment_(segment) { Add(); }
  SegmentRef(const SegmentRef& other) : segment_(other.segment_) { Add(); }
  SegmentRef(SegmentRef&& other) noexcept : segment_(std::exchange(other.segment_, nullptr)) {}
  SegmentRef& operator=(SegmentRef other) noexcept {
    std::swap(segment_, other.segment_);
    return *this;
  }
  ~SegmentRef() { Release(); }

  Segment* get() const { return segment_; }
  explicit operator bool() const { return segment_ != nullptr; }
  friend bool operator==(const SegmentRef&, const SegmentRef&) = default;

 private:
  void Add() {
    if (segment_ != nullptr) ++segment_->references_;
  }
  void Release() {
    if (segment_ != nullptr && --segment_->references_ == 0) segment_->Complete();
  }

  Segment* segment_ = nullptr;
};

}  // namespace tailrace
