// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finds the lines of a piece of text. A line ends with a newline; a carriage return before it is
// dropped, as Fluentd does. In two-byte encodings (from_encoding UTF-16) the newline is two bytes.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/batch.h"

namespace tailrace::tail {

// Lines that were passed over because they were too long.
struct LongLines {
  uint64_t lines = 0;
  uint64_t bytes = 0;
};

class LineSplitter {
 public:
  // Lines of more than `longest` bytes, the newline counted, are passed over.
  explicit LineSplitter(uint64_t longest, std::string newline = "\n");

  uint64_t longest() const { return longest_; }
  size_t newline_size() const { return newline_.size(); }

  // Where the first line of `text` ends (one past the newline), at or after `from`; npos if it does
  // not end here. `from` is a multiple of the newline's size.
  size_t FindEnd(std::string_view text, size_t from) const;
  // Appends the complete lines of `text`, which stands at `base` in its source, but no more than
  // `lines_max` of them. Returns how many bytes they take.
  size_t Split(std::string_view text, uint64_t base, size_t lines_max, std::vector<Line>& lines,
               LongLines& skipped) const;
  // `text` without its line end.
  std::string_view WithoutEnd(std::string_view text) const;

 private:
  uint64_t longest_;
  std::string newline_;
  std::string carriage_return_;
};

}  // namespace tailrace::tail
