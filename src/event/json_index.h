// SPDX-License-Identifier: Apache-2.0
#pragma once
// First half of reading JSON: one pass of vector instructions over the text that lists where its
// strings begin and end, so that the second half (json_parse.cpp) jumps from string to string and
// looks only at the few bytes between them.
//
// The instructions are chosen once, at run time: AVX-512, AVX2, or what every x86-64 / arm64 has.

#include <cstdint>
#include <memory>
#include <string_view>

namespace tailrace::json {

// What one pass over a text finds. Reused from text to text; belongs to one thread.
class Index {
 public:
  // Fills the lists. 64 bytes after the text are read and ignored. False if the text cannot be
  // JSON: a string that does not end, or a control character inside a string.
  bool Build(std::string_view text);

  // Positions of the quotes that open and close strings, in order, an even number of them.
  const uint32_t* quotes() const { return quotes_.data(); }
  uint32_t quote_count() const { return quotes_.count; }
  // Positions of the backslashes that begin an escape, in order, then UINT32_MAX.
  const uint32_t* escapes() const { return escapes_.data(); }
  // True if there was a byte above 127.
  bool non_ascii() const { return non_ascii_; }

 private:
  // A list that is appended to a few at a time: a block of 64 bytes adds at most 64 positions.
  struct Positions {
    std::unique_ptr<uint32_t[]> bytes;
    uint32_t count = 0;
    uint32_t capacity = 0;

    uint32_t* data() const { return bytes.get(); }
    void MakeRoom() {
      if (capacity - count < 64 + 1) Grow();
    }
    void Grow();
  };

  Positions quotes_;
  Positions escapes_;
  bool non_ascii_ = false;

  friend struct IndexBuilder;
};

}  // namespace tailrace::json
