// SPDX-License-Identifier: Apache-2.0
#include "input/tail/lifecycle.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
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
constexpr size_t kRememberedDone = 64;

}  // namespace

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
      pool_(std::make_shared<SegmentPool>()),
      writing_(
          Health::Global().Add("positions of " + params.pos_file.value_or("a tail source"), 0)) {}

Lifecycle::~Lifecycle() { store_->ReleaseAll(this); }

// --- Opening and closing ---

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

// --- Making generations ---

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

bool Lifecycle::FitsIn(SourceFile& file, const FileStat& status, const GenerationRecord& record,
                       uint64_t position) const {
  if (position > status.size || record.tail_at > status.size) return false;
  return record.tail.size == 0 ||
         Matches(record.tail, file.Peek(record.tail_at - record.tail.size, record.tail.size));
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
    if (!FitsIn(file, status, record, position)) continue;
    return Restore(target, record, std::move(name), std::move(file), status, position, now);
  }
  const GenerationKey key{status.id.inode, store_->NextCounter(status.id.inode)};
  return Make(target, key, status, std::move(name), std::move(file), otherwise, now);
}

// The new current generation. It gets its place in the pos_file by TakeSlot(), when the records of
// those before it stand.
void Lifecycle::AddCurrent(Target& target, std::unique_ptr<Generation> generation) {
  generation->current = true;
  generation->claimed = true;
  generation->real = RealPath(target.path);
  target.numbers->inode.Set(generation->key.inode);
  target.numbers->position.Set(generation->tracker->position());
  target.numbers->read.Set(generation->cursor.next);
  target.numbers->size.Set(generation->size);
  target.generations.push_back(std::move(generation));
}

void Lifecycle::TakeSlot(Target& target) {
  Generation& current = *target.current();
  PutRecords(target);
  if (!store_->on_disk()) return;
  static_cast<void>(store_->Flush());
  current.slot = store_->TakeSlot(target.path, current.tracker->position(), current.key.inode);
}

void Lifecycle::AddOlder(Target& target, std::unique_ptr<Generation> generation) {
  generation->claimed = true;
  const bool before_last = target.current() != nullptr;
  target.generations.insert(target.generations.end() - (before_last ? 1 : 0),
                            std::move(generation));
}

// Opens what the path leads to now, and claims it.
tl::expected<std::pair<SourceFile, FileStat>, int> Lifecycle::OpenCurrent(const Target& target) {
  auto file = SourceFile::Open(target.path);
  if (!file) return tl::unexpected<int>(file.error());
  const auto status = file->Stat();
  if (!status) return tl::unexpected<int>(status.error());
  if (!store_->Claim(status->id, this)) return tl::unexpected<int>(EBUSY);
  return std::pair(std::move(*file), *status);
}

// --- Identity and records ---

Lifecycle::Identified Lifecycle::Identify(Target& target, Generation& generation, bool unfinished,
                                          double now) {
  if (!generation.identity.empty()) return Identified::kYes;
  std::string head = generation.file.Peek(0, kHeadBytes);
  const size_t newline = head.find('\n');
  if (!Matches(generation.head, head)) return Identified::kTruncated;
  if (newline == std::string::npos && head.size() < kHeadBytes && !unfinished) {
    return Identified::kNotYet;
  }
  generation.head = FingerprintOf(head);
  // Whatever came before this content must be in the state before it has an identity.
  if (std::exchange(generation.reused, false)) AddHidden(target, generation, now);
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
  return Identified::kYes;
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
      writing_->Bad("positions cannot be written: " + written.error().message);
      uint64_t suppressed = 0;
      if (write_limit_.Allow(&suppressed)) {
        LogError("positions cannot be written; they stay as they are and are tried again",
                 {{"error", written.error().message}});
      }
    } else {
      writing_->Good();
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

// --- Letting go ---

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
