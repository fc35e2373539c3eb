// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fluentd's pos_file: a line for each file, "PATH TAB position TAB inode LF", the numbers as 16 hex
// digits, updated in place. A file that is watched no more has the position ffffffffffffffff.
//
// Reading accepts what Fluentd accepts: any number of digits, text after them; of lines with the
// same key (path, or inode with follow_inodes) the last one counts, at the place of the first.
// Not thread safe: TailStore locks.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::tail {

inline constexpr uint64_t kUnwatchedPosition = UINT64_MAX;

struct PositionEntry {
  std::string path;
  uint64_t position = 0;
  uint64_t inode = 0;

  friend bool operator==(const PositionEntry&, const PositionEntry&) = default;
};

// The watched entries of a pos_file's text. Lines that say nothing are counted in `bad_lines`.
std::vector<PositionEntry> ParsePositions(std::string_view text, bool by_inode,
                                          uint64_t* bad_lines);
std::string FormatPosition(const PositionEntry& entry);

class PositionFile {
 public:
  PositionFile(std::string path, bool by_inode) : path_(std::move(path)), by_inode_(by_inode) {}
  PositionFile(const PositionFile&) = delete;
  PositionFile& operator=(const PositionFile&) = delete;
  ~PositionFile();

  // Reads the file, or makes it with its directories, and writes it anew without what is of no use.
  Status Open();
  // Lines of the file that could not be understood.
  uint64_t bad_lines() const { return bad_lines_; }
  const std::string& path() const { return path_; }

  // A slot number stays valid until the slot is unwatched and the file compacted.
  size_t slots() const { return slots_.size(); }
  const PositionEntry& entry(size_t slot) const { return slots_[slot].entry; }
  bool watched(size_t slot) const { return slots_[slot].used && !slots_[slot].unwatched; }

  // Appends an entry; returns its slot. The error of a failed write comes with the next Set().
  size_t Add(PositionEntry entry);
  // Writes position and inode in place.
  Status Set(size_t slot, uint64_t position, uint64_t inode);
  Status Unwatch(size_t slot);
  // Writes the file anew with the watched entries only.
  Status Compact();
  size_t unwatched() const { return unwatched_; }
  // Removes the entries that `keep` does not want.
  Status Keep(const std::function<bool(const PositionEntry&)>& keep);

 private:
  struct Slot {
    PositionEntry entry;
    uint64_t numbers_at = 0;  // file offset of the position's digits
    bool used = true;
    bool unwatched = false;
  };

  Status WriteNumbers(const Slot& slot);
  Status Rewrite(const std::string& text);

  std::string path_;
  bool by_inode_;
  int fd_ = -1;
  uint64_t size_ = 0;
  bool append_failed_ = false;  // an entry is not in the file: it must be written anew
  uint64_t bad_lines_ = 0;
  size_t unwatched_ = 0;
  std::vector<Slot> slots_;
  std::vector<size_t> free_;  // slots that are not used
};

}  // namespace tailrace::tail
