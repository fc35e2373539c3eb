// SPDX-License-Identifier: Apache-2.0
#include "tailrace/byte_buffer.h"

#include <algorithm>
#include <new>

namespace tailrace {

void ByteBuffer::Grow(size_t size) {
  const size_t wanted = std::max({size_ + size, capacity_ + capacity_ / 2, size_t{4096}});
  char* moved = static_cast<char*>(std::realloc(bytes_.get(), wanted));
  if (moved == nullptr) throw std::bad_alloc();
  static_cast<void>(bytes_.release());  // realloc has taken it over
  bytes_.reset(moved);
  capacity_ = wanted;
}

}  // namespace tailrace
