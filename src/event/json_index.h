// SPDX-License-Identifier: Apache-2.0
#pragma once
// First half of reading JSON: one pass of vector instructions over the text that lists where its
// strings begin and end, so that the second half (json_reader.cpp) jumps from string to string and
// looks only at the few bytes between them. Internal to event/.
//
// The instructions are chosen once, at run time: AVX-512, AVX2, or what every x86-64 or arm64 has.

#include <cstdint>
#include <memory>
#include <string_view>

namespace tailrace::json {

// Positions in a text, appended to in blocks.
class Positions {
 public:
  const uint32_t* data() const { return data_.get(); }
  uint32_t count() const { return count_; }
  void Clear() { count_ = 0; }
  // Room for a block's 64 positions and as many more that are written to be ignored; Commit() says
  // how many count.
  uint32_t* Room() {
    if (capacity_ - count_ < kRoom) Grow();
    return data_.get() + count_;
  }
  void Commit(uint32_t used) { count_ += used; }

 private:
  static constexpr uint32_t kRoom = 128;
  void Grow();

  std::unique_ptr<uint32_t[]> data_;
  uint32_t count_ = 0;
  uint32_t capacity_ = 0;
};

// What one pass over a text finds. Reused from text to text; belongs to one thread.
struct Index {
  // Fills the lists. 64 bytes after the text are read and ignored. False if the text cannot be
  // JSON: a string that does not end, or a control character inside a string.
  bool Build(std::string_view text);

  // The quotes that open and close strings, in order, an even number of them.
  Positions quotes;
  // The backslashes that begin an escape, in order, then UINT32_MAX.
  Positions escapes;
  // There was a byte above 127.
  bool non_ascii = false;
};

// Ways to build an index, best first; for tests and benchmarks, which run each that the machine
// has.
struct IndexBuilder {
  const char* name;
  bool (*supported)();
  bool (*build)(Index& index, std::string_view text);
};
extern const IndexBuilder kIndexBuilders[];
extern const int kIndexBuilderCount;

// Whether two of the numbers are equal. Three more than `count` are read and ignored.
bool HasRepeat(const uint32_t* numbers, size_t count);

}  // namespace tailrace::json
