// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory for everything that lives as long as one batch: a bump allocator whose blocks are kept
// when it is reset, so that a worker in steady state allocates nothing. Whatever is in an arena is
// followed by 64 readable bytes, as the JSON reader wants it (event/json.h). Used by one thread.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace tailrace {

class Arena {
 public:
  Arena() = default;
  Arena(Arena&&) = default;
  Arena& operator=(Arena&&) = default;

  // Uninitialised bytes, aligned for nothing in particular; valid until Reset(). Never null.
  char* Allocate(size_t size) {
    if (size > left_) Grow(size);
    char* result = next_;
    next_ += size;
    left_ -= size;
    return result;
  }

  // Gives back the end of the last allocation, of which only `used` of `size` bytes were needed.
  void Shrink(size_t size, size_t used) {
    next_ -= size - used;
    left_ += size - used;
  }

  // A copy of `bytes` that lives as long as the batch.
  std::string_view Store(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* copy = Allocate(bytes.size());
    std::memcpy(copy, bytes.data(), bytes.size());
    return {copy, bytes.size()};
  }

  // Forgets all allocations. Keeps up to kKeptBytes for the next batch.
  void Reset();

  // Bytes held from the system.
  size_t capacity() const { return capacity_; }

 private:
  static constexpr size_t kPadding = 64;
  static constexpr size_t kBlockBytes = 64 << 10;
  static constexpr size_t kKeptBytes = 1 << 20;
  struct Block {
    std::unique_ptr<char[]> bytes;
    size_t size = 0;
  };

  void Grow(size_t size);

  std::vector<Block> blocks_;
  size_t current_ = 0;  // index of the block that next_ points into, when there is one
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t capacity_ = 0;
};

}  // namespace tailrace
