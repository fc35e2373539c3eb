// SPDX-License-Identifier: Apache-2.0
#include "input/tail/lifecycle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <cstdlib>
#include <utility>

#include "input/tail/whole_file.h"
#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

using State = GenerationRecord::State;

// How long a renamed file that has become quiet is kept open: its writer may still have it open.
constexpr double kRenamedQuietSeconds = 60;
// How much may be read anew after a kill before the check of the bytes before the position is
// renewed.
constexpr uint64_t kRecordBytes = 1 << 20;
constexpr double kRecordSeconds = 5;
// Finished generations of a path that are remembered, so that they are not taken for missed ones.
constexpr size_t kRememberedDone = 16;

}  // namespace

double SteadySeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string RealPath(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
  return real ? std::string(real.get()) : path;
}

Lifecycle::Lifecycle(const TailParams& params, std::shared_ptr<TailStore> store,
                     InputRuntime& runtime, Surroundings surroundings)
    : params_(params),
      store_(std::move(store)),
      runtime_(runtime),
      surroundings_(std::move(surroundings)),
      pool_(std::make_shared<SegmentPool>()) {}

Lifecycle::~Lifecycle() { store_->ReleaseAll(this); }

// --- Opening and closing
// --------------------------------------------------------------------------

bool Lifecycle::Open(Target& target, Generation& generation) {
  if (generation.gone) return false;
  if (generation.file.is_open()) return true;
  auto file = SourceFile::Open(generation.name, generation.gzip);
  if (file) {
    const auto status = file->Stat();
    if (!status || status->id != generation.id) file = tl::unexpected<int>(ESTALE);
  }
  if (!file && (file.error() == ENOENT || file.error() == ESTALE)) {
    // It was moved while it was closed.
    Lineage lineage = FindLineage(RecordOf(target, generation), std::nullopt);
    if (lineage.self) {
      file = std::move(lineage.self->file);
      generation.name = lineage.self->path;
      generation.gzip = lineage.self->name.gzip;
      generation.id = lineage.self->status.id;
    } else {
      generation.gone = true;
      const uint64_t unread = generation.size - std::min(generation.size, generation.cursor.next);
      if (unread > 0) Lost(target, "deleted", unread, "was deleted while it was closed");
      return false;
    }
  }
  if (!file) {
    Problem(generation, "open", file.error());
    return false;
  }
  generation.file = std::move(*file);
  generation.failed = false;
  ++open_files_;
  target.numbers->opened.Add();
  return true;
}

void Lifecycle::Close(Target& target, Generation& generation) {
  if (!generation.file.is_open()) return;
  generation.file.Close();
  --open_files_;
  target.numbers->closed.Add();
}

void Lifecycle::Problem(Generation& generation, std::string_view verb, int error) {
  if (std::exchange(generation.failed, true)) return;
  LogWarn(FileProblem(verb, generation.name, error) + "; it is tried again at the next refresh",
          {{"path", generation.name}});
}

void Lifecycle::Lost(Target& target, const std::string& reason, uint64_t bytes,
                     std::string_view happened) {
  LogError("bytes of " + target.path + " are lost: the file " + std::string(happened) +
               " before they were read",
           {{"path", target.path}, {"bytes", bytes}, {"reason", reason}});
  target.numbers->lost.Add(bytes);
  runtime_.CountLostBytes(reason, bytes);
}

// --- Making generations
// ---------------------------------------------------------------------------

std::unique_ptr<Generation> Lifecycle::Make(Target& target, const GenerationKey& key,
                                            const FileStat& status, std::string name,
                                            SourceFile file, uint64_t position, double now) {
  auto generation = std::make_unique<Generation>();
  generation->key = key;
  generation->id = status.id;
  generation->birth = status.birth;
  generation->name = std::move(name);
  generation->real = RealPath(target.path);
  generation->gzip = file.gzip();
  generation->file = std::move(file);
  generation->sequence = store_->NextSequence();
  generation->size = status.size;
  generation->mtime = generation->since = status.mtime;
  generation->grown = now;
  generation->head = HeadOf(generation->file.Peek(0, kHeadBytes));
  generation->cursor.MoveTo(position, generation->file);
  generation->recorded_position = generation->counted = position;
  generation->tracker = std::make_shared<AckTracker>(pool_, position);
  Generation* raw = generation.get();
  Target* owner = &target;
  generation->tracker->set_on_moved([this, raw, owner] {
    raw->dirty = true;
    surroundings_.moved(*owner);
  });
  ++open_files_;
  target.numbers->opened.Add();
  return generation;
}

std::unique_ptr<Generation> Lifecycle::Restore(Target& target, const GenerationRecord& record,
                                               std::string name, SourceFile file,
                                               const FileStat& status, uint64_t position,
                                               double now) {
  auto generation =
      Make(target, record.key, status, std::move(name), std::move(file), position, now);
  generation->identity = record.identity;
  if (record.head.size > generation->head.size) generation->head = record.head;
  generation->tail_at = record.tail_at;
  generation->tail = record.tail;
  generation->birth = record.birth;
  if (!record.real.empty()) generation->real = record.real;
  if (record.sequence > 0) generation->sequence = record.sequence;
  if (!record.identity.empty()) {
    generation->tracker->set_origin(
        std::make_shared<const Origin>(Origin{target.tag, target.path, generation->identity}));
  }
  return generation;
}

Lifecycle::Place Lifecycle::PlaceIn(SourceFile& file, const FileStat& status,
                                    const GenerationRecord& record, uint64_t position) const {
  if (position > status.size || record.tail_at > status.size) return {0, true};
  if (record.tail.size > 0 &&
      !Matches(record.tail, file.Peek(record.tail_at - record.tail.size, record.tail.size))) {
    return {0, true};
  }
  return {position, false};
}

std::unique_ptr<Generation> Lifecycle::Adopt(Target& target, const FileStat& status,
                                             std::string name, SourceFile file, uint64_t otherwise,
                                             double now) {
  std::vector<GenerationRecord> known = store_->RecordsWithInode(status.id.inode);
  std::reverse(known.begin(), known.end());
  for (const GenerationRecord& record : known) {
    if (record.head.size == 0 || !IsFileOf(record, file, status)) continue;
    uint64_t position = record.position;
    const auto entry = store_->FindPosition(record.path, status.id.inode);
    if (record.state == State::kCurrent && entry && entry->inode == status.id.inode) {
      position = entry->position;
    }
    if (PlaceIn(file, status, record, position).truncated) continue;
    return Restore(target, record, std::move(name), std::move(file), status, position, now);
  }
  const GenerationKey key{status.id.inode, store_->NextCounter(status.id.inode)};
  return Make(target, key, status, std::move(name), std::move(file), otherwise, now);
}

void Lifecycle::AddCurrent(Target& target, std::unique_ptr<Generation> generation,
                           const FileStat& status) {
  generation->current = true;
  generation->claimed = true;
  generation->real = RealPath(target.path);
  generation->slot =
      store_->TakeSlot(target.path, generation->tracker->position(), status.id.inode);
  target.numbers->inode.Set(status.id.inode);
  target.numbers->position.Set(generation->tracker->position());
  target.numbers->read.Set(generation->cursor.next);
  target.numbers->size.Set(status.size);
  target.generations.push_back(std::move(generation));
}

// --- Start
// ----------------------------------------------------------------------------------------

bool Lifecycle::Begin(Target& target, const FileStat& status, bool startup, double now) {
  if (!store_->Claim(status.id, this)) return false;
  auto opened = SourceFile::Open(target.path);
  if (!opened) {
    store_->Release(status.id, this);
    LogWarn(FileProblem("open", target.path, opened.error()) +
                "; it is tried again at the next refresh",
            {{"path", target.path}});
    return false;
  }
  const auto entry = store_->FindPosition(target.path, status.id.inode);
  const bool entry_is_this = entry && entry->inode == status.id.inode;
  const std::vector<GenerationRecord> records = store_->RecordsOf(target.path);
  std::optional<GenerationRecord> last;
  for (const GenerationRecord& record : records) {
    if (record.state == State::kCurrent) last = record;
  }
  for (const GenerationRecord& record : records) {
    const bool newest = !last && &record == &records.back();
    if (record.state == State::kOlder) Chase(target, record, status.id, newest, now);
  }
  if (!last && entry && !entry_is_this && entry->path == target.path) {
    // Fluentd's pos_file, and the file was rotated since: nothing but the inode is known.
    last.emplace();
    last->key.inode = entry->inode;
    last->position = last->size = entry->position;
    last->path = target.path;
    last->real = RealPath(target.path);
    last->mtime = INT64_MAX;
  }

  std::unique_ptr<Generation> generation;
  const bool same = last && IsFileOf(*last, *opened, status);
  if (same) {
    const Place place =
        PlaceIn(*opened, status, *last, entry_is_this ? entry->position : last->position);
    if (!place.truncated) {
      generation =
          Restore(target, *last, target.path, std::move(*opened), status, place.position, now);
      // Nothing had been read: it may have been written, copied and truncated more than once.
      generation->reused = last->identity.empty();
      generation->since = last->mtime;
    }
  }
  if (!generation && last) {
    if (entry && entry->inode == last->key.inode) {
      last->position = std::max(last->position, entry->position);
    }
    Chase(target, *last, status.id, true, now);
    generation = Adopt(target, status, target.path, std::move(*opened), 0, now);
    generation->reused = generation->identity.empty();
  } else if (!generation && entry_is_this) {
    const uint64_t position = entry->position <= status.size ? entry->position : 0;
    generation = Adopt(target, status, target.path, std::move(*opened), position, now);
  } else if (!generation) {
    // A path that was read before goes on where that ended: with all that came since.
    const bool from_end = startup && !params_.read_from_head && records.empty();
    const uint64_t position = from_end ? status.size : 0;
    generation = Adopt(target, status, target.path, std::move(*opened), position, now);
  }
  AddCurrent(target, std::move(generation), status);
  PutRecords(target);
  LogInfo("following tail of " + target.path);
  return true;
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

// --- Rotation
// -------------------------------------------------------------------------------------

void Lifecycle::Chase(Target& target, const GenerationRecord& last,
                      const std::optional<FileId>& current, bool later, double now) {
  Lineage lineage = FindLineage(last, current);
  if (lineage.self) {
    if (store_->Claim(lineage.self->status.id, this)) {
      auto generation = Restore(target, last, lineage.self->path, std::move(lineage.self->file),
                                lineage.self->status, last.position, now);
      generation->claimed = true;
      target.generations.push_back(std::move(generation));
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
    generation->claimed = true;
    generation->real = last.real;
    LogInfo("reading a file that was rotated while it was not watched",
            {{"path", target.path}, {"file", sibling.path}});
    const bool before_last = target.current() != nullptr;
    target.generations.insert(target.generations.end() - (before_last ? 1 : 0),
                              std::move(generation));
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
  if (!store_->Claim(status.id, this)) {
    // Another target reads this file; it was renamed onto our path.
    if (target.current() != nullptr) Leave(target);
    return;
  }
  auto file = SourceFile::Open(target.path);
  if (!file) {
    store_->Release(status.id, this);
    return;
  }
  if (last != nullptr) {
    LogInfo(fmt::format("detected rotation of {}; waiting {:.1f} seconds", target.path,
                        params_.rotate_wait.value));
    target.numbers->rotated.Add();
    last->current = false;
    last->at_end = false;
    Lineage lineage = FindLineage(RecordOf(target, *last), status.id);
    if (lineage.self && !last->gone && lineage.self->status.id == last->id) {
      last->name = lineage.self->path;
    }
    AddMissed(target, RecordOf(target, *last), std::move(lineage.later), now);
  }
  auto generation = Adopt(target, status, target.path, std::move(*file), 0, now);
  generation->reused = last != nullptr && generation->identity.empty();
  // The old generation's place in the pos_file becomes the new one's; first its record must stand.
  if (!params_.follow_inodes && last != nullptr) last->slot.reset();
  if (store_->on_disk()) {
    PutRecords(target);
    static_cast<void>(store_->Flush());
  }
  AddCurrent(target, std::move(generation), status);
  PutRecords(target);
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
  if (!current || !status) {
    store_->Release(id, this);
    return;
  }
  auto file = SourceFile::Open(target.path);
  if (!file || file->Stat().value_or(FileStat{}).id != id) {
    store_->Release(id, this);
    return;  // rotated as well: the next look finds what is there
  }
  generation.slot.reset();
  PutRecords(target);
  const GenerationKey key{id.inode, store_->NextCounter(id.inode)};
  auto next = Make(target, key, *status, target.path, std::move(*file), 0, now);
  next->reused = true;
  static_cast<void>(store_->Flush());
  AddCurrent(target, std::move(next), *status);
  PutRecords(target);
}

// --- Identity and records
// -------------------------------------------------------------------------

bool Lifecycle::AddHidden(Target& target, Generation& generation, double now) {
  if (!std::exchange(generation.reused, false)) return false;
  GenerationRecord before = RecordOf(target, generation);
  before.head = {};
  before.position = 0;
  before.mtime = generation.since;
  const size_t known = target.generations.size();
  AddMissed(target, before, FindLineage(before, generation.id).later, now);
  return target.generations.size() > known;
}

bool Lifecycle::Identify(Target& target, Generation& generation, bool unfinished) {
  if (!generation.identity.empty()) return true;
  std::string head = generation.file.Peek(0, kHeadBytes);
  const size_t newline = head.find('\n');
  if (newline == std::string::npos && head.size() < kHeadBytes && !unfinished) return false;
  generation.head = FingerprintOf(head);
  if (newline != std::string::npos) head.resize(newline + 1);
  generation.identity =
      IdentityOf(surroundings_.node, generation.key.inode, head, generation.key.counter);
  generation.tracker->set_origin(
      std::make_shared<const Origin>(Origin{target.tag, target.path, generation.identity}));
  store_->Put(RecordOf(target, generation));
  if (auto flushed = store_->Flush(); !flushed) {
    LogWarn(
        "the identity of a file could not be written; after a crash its events may get other "
        "ids",
        {{"path", target.path}, {"error", flushed.error().message}});
  }
  return true;
}

// Renews the fingerprint of the bytes before the position.
void Lifecycle::TakeTail(Generation& generation) {
  const uint64_t position = generation.tracker->position();
  // Offsets in a compressed file cannot be looked at without unpacking all before them.
  if (!generation.file.is_open() || generation.gzip || position == 0) return;
  const uint64_t size = std::min<uint64_t>(kTailBytes, position);
  const std::string tail = generation.file.Peek(position - size, size);
  // Only if the file is still what was read: it may have been truncated and written anew.
  if (tail.size() < size || !generation.cursor.StandsIn(generation.file)) return;
  generation.tail_at = position;
  generation.tail = FingerprintOf(tail);
}

GenerationRecord Lifecycle::RecordOf(const Target& target, Generation& generation) {
  GenerationRecord record;
  record.key = generation.key;
  record.device = generation.id.device;
  record.birth = generation.birth;
  record.state = generation.current ? State::kCurrent : State::kOlder;
  record.identity = generation.identity;
  record.path = target.path;
  record.real = generation.real;
  record.head = generation.head;
  record.position = generation.tracker->position();
  record.size = generation.size;
  // While nothing is known of its content, all that was rotated since it was found may be before
  // it.
  record.mtime = generation.identity.empty() ? generation.since : generation.mtime;
  record.sequence = generation.sequence;
  TakeTail(generation);
  record.tail_at = generation.tail_at;
  record.tail = generation.tail;
  return record;
}

void Lifecycle::PutRecords(Target& target) {
  for (const auto& generation : target.generations) store_->Put(RecordOf(target, *generation));
}

void Lifecycle::Commit(Target& target, Generation& generation, bool all, double now) {
  const uint64_t position = generation.tracker->position();
  generation.dirty = false;
  target.numbers->acked_total.Add(position - std::exchange(generation.counted, position));
  if (generation.current) target.numbers->position.Set(position);
  if (generation.slot) {
    if (auto written = store_->SetPosition(*generation.slot, position, generation.key.inode);
        !written) {
      generation.dirty = true;
      uint64_t suppressed = 0;
      if (write_limit_.Allow(&suppressed)) {
        LogError("positions cannot be written; they stay as they are and are tried again",
                 {{"error", written.error().message}});
      }
    }
  }
  if (!store_->on_disk()) return;
  bool due = all || !generation.slot;
  if (generation.head.size < kHeadBytes && generation.file.is_open()) {
    const std::string head = generation.file.Peek(0, kHeadBytes);
    if (head.size() > generation.head.size && generation.head.size > 0 &&
        Matches(generation.head, head)) {
      generation.head = FingerprintOf(head);
      due = true;
    }
  }
  due = due || now - generation.recorded > kRecordSeconds ||
        position - generation.recorded_position > kRecordBytes;
  if (!due) return;
  generation.recorded = now;
  generation.recorded_position = position;
  store_->Put(RecordOf(target, generation));
}

// --- Letting go
// -----------------------------------------------------------------------------------

bool Lifecycle::Finished(const Generation& generation, double now) const {
  if (generation.current || !generation.settled()) return false;
  if (generation.gone) return true;
  if (!generation.at_end || !generation.file.is_open()) return false;
  const auto status = generation.file.Stat();
  if (!status) return true;
  if (!generation.gzip && status->size > generation.size) return false;
  const bool renamed = status->links > 0 && generation.id.inode == generation.key.inode;
  const double quiet = renamed && !generation.gzip
                           ? std::max(params_.rotate_wait.value, kRenamedQuietSeconds)
                           : params_.rotate_wait.value;
  return now - generation.grown >= quiet;
}

void Lifecycle::LetGo(Target& target, Generation& generation) {
  GenerationRecord record = RecordOf(target, generation);
  record.state = State::kDone;
  store_->Put(record);
  if (generation.id.inode != generation.key.inode && !generation.gone) {
    // A copy was read: should it be found under a path of ours, it is not read again.
    record.key = {generation.id.inode, store_->NextCounter(generation.id.inode)};
    store_->Put(record);
  }
  store_->ForgetDone(target.path, kRememberedDone);
  if (generation.slot) static_cast<void>(store_->Unwatch(*generation.slot));
  Close(target, generation);
  if (generation.claimed) store_->Release(generation.id, this);
  std::erase_if(target.generations, [&](const auto& held) { return held.get() == &generation; });
}

void Lifecycle::Forget(const Target& target) { store_->ForgetPath(target.path); }

}  // namespace tailrace::tail
