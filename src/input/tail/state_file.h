// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a pos_file cannot hold: for each generation of a file its identity and fingerprints, and the
// positions of generations that do not stand at their path any more. Kept beside the pos_file as
// PATH.state.
//
// Format: a first line, then one line for each change, tab separated, the last field a checksum of
// the line (16 hex digits, XXH3). Of lines with the same inode and counter the last one counts. A
// line is appended with one write, so a kill leaves whole lines; one that is damaged is passed over
// and counted, and the line before it for the same generation, with an older position, stands. When
// it has grown the file is replaced at once.
// Not thread safe: TailStore locks.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "input/tail/fingerprint.h"
#include "input/tail/source_file.h"
#include "tailrace/result.h"

namespace tailrace::tail {

// Which of the generations that had one inode this is.
struct GenerationKey {
  uint64_t inode = 0;
  uint64_t counter = 0;

  friend auto operator<=>(const GenerationKey&, const GenerationKey&) = default;
};

struct GenerationRecord {
  enum class State : uint8_t {
    kCurrent,  // stood at its path when this was written
    kOlder,    // was renamed, deleted or truncated, and is not finished
    kDone,     // read to its end and acknowledged
  };

  GenerationKey key;
  uint64_t device = 0;
  int64_t birth = 0;  // of the file, ns; 0 where that is not known
  State state = State::kCurrent;
  std::string identity;
  std::string path;  // that it was found by
  std::string real;  // where that led to, symbolic links resolved
  Fingerprint head;
  uint64_t tail_at = 0;  // where the bytes of `tail` end
  Fingerprint tail;
  uint64_t position = 0;  // acknowledged up to here
  uint64_t size = 0;      // when last looked at
  int64_t mtime = 0;      // when last looked at, ns
  uint64_t sequence = 0;  // order in which generations were found

  friend bool operator==(const GenerationRecord&, const GenerationRecord&) = default;
};

class StateFile {
 public:
  using Records = std::map<GenerationKey, GenerationRecord>;

  // With an empty path records are kept in memory only.
  explicit StateFile(std::string path) : path_(std::move(path)) {}
  StateFile(const StateFile&) = delete;
  StateFile& operator=(const StateFile&) = delete;
  ~StateFile();

  // Reads the file, or makes it, and writes it anew.
  Status Open();
  uint64_t bad_lines() const { return bad_lines_; }
  // True if there was a file.
  bool found() const { return found_; }

  const Records& records() const { return records_; }
  // Puts a record in place of the one with its key; written by the next Flush().
  void Put(const GenerationRecord& record);
  void Remove(const GenerationKey& key);
  // Appends what changed. After a failure everything is written anew by the next call.
  Status Flush();

  static std::string Format(const GenerationRecord& record);
  // False if the line is damaged.
  static bool Parse(std::string_view line, GenerationRecord& record, bool* removed);

 private:
  Status Rewrite();

  std::string path_;
  int fd_ = -1;
  bool found_ = false;
  bool broken_ = false;  // the file's end is not known: write anew
  uint64_t size_ = 0;
  uint64_t live_size_ = 0;  // size after it was last written anew
  uint64_t bad_lines_ = 0;
  Records records_;
  std::string changes_;
};

}  // namespace tailrace::tail
