// SPDX-License-Identifier: Apache-2.0
#pragma once
// Bytes being written: grows without clearing what it will overwrite, keeps its memory when
// cleared. Rendering ends here, once, and what is here is what goes to disk and to the wire.

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

namespace tailrace {

class ByteBuffer {
 public:
  const char* data() const { return bytes_.get(); }
  char* data() { return bytes_.get(); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  size_t capacity() const { return capacity_; }
  std::string_view view() const { return {bytes_.get(), size_}; }

  // Room for `size` more bytes; write there, then Commit() what was used.
  char* Room(size_t size) {
    if (capacity_ - size_ < size) Grow(size);
    return bytes_.get() + size_;
  }
  void Commit(size_t used) { size_ += used; }

  void Append(std::string_view bytes) {
    std::memcpy(Room(bytes.size()), bytes.data(), bytes.size());
    size_ += bytes.size();
  }
  void Append(char byte) {
    *Room(1) = byte;
    ++size_;
  }
  // Shortens to `size` bytes, which must not be more than there are.
  void Truncate(size_t size) { size_ = size; }
  void Clear() { size_ = 0; }
  // Gives the memory back.
  void Free() {
    bytes_.reset();
    size_ = capacity_ = 0;
  }

 private:
  struct FreeBytes {
    void operator()(char* bytes) const { std::free(bytes); }
  };
  void Grow(size_t size);

  std::unique_ptr<char, FreeBytes> bytes_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

}  // namespace tailrace
