// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads a file in blocks of whole lines. Nothing is kept per file but a cursor: an unfinished line
// stays in the file and is read again when it has grown. A line longer than a block is looked for
// its end block by block and then read in one piece; one that is longer than the splitter allows is
// passed over and never held in memory.
//
// Each read takes the last few bytes before the cursor along and compares them with what stood
// there: a file that was truncated and has grown past the cursor again is noticed at once.

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "input/tail/line_splitter.h"
#include "input/tail/source_file.h"

namespace tailrace::tail {

// Bytes that are compared before each read.
inline constexpr size_t kOverlapBytes = 64;

// Where the reading of a file stands.
struct Cursor {
  uint64_t next = 0;      // the first byte that is not in a line handed out
  uint64_t searched = 0;  // no line end in [next, searched); only kept for long lines
  bool too_long = false;  // the line at `next` is known to be longer than allowed
  uint8_t overlap = 0;    // bytes of `before` in use
  std::array<char, kOverlapBytes> before{};  // the bytes that end at `next`

  // Moves to `offset`, remembering what stands before it in `file`.
  void MoveTo(uint64_t offset, SourceFile& file);
  // True if what stood before it still stands there.
  bool StandsIn(SourceFile& file) const;
};

class BlockReader {
 public:
  static constexpr size_t kBlockBytes = 256 << 10;
  // Readable bytes after the end of any line, for parsers.
  static constexpr size_t kPadding = 64;

  enum class Outcome : uint8_t {
    kLines,      // lines() has some, or something was passed over; there may be more
    kMore,       // nothing to hand out yet, but the file has more: call again
    kNothing,    // no complete line from the cursor on
    kTruncated,  // what stood before the cursor is there no more
    kFailed,     // error() is the errno value
  };

  explicit BlockReader(LineSplitter splitter);

  // Reads lines from the cursor on, at most `bytes_max` (as one line may need, or more) and
  // `lines_max`. The lines are valid until the next call. Does not move the cursor.
  Outcome Read(SourceFile& file, Cursor& cursor, size_t bytes_max, size_t lines_max);

  std::vector<Line>& lines() { return lines_; }
  // Everything that the last Read took in from the cursor on; empty for a long line.
  std::string_view text() const { return text_; }
  // One past the last byte that was handed out or passed over by the last Read.
  uint64_t end() const { return end_; }
  // True if the last Read took in text after end(): there may be another line.
  bool more() const { return more_; }
  const LongLines& skipped() const { return skipped_; }
  int error() const { return error_; }

  // Moves the cursor behind what the last Read gave.
  void Accept(Cursor& cursor) const;
  // Reads what stands between the cursor and the end of the file as one line without a line end.
  Outcome ReadUnfinished(SourceFile& file, Cursor& cursor);

 private:
  Outcome ReadLong(SourceFile& file, Cursor& cursor);
  Outcome ReadWhole(SourceFile& file, const Cursor& cursor, uint64_t end);

  LineSplitter splitter_;
  std::unique_ptr<char[]> block_;
  std::unique_ptr<char[]> long_line_;
  std::string_view text_;
  const char* accepted_ = nullptr;  // text that ends at end_
  size_t accepted_size_ = 0;
  std::vector<Line> lines_;
  uint64_t end_ = 0;
  bool more_ = false;
  LongLines skipped_;
  int error_ = 0;
};

}  // namespace tailrace::tail
