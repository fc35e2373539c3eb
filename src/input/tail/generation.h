// SPDX-License-Identifier: Apache-2.0
#pragma once
// The files behind one path. A Generation is one file that stood (or stands) there, kept until it
// is read to its end and acknowledged; a Target is the path with its generations, the oldest first,
// and the parser's stream that runs through all of them.

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "input/tail/ack_tracker.h"
#include "input/tail/block_reader.h"
#include "input/tail/file_numbers.h"
#include "input/tail/group_limits.h"
#include "input/tail/source_file.h"
#include "input/tail/state_file.h"
#include "tailrace/plugin.h"

namespace tailrace::tail {

struct Generation {
  Generation() = default;
  Generation(const Generation&) = delete;
  Generation& operator=(const Generation&) = delete;
  ~Generation() {
    if (tracker) tracker->set_on_moved({});
  }

  GenerationKey key;
  int64_t birth = 0;
  FileId id;         // of the file that is read: key.inode's own, or a copy
  std::string name;  // where that file was last seen
  std::string real;  // the path, links resolved, when this was current
  bool gzip = false;
  SourceFile file;
  bool claimed = false;  // `id` is claimed in the store

  std::string identity;  // empty until the first line is complete
  Fingerprint head;
  uint64_t tail_at = 0;  // where the bytes of `tail` end
  Fingerprint tail;
  uint64_t sequence = 0;
  std::optional<size_t> slot;  // in the pos_file

  Cursor cursor;
  std::shared_ptr<AckTracker> tracker;
  uint64_t size = 0;     // when last looked at
  int64_t mtime = 0;     // when last looked at
  int64_t since = 0;     // mtime when this generation was found
  bool current = false;  // stands at the target's path
  bool gone = false;     // there is nothing left to read from
  bool at_end = false;   // the last reading found no more lines
  bool reused = false;   // an inode's next generation: others may have come and gone before it
  bool failed = false;   // the last reading or opening failed, and that was logged
  bool dirty = false;    // the position has moved since it was written
  double grown = 0;      // when something was last read, s of a steady clock
  double recorded = 0;   // when the record was last written
  uint64_t recorded_position = 0;
  uint64_t counted = 0;  // position up to which acknowledged bytes are counted

  // Everything that was read is acknowledged.
  bool settled() const { return tracker->pending() == 0; }
};

class Target {
 public:
  std::string path;
  std::string tag;
  std::unique_ptr<Parser::Stream> stream;
  std::deque<std::unique_ptr<Generation>> generations;

  // Where notices of its changes come from: the name itself, and what it leads to.
  std::string directory, name;
  std::string real_directory, real_name;

  GroupLimits::Share share;
  std::shared_ptr<FileNumbers> numbers;
  bool queued = false;   // waits for its turn to be read
  bool waiting = false;  // something else must happen first (limit, not writable)
  bool lingers = false;  // listed because of older generations
  bool moved = false;    // listed because a position has moved
  bool holding = false;  // listed because the stream holds an unfinished event
  double parsed = 0;     // when the stream last got lines
  double second = 0;     // read_bytes_limit_per_second: begin of the second ..
  uint64_t bytes = 0;    // .. and what was read in it

  Generation* current() const {
    return !generations.empty() && generations.back()->current ? generations.back().get() : nullptr;
  }
};

}  // namespace tailrace::tail
