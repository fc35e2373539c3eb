// SPDX-License-Identifier: Apache-2.0
#pragma once
// A bounded lock-free queue between exactly one producer thread and one consumer thread: how chunks
// go to a flush thread and come back. Nothing is allocated after construction.

#include <atomic>
#include <bit>
#include <cstddef>
#include <memory>
#include <utility>

namespace tailrace {

template <typename T>
class Ring {
 public:
  // Holds at least `capacity` items (rounded up to a power of two).
  explicit Ring(size_t capacity)
      : mask_(std::bit_ceil(capacity) - 1), slots_(std::make_unique<T[]>(mask_ + 1)) {}

  // Producer. False, and `item` untouched, if the ring is full.
  bool TryPush(T& item) {
    const size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ > mask_) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ > mask_) return false;
    }
    slots_[tail & mask_] = std::move(item);
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Consumer. False if the ring is empty.
  bool TryPop(T& item) {
    const size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return false;
    }
    item = std::move(slots_[head & mask_]);
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  // Either side; a moment later it may be another number.
  size_t size() const {
    return tail_.load(std::memory_order_acquire) - head_.load(std::memory_order_acquire);
  }

 private:
  static constexpr size_t kLine = 64;  // bytes of a cache line: the two sides do not share one

  const size_t mask_;
  const std::unique_ptr<T[]> slots_;
  alignas(kLine) std::atomic<size_t> head_{0};  // written by the consumer
  size_t tail_seen_ = 0;                        // the consumer's copy of tail_
  alignas(kLine) std::atomic<size_t> tail_{0};  // written by the producer
  size_t head_seen_ = 0;                        // the producer's copy of head_
};

}  // namespace tailrace
