// SPDX-License-Identifier: Apache-2.0
#include "input/tail/tail_store.h"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

using State = GenerationRecord::State;

// Finished generations that are remembered after their paths have gone.
constexpr size_t kRememberedForgotten = 1000;

// The stores in use, by pos_file or plugin id.
struct Stores {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<TailStore>> by_key;
};

Stores& AllStores() {
  static Stores stores;
  return stores;
}

void SortBySequence(std::vector<GenerationRecord>& records) {
  std::sort(records.begin(), records.end(),
            [](const auto& a, const auto& b) { return a.sequence < b.sequence; });
}

}  // namespace

Result<std::shared_ptr<TailStore>> TailStore::Acquire(const std::string& pos_file,
                                                      const std::string& id, bool by_inode) {
  Stores& stores = AllStores();
  const std::lock_guard lock(stores.mutex);
  std::weak_ptr<TailStore>& known = stores.by_key[pos_file.empty() ? "@" + id : pos_file];
  if (std::shared_ptr<TailStore> store = known.lock()) {
    if (store->id_ != id) {
      return Fail("Other 'in_tail' plugin already use same pos_file path: plugin_id = " +
                  store->id_ + ", pos_file path = " + pos_file);
    }
    return store;
  }
  auto store = std::make_shared<TailStore>(Private{}, id);
  if (auto opened = store->Open(pos_file, by_inode); !opened) {
    return tl::unexpected<Error>(opened.error());
  }
  known = store;
  return store;
}

Status TailStore::Open(const std::string& pos_file, bool by_inode) {
  by_inode_ = by_inode;
  state_ = std::make_unique<StateFile>(pos_file.empty() ? "" : pos_file + ".state");
  if (pos_file.empty()) return {};
  positions_ = std::make_unique<PositionFile>(pos_file, by_inode);
  if (auto opened = positions_->Open(); !opened) return opened;
  if (auto opened = state_->Open(); !opened) return opened;
  if (positions_->bad_lines() > 0) {
    LogWarn(
        "pos_file has lines that cannot be understood; they are removed, files that they may "
        "have been for are taken up from the state beside it or as if new",
        {{"pos_file", pos_file}, {"lines", positions_->bad_lines()}});
  }
  if (state_->bad_lines() > 0) {
    LogWarn("damaged lines in the state of tail; they are passed over, older positions stand",
            {{"path", pos_file + ".state"}, {"lines", state_->bad_lines()}});
  }
  for (size_t slot = 0; slot < positions_->slots(); ++slot) {
    slots_by_path_[positions_->entry(slot).path] = slot;
    slots_by_inode_[positions_->entry(slot).inode] = slot;
  }
  for (const auto& [key, record] : state_->records()) {
    records_by_path_[record.path].push_back(key);
    sequence_ = std::max(sequence_, record.sequence);
    if (record.state == State::kDone) forgotten_.push_back(key);
  }
  std::sort(forgotten_.begin(), forgotten_.end(), [&](const auto& a, const auto& b) {
    return state_->records().at(a).sequence < state_->records().at(b).sequence;
  });
  return {};
}

bool TailStore::Claim(const FileId& file, const void* reader) {
  const std::lock_guard lock(mutex_);
  const auto [place, added] = claims_.try_emplace(file, reader);
  return added;
}

void TailStore::Release(const FileId& file, const void* reader) {
  const std::lock_guard lock(mutex_);
  const auto found = claims_.find(file);
  if (found != claims_.end() && found->second == reader) claims_.erase(found);
}

void TailStore::ReleaseAll(const void* reader) {
  const std::lock_guard lock(mutex_);
  std::erase_if(claims_, [&](const auto& claim) { return claim.second == reader; });
}

bool TailStore::Claimed(const FileId& file) {
  const std::lock_guard lock(mutex_);
  return claims_.contains(file);
}

std::optional<PositionEntry> TailStore::FindPosition(const std::string& path, uint64_t inode) {
  const std::lock_guard lock(mutex_);
  if (!positions_) return std::nullopt;
  const auto by_inode = slots_by_inode_.find(inode);
  if (by_inode != slots_by_inode_.end() && positions_->watched(by_inode->second) &&
      positions_->entry(by_inode->second).inode == inode) {
    return positions_->entry(by_inode->second);
  }
  const auto by_path = slots_by_path_.find(path);
  if (by_inode_ || by_path == slots_by_path_.end() || !positions_->watched(by_path->second)) {
    return std::nullopt;
  }
  return positions_->entry(by_path->second);
}

std::optional<size_t> TailStore::TakeSlot(const std::string& path, uint64_t position,
                                          uint64_t inode) {
  const std::lock_guard lock(mutex_);
  if (!positions_ || path.find_first_of("\t\n") != std::string::npos) return std::nullopt;
  std::optional<size_t> slot;
  if (by_inode_) {
    const auto found = slots_by_inode_.find(inode);
    if (found != slots_by_inode_.end()) slot = found->second;
  } else {
    const auto found = slots_by_path_.find(path);
    if (found != slots_by_path_.end()) slot = found->second;
  }
  const bool usable = slot && positions_->watched(*slot) && positions_->entry(*slot).path == path &&
                      (!by_inode_ || positions_->entry(*slot).inode == inode);
  if (!usable) {
    slot = positions_->Add({path, position, inode});
  } else if (auto written = positions_->Set(*slot, position, inode); !written) {
    LogWarn("a position could not be written; it is tried again with the next one",
            {{"error", written.error().message}});
  }
  slots_by_path_[path] = *slot;
  slots_by_inode_[inode] = *slot;
  return slot;
}

Status TailStore::SetPosition(size_t slot, uint64_t position, uint64_t inode) {
  const std::lock_guard lock(mutex_);
  return positions_->Set(slot, position, inode);
}

Status TailStore::Unwatch(size_t slot) {
  const std::lock_guard lock(mutex_);
  const PositionEntry entry = positions_->entry(slot);
  const auto by_path = slots_by_path_.find(entry.path);
  if (by_path != slots_by_path_.end() && by_path->second == slot) slots_by_path_.erase(by_path);
  const auto by_inode = slots_by_inode_.find(entry.inode);
  if (by_inode != slots_by_inode_.end() && by_inode->second == slot)
    slots_by_inode_.erase(by_inode);
  auto written = positions_->Unwatch(slot);
  // Pods come and go for years: the file must not grow with all that ever were.
  if (written && positions_->unwatched() > 1000 &&
      positions_->unwatched() * 2 > positions_->slots()) {
    written = positions_->Compact();
  }
  return written;
}

Status TailStore::CompactPositions() {
  const std::lock_guard lock(mutex_);
  if (!positions_) return {};
  return positions_->Compact();
}

Status TailStore::KeepPositionsOf(const std::vector<FoundFile>& files) {
  const std::lock_guard lock(mutex_);
  if (!positions_) return {};
  std::unordered_set<std::string> paths;
  std::unordered_set<uint64_t> inodes;
  for (const FoundFile& file : files) {
    paths.insert(file.path);
    inodes.insert(file.status.id.inode);
  }
  return positions_->Keep([&](const PositionEntry& entry) {
    return inodes.contains(entry.inode) || (!by_inode_ && paths.contains(entry.path));
  });
}

std::vector<GenerationRecord> TailStore::RecordsOf(const std::string& path) {
  const std::lock_guard lock(mutex_);
  std::vector<GenerationRecord> records;
  const auto found = records_by_path_.find(path);
  if (found == records_by_path_.end()) return records;
  for (const GenerationKey& key : found->second) {
    const auto record = state_->records().find(key);
    if (record != state_->records().end()) records.push_back(record->second);
  }
  SortBySequence(records);
  return records;
}

std::vector<GenerationRecord> TailStore::RecordsWithInode(uint64_t inode) {
  const std::lock_guard lock(mutex_);
  std::vector<GenerationRecord> records;
  const auto& all = state_->records();
  for (auto at = all.lower_bound({inode, 0}); at != all.end() && at->first.inode == inode; ++at) {
    records.push_back(at->second);
  }
  SortBySequence(records);
  return records;
}

std::vector<std::string> TailStore::UnfinishedPaths() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> paths;
  for (const auto& [path, keys] : records_by_path_) {
    const bool unfinished = std::any_of(keys.begin(), keys.end(), [&](const GenerationKey& key) {
      const auto record = state_->records().find(key);
      return record != state_->records().end() && record->second.state != State::kDone;
    });
    if (unfinished) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

uint64_t TailStore::NextCounter(uint64_t inode) {
  const std::vector<GenerationRecord> records = RecordsWithInode(inode);
  uint64_t next = 0;
  for (const GenerationRecord& record : records) next = std::max(next, record.key.counter + 1);
  return next;
}

uint64_t TailStore::NextSequence() {
  const std::lock_guard lock(mutex_);
  return ++sequence_;
}

void TailStore::Put(const GenerationRecord& record) {
  const std::lock_guard lock(mutex_);
  const auto known = state_->records().find(record.key);
  if (known != state_->records().end() && known->second.path != record.path) {
    std::erase(records_by_path_[known->second.path], record.key);
  }
  if (known == state_->records().end() || known->second.path != record.path) {
    records_by_path_[record.path].push_back(record.key);
  }
  state_->Put(record);
}

void TailStore::Remove(const GenerationKey& key) {
  const std::lock_guard lock(mutex_);
  RemoveLocked(key);
}

void TailStore::RemoveLocked(const GenerationKey& key) {
  const auto known = state_->records().find(key);
  if (known == state_->records().end()) return;
  const auto keys = records_by_path_.find(known->second.path);
  std::erase(keys->second, key);
  if (keys->second.empty()) records_by_path_.erase(keys);
  state_->Remove(key);
}

void TailStore::ForgetDone(const std::string& path, size_t keep) {
  std::vector<GenerationRecord> records = RecordsOf(path);
  std::erase_if(records, [](const auto& record) { return record.state != State::kDone; });
  for (size_t i = 0; i + keep < records.size(); ++i) Remove(records[i].key);
}

void TailStore::ForgetPath(const std::string& path) {
  const std::lock_guard lock(mutex_);
  const auto found = records_by_path_.find(path);
  if (found == records_by_path_.end()) return;
  forgotten_.insert(forgotten_.end(), found->second.begin(), found->second.end());
  while (forgotten_.size() > kRememberedForgotten) {
    const GenerationKey key = forgotten_.front();
    forgotten_.pop_front();
    const auto record = state_->records().find(key);
    if (record != state_->records().end() && record->second.state == State::kDone) {
      RemoveLocked(key);
    }
  }
}

Status TailStore::Flush() {
  const std::lock_guard lock(mutex_);
  return state_->Flush();
}

}  // namespace tailrace::tail
