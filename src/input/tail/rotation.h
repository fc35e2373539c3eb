// SPDX-License-Identifier: Apache-2.0
#pragma once
// What became of a log file when it was rotated. Rotated generations stand beside the file under
// names made from its own: a.log.1, a.log.2.gz (logrotate), 0.log.20240115-103000[.gz] (the
// kubelet), a.log-20240115, a-2024-01-15.log, a.log.old. They are told by inode and by content,
// names only give their order.

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "input/tail/source_file.h"
#include "input/tail/state_file.h"

namespace tailrace::tail {

struct RotatedName {
  bool numbered =
      false;            // a.log.1: the greater, the older; otherwise a date: the greater, the newer
  uint64_t number = 0;  // of a numbered name
  std::string stamp;    // the digits of a date, empty for .old and the like
  bool gzip = false;
};

// How `name` was made from `base`; nothing if it was not.
std::optional<RotatedName> ParseRotatedName(std::string_view base, std::string_view name);

struct Sibling {
  std::string path;
  RotatedName name;
  FileStat status;
  SourceFile file{};  // open where it was asked for
};

// The rotated generations of the file `real`, the oldest first.
std::vector<Sibling> RotatedSiblings(const std::string& real);

// A generation's file, found under another name, and what was rotated after it; all open.
struct Lineage {
  std::optional<Sibling> self;
  std::vector<Sibling> later;  // the oldest first
};

// Looks for the file of `last`, which stood at last.real and is there no more: by inode, or as a
// copy (copytruncate, gzip) by its first bytes. `current` is what stands at the path now. Where the
// file is not to be found, generations that were written after last.mtime count as later.
Lineage FindLineage(const GenerationRecord& last, const std::optional<FileId>& current);

// True if `file` is the one that the record is of: the same inode, not used for another file since
// (where the file system tells), and the same first bytes.
bool IsFileOf(const GenerationRecord& record, SourceFile& file, const FileStat& status);

// True if `file` has what the record's file had: its first bytes and those before its position.
// Never for a record of nothing.
bool IsCopyOf(const GenerationRecord& record, SourceFile& file);

// True if the file begins with what `head` was taken from; not for an empty fingerprint.
bool BeginsWith(SourceFile& file, const Fingerprint& head);

}  // namespace tailrace::tail
