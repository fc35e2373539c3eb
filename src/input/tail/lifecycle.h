// SPDX-License-Identifier: Apache-2.0
#pragma once
// How the generations of a target come and go: where reading begins at the start and after a
// restart, what a rotation or truncation means, which older generations are to be read first, and
// when one may be let go: never with bytes unread or unacknowledged. Bytes that vanished are
// counted and named. Used by one worker.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "input/tail/generation.h"
#include "input/tail/rotation.h"
#include "input/tail/tail_params.h"
#include "input/tail/tail_store.h"
#include "tailrace/health.h"
#include "tailrace/log.h"
#include "tailrace/plugin.h"
#include "tailrace/steady_clock.h"

namespace tailrace::tail {

class Lifecycle {
 public:
  struct Surroundings {
    std::string node;                    // part of identities
    std::function<void(Target&)> moved;  // a generation's position has moved
  };

  Lifecycle(const TailParams& params, std::shared_ptr<TailStore> store, InputRuntime& runtime,
            Surroundings surroundings);
  ~Lifecycle();

  // Finds out where reading begins and opens what is to be read, older generations first. False if
  // another reader has the file. `startup`: the file may be old.
  bool Begin(Target& target, bool startup, double now);
  // Takes up generations of a path that is there no more. False if there is nothing to read.
  bool BeginLeftover(Target& target, double now);
  // Looks at what the path leads to. True if something new may be there to read.
  bool Look(Target& target, double now);
  // The path is no longer the source's, or leads nowhere: what was there is read to its end.
  void Leave(Target& target);
  // The reader found that what it had read is not there any more.
  void Truncated(Target& target, Generation& generation, double now);

  // Makes sure that the file is open; false if it is not to be had now (or ever: gone).
  bool Open(Target& target, Generation& generation);
  void Close(Target& target, Generation& generation);
  enum class Identified : uint8_t {
    kYes,
    kNotYet,     // the first line is not complete
    kTruncated,  // this is not the content that was found at first
  };
  // Fixes the identity, and makes it last, before the first event leaves. With `unfinished` what is
  // there is taken for the first line. May add older generations to the target: those that came and
  // went before this content was there.
  Identified Identify(Target& target, Generation& generation, bool unfinished, double now);
  // True if the generation can be let go now, its last unfinished line aside.
  bool Finished(const Generation& generation, double now) const;
  // Lets the generation go. It must be settled.
  void LetGo(Target& target, Generation& generation);

  // Writes the position, and the record where that is due (`all`: in any case).
  void Commit(Target& target, Generation& generation, bool all, double now);
  // Writes the records of all generations.
  void PutRecords(Target& target);
  // Forgets a target whose path and generations are gone.
  void Forget(const Target& target);

  size_t open_files() const { return open_files_; }

 private:
  static void TakeTail(Generation& generation);
  GenerationRecord RecordOf(const Target& target, Generation& generation);
  std::unique_ptr<Generation> Make(Target& target, const GenerationKey& key, const FileStat& status,
                                   std::string name, SourceFile file, uint64_t position,
                                   double now);
  std::unique_ptr<Generation> Restore(Target& target, const GenerationRecord& record,
                                      std::string name, SourceFile file, const FileStat& status,
                                      uint64_t position, double now);
  // A file that is at the path now, and perhaps known from elsewhere.
  std::unique_ptr<Generation> Adopt(Target& target, const FileStat& status, std::string name,
                                    SourceFile file, uint64_t otherwise, double now);
  // True if the file still has what the record says was read of it, up to `position`.
  bool FitsIn(SourceFile& file, const FileStat& status, const GenerationRecord& record,
              uint64_t position) const;
  static std::optional<GenerationRecord> LastOf(const Target& target,
                                                const std::vector<GenerationRecord>& records,
                                                const std::optional<PositionEntry>& entry,
                                                const FileStat& status);
  tl::expected<std::pair<SourceFile, FileStat>, int> OpenCurrent(const Target& target);
  // Adds the rest of `last`, wherever its file is now, and with `later` what was rotated after it.
  void Chase(Target& target, const GenerationRecord& last, const std::optional<FileId>& current,
             bool later, double now);
  // Adds what was rotated after `last`, before the current generation.
  void AddMissed(Target& target, const GenerationRecord& last, std::vector<Sibling> missed,
                 double now);
  void AddHidden(Target& target, Generation& generation, double now);
  bool KnownContent(Target& target, SourceFile& file, const Sibling& sibling);
  void AddCurrent(Target& target, std::unique_ptr<Generation> generation);
  void AddOlder(Target& target, std::unique_ptr<Generation> generation);
  void TakeSlot(Target& target);
  void Rotate(Target& target, const FileStat& status, double now);
  void Lost(Target& target, const std::string& reason, uint64_t bytes, std::string_view happened);
  void Problem(Generation& generation, std::string_view verb, int error);

  const TailParams& params_;
  std::shared_ptr<TailStore> store_;
  InputRuntime& runtime_;
  Surroundings surroundings_;
  std::shared_ptr<SegmentPool> pool_;
  size_t open_files_ = 0;
  LogLimit write_limit_;
  std::shared_ptr<HealthCondition> writing_;
};

// The path with all symbolic links resolved; the path itself where that fails.
std::string RealPath(const std::string& path);

}  // namespace tailrace::tail
