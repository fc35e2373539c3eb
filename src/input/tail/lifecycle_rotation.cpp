// SPDX-License-Identifier: Apache-2.0
// Where reading begins, and what a rotation or truncation means.
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "input/tail/lifecycle.h"
#include "input/tail/whole_file.h"
#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

using State = GenerationRecord::State;

}  // namespace

bool Lifecycle::Begin(Target& target, bool startup, double now) {
  auto opened = OpenCurrent(target);
  if (!opened) {
    if (opened.error() != EBUSY && opened.error() != ENOENT) {
      LogWarn(FileProblem("open", target.path, opened.error()) +
                  "; it is tried again at the next refresh",
              {{"path", target.path}});
    }
    return false;
  }
  auto& [file, status] = *opened;
  const auto entry = store_->FindPosition(target.path, status.id.inode);
  const std::vector<GenerationRecord> records = store_->RecordsOf(target.path);
  std::optional<GenerationRecord> last = LastOf(target, records, entry, status);
  const bool entry_is_this = entry && entry->inode == status.id.inode;

  std::unique_ptr<Generation> generation;
  if (last && IsFileOf(*last, file, status)) {
    const uint64_t position = entry_is_this ? entry->position : last->position;
    if (FitsIn(file, status, *last, position)) {
      generation = Restore(target, *last, target.path, std::move(file), status, position, now);
      // Nothing had been read: it may have been written, copied and truncated more than once.
      generation->reused = last->identity.empty();
      generation->since = last->mtime;
    }
  }
  const bool continues = generation != nullptr;
  if (!continues) {
    uint64_t position = 0;
    if (!last && entry_is_this && entry->position <= status.size) {
      position = entry->position;
    } else if (!last && !entry_is_this && startup && !params_.read_from_head && records.empty()) {
      position = status.size;
    }
    generation = Adopt(target, status, target.path, std::move(file), position, now);
    generation->reused = last && generation->identity.empty();
  }
  AddCurrent(target, std::move(generation));
  for (const GenerationRecord& record : records) {
    const bool newest = !last && &record == &records.back();
    if (record.state == State::kOlder) Chase(target, record, status.id, newest, now);
  }
  if (last && !continues) {
    if (entry && entry->inode == last->key.inode) {
      last->position = std::max(last->position, entry->position);
    }
    Chase(target, *last, status.id, true, now);
  }
  TakeSlot(target);
  LogInfo("following tail of " + target.path);
  return true;
}

// What stood at the path when the agent ended, by the state or by the pos_file alone.
std::optional<GenerationRecord> Lifecycle::LastOf(const Target& target,
                                                  const std::vector<GenerationRecord>& records,
                                                  const std::optional<PositionEntry>& entry,
                                                  const FileStat& status) {
  std::optional<GenerationRecord> last;
  for (const GenerationRecord& record : records) {
    if (record.state == State::kCurrent) last = record;
  }
  if (records.empty() && entry && entry->inode != status.id.inode && entry->path == target.path) {
    // Fluentd's pos_file, and the file was rotated since: nothing but the inode is known.
    last.emplace();
    last->key.inode = entry->inode;
    last->position = last->size = entry->position;
    last->path = target.path;
    last->real = RealPath(target.path);
    last->mtime = INT64_MAX;
  }
  return last;
}

bool Lifecycle::BeginLeftover(Target& target, double now) {
  for (GenerationRecord record : store_->RecordsOf(target.path)) {
    if (record.state == State::kDone) continue;
    const auto entry = store_->FindPosition(target.path, record.key.inode);
    if (entry && entry->inode == record.key.inode) {
      record.position = std::max(record.position, entry->position);
    }
    Chase(target, record, std::nullopt, true, now);
  }
  PutRecords(target);
  return !target.generations.empty();
}

// --- Rotation ---

void Lifecycle::Chase(Target& target, const GenerationRecord& last,
                      const std::optional<FileId>& current, bool later, double now) {
  Lineage lineage = FindLineage(last, current);
  if (lineage.self) {
    if (store_->Claim(lineage.self->status.id, this)) {
      auto generation = Restore(target, last, lineage.self->path, std::move(lineage.self->file),
                                lineage.self->status, last.position, now);
      AddOlder(target, std::move(generation));
      LogInfo("reading the rest of a rotated file",
              {{"path", target.path}, {"file", lineage.self->path}, {"from", last.position}});
    }
  } else {
    // Of a file without an identity nothing was read: it is among the later ones then.
    const bool later_may_be_it =
        last.identity.empty() && last.sequence > 0 && !lineage.later.empty();
    if (last.size > last.position && !later_may_be_it) {
      Lost(target, "rotated_away", last.size - last.position,
           "was rotated away or truncated while it was not watched, and is not found");
    }
    // Kept, so that the same inode with the same content does not get the same identity again.
    GenerationRecord done = last;
    done.state = State::kDone;
    if (last.sequence > 0) store_->Put(done);
  }
  if (later) AddMissed(target, last, std::move(lineage.later), now);
}

// Rotated files that came and went as current ones while nobody looked.
void Lifecycle::AddMissed(Target& target, const GenerationRecord& last, std::vector<Sibling> missed,
                          double now) {
  for (Sibling& sibling : missed) {
    if (KnownContent(target, sibling.file, sibling)) continue;
    if (!store_->Claim(sibling.status.id, this)) continue;
    auto generation = Adopt(target, sibling.status, sibling.path, std::move(sibling.file), 0, now);
    generation->real = last.real;
    LogInfo("reading a file that was rotated while it was not watched",
            {{"path", target.path}, {"file", sibling.path}});
    AddOlder(target, std::move(generation));
  }
}

// True if the file, or what it is a copy of, is read by somebody or has been read.
bool Lifecycle::KnownContent(Target& target, SourceFile& file, const Sibling& sibling) {
  for (const auto& generation : target.generations) {
    if (generation->id == sibling.status.id) return true;
    // Not read yet, so nothing of it is in the store.
    if (generation->head.size == 0 && generation->file.is_open()) {
      generation->head = HeadOf(generation->file.Peek(0, kHeadBytes));
    }
    if (IsCopyOf(RecordOf(target, *generation), file)) return true;
  }
  for (const GenerationRecord& record : store_->RecordsOf(target.path)) {
    const bool own = !sibling.name.gzip && IsFileOf(record, file, sibling.status);
    if (!own && !IsCopyOf(record, file)) continue;
    const bool grown = own && sibling.status.size > record.position;
    if (record.state != State::kDone || !grown) return true;
  }
  return false;
}

bool Lifecycle::Look(Target& target, double now) {
  const auto status = StatPath(target.path);
  Generation* current = target.current();
  if (!status || !status->regular) {
    if (current != nullptr) Leave(target);
    return true;
  }
  if (current == nullptr || current->id != status->id) {
    Rotate(target, *status, now);
    return true;
  }
  const bool changed = current->size != status->size;
  current->size = status->size;
  current->mtime = status->mtime;
  target.numbers->size.Set(status->size);
  current->at_end = current->at_end && !changed;
  return changed || !current->at_end;
}

void Lifecycle::Leave(Target& target) {
  Generation& generation = *target.current();
  generation.current = false;
  generation.at_end = false;
  PutRecords(target);
}

void Lifecycle::Rotate(Target& target, const FileStat& status, double now) {
  const bool first = target.generations.empty();
  Generation* last = first ? nullptr : target.generations.back().get();
  for (auto& generation : target.generations) {
    if (generation->id != status.id || generation->gone) continue;
    // It was away for a while (a link made anew, say).
    generation->current = true;
    generation->name = target.path;
    generation->at_end = false;
    std::rotate(std::find(target.generations.begin(), target.generations.end(), generation),
                target.generations.end() - 1, target.generations.end());
    return;
  }
  auto opened = OpenCurrent(target);
  if (!opened) {
    // Another target reads this file, which was renamed onto our path; or it is gone again.
    if (target.current() != nullptr) Leave(target);
    return;
  }
  auto& [file, now_status] = *opened;
  auto generation = Adopt(target, now_status, target.path, std::move(file), 0, now);
  generation->reused = last != nullptr && generation->identity.empty();
  if (last != nullptr) {
    LogInfo(fmt::format("detected rotation of {}; waiting {:.1f} seconds", target.path,
                        params_.rotate_wait.value));
    target.numbers->rotated.Add();
    last->current = false;
    last->at_end = false;
    // Its place in the pos_file becomes the new one's.
    if (!params_.follow_inodes) last->slot.reset();
  }
  AddCurrent(target, std::move(generation));
  if (last != nullptr) {
    Lineage lineage = FindLineage(RecordOf(target, *last), now_status.id);
    if (lineage.self && !last->gone && lineage.self->status.id == last->id) {
      last->name = lineage.self->path;
    }
    AddMissed(target, RecordOf(target, *last), std::move(lineage.later), now);
  }
  TakeSlot(target);
}

void Lifecycle::Truncated(Target& target, Generation& generation, double now) {
  const auto status = generation.file.Stat();
  const FileId id = generation.id;
  const bool current = std::exchange(generation.current, false);
  const uint64_t unread = generation.size - std::min(generation.size, generation.cursor.next);
  Close(target, generation);
  generation.claimed = false;
  generation.at_end = false;
  target.numbers->rotated.Add();

  // copytruncate leaves a copy, where the rest of it can be read.
  Lineage lineage = FindLineage(RecordOf(target, generation), id);
  if (lineage.self && store_->Claim(lineage.self->status.id, this)) {
    generation.file = std::move(lineage.self->file);
    ++open_files_;
    generation.id = lineage.self->status.id;
    generation.name = lineage.self->path;
    generation.gzip = lineage.self->name.gzip;
    generation.size = lineage.self->status.size;
    generation.claimed = true;
    generation.cursor.MoveTo(generation.cursor.next, generation.file);
    LogInfo(target.path + " was truncated; the rest of it is read from its copy",
            {{"path", target.path}, {"copy", generation.name}, {"from", generation.cursor.next}});
  } else {
    generation.gone = true;
    LogInfo(target.path + " was truncated; it is read from its beginning",
            {{"path", target.path}, {"read", generation.cursor.next}});
    if (unread > 0) Lost(target, "truncated", unread, "was truncated");
  }
  AddMissed(target, RecordOf(target, generation), std::move(lineage.later), now);
  PutRecords(target);
  if (!current || !status) {
    store_->Release(id, this);
    return;
  }
  auto file = SourceFile::Open(target.path);
  if (!file || file->Stat().value_or(FileStat{}).id != id) {
    store_->Release(id, this);
    return;  // rotated as well: the next look finds what is there
  }
  const GenerationKey key{id.inode, store_->NextCounter(id.inode)};
  auto next = Make(target, key, *status, target.path, std::move(*file), 0, now);
  next->reused = true;
  generation.slot.reset();
  AddCurrent(target, std::move(next));
  TakeSlot(target);
}

void Lifecycle::AddHidden(Target& target, Generation& generation, double now) {
  GenerationRecord before = RecordOf(target, generation);
  before.head = {};
  before.position = 0;
  before.mtime = generation.since;
  AddMissed(target, before, FindLineage(before, generation.id).later, now);
  PutRecords(target);
}

}  // namespace tailrace::tail
