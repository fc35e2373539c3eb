// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the instances of one tail source share in the process: its pos_file, the state beside it,
// and who reads which file. Without a pos_file nothing is kept on disk, all else is the same.
//
// Threads: any worker; everything locks. Called when files come and go and when positions are
// written, never per batch.

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "input/tail/discovery.h"
#include "input/tail/position_file.h"
#include "input/tail/state_file.h"

namespace tailrace::tail {

class TailStore {
  struct Private {};  // only Acquire() makes stores

 public:
  TailStore(Private, std::string id) : id_(std::move(id)) {}
  // The store of `pos_file`, or of the plugin `id` where that is empty; made when nobody has it.
  // Fails if a plugin with another id uses the pos_file, or the files cannot be used.
  static Result<std::shared_ptr<TailStore>> Acquire(const std::string& pos_file,
                                                    const std::string& id, bool by_inode);

  // Takes the file for `reader`. False if another one has it.
  bool Claim(const FileId& file, const void* reader);
  void Release(const FileId& file, const void* reader);
  // Lets go of everything that `reader` has.
  void ReleaseAll(const void* reader);
  bool Claimed(const FileId& file);

  // The pos_file's entry for the path (or the inode, with follow_inodes), or one for this inode.
  std::optional<PositionEntry> FindPosition(const std::string& path, uint64_t inode);
  // A slot for the path's position; the one that is there already is taken over. No slot for paths
  // that the format cannot hold.
  std::optional<size_t> TakeSlot(const std::string& path, uint64_t position, uint64_t inode);
  Status SetPosition(size_t slot, uint64_t position, uint64_t inode);
  Status Unwatch(size_t slot);
  Status CompactPositions();
  // Removes the positions of files that are not there any more, as Fluentd does at its start. What
  // is unread of them is in the records.
  Status KeepPositionsOf(const std::vector<FoundFile>& files);

  // All records of this path (or with this inode), in the order in which they were found.
  std::vector<GenerationRecord> RecordsOf(const std::string& path);
  std::vector<GenerationRecord> RecordsWithInode(uint64_t inode);
  // Every path that has unfinished records.
  std::vector<std::string> UnfinishedPaths();
  // The counter for a new generation with this inode: one more than any that is known.
  uint64_t NextCounter(uint64_t inode);
  uint64_t NextSequence();
  void Put(const GenerationRecord& record);
  void Remove(const GenerationKey& key);
  // Forgets all but the last few finished generations of the path.
  void ForgetDone(const std::string& path, size_t keep);
  // The path is not read any more. Its finished generations are still remembered for a while: an
  // inode that is used again must not give an identity again.
  void ForgetPath(const std::string& path);
  // Makes what was put last: after this a kill loses nothing of it.
  Status Flush();

  bool on_disk() const { return positions_ != nullptr; }

 private:
  Status Open(const std::string& pos_file, bool by_inode);
  void RemoveLocked(const GenerationKey& key);

  const std::string id_;
  std::mutex mutex_;
  std::unordered_map<FileId, const void*, FileIdHash> claims_;
  bool by_inode_ = false;
  std::unique_ptr<PositionFile> positions_;
  std::unordered_map<std::string, size_t> slots_by_path_;
  std::unordered_map<uint64_t, size_t> slots_by_inode_;
  std::unique_ptr<StateFile> state_;  // without a pos_file: never opened, records only
  std::unordered_map<std::string, std::vector<GenerationKey>> records_by_path_;
  std::deque<GenerationKey> forgotten_;
  uint64_t sequence_ = 0;
};

}  // namespace tailrace::tail
