// SPDX-License-Identifier: Apache-2.0
#include "tailrace/arena.h"

#include <algorithm>

namespace tailrace {

void Arena::Grow(size_t size) {
  // What is left of the current block is given up; blocks behind it are reused when large enough.
  size_t index = blocks_.empty() ? 0 : current_ + 1;
  while (index < blocks_.size() && blocks_[index].size < size) ++index;
  if (index == blocks_.size()) {
    const size_t bytes = std::max(size, kBlockBytes);
    blocks_.push_back({std::make_unique_for_overwrite<char[]>(bytes + kPadding), bytes});
    capacity_ += bytes;
  }
  current_ = index;
  next_ = blocks_[index].bytes.get();
  left_ = blocks_[index].size;
}

void Arena::Reset() {
  if (blocks_.empty()) return;
  if (capacity_ > kKeptBytes) {
    size_t kept = 0;
    auto fits = [&kept](const Block& block) {
      if (kept + block.size > kKeptBytes) return false;
      kept += block.size;
      return true;
    };
    blocks_.erase(std::stable_partition(blocks_.begin(), blocks_.end(), fits), blocks_.end());
    capacity_ = kept;
  }
  current_ = 0;
  next_ = blocks_.empty() ? nullptr : blocks_[0].bytes.get();
  left_ = blocks_.empty() ? 0 : blocks_[0].size;
}

}  // namespace tailrace
