// SPDX-License-Identifier: Apache-2.0
#include "buffer/spool.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>

#include "buffer/flusher.h"
#include "buffer/spool_lane.h"
#include "tailrace/log.h"
#include "tailrace/steady_clock.h"

namespace tailrace::buffer {
namespace {

constexpr int64_t kNanos = 1'000'000'000;

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Spool::Spool(Flusher& flusher, ChunkPaths paths, Backup backup, const std::string& output,
             int workers)
    : flusher_(flusher),
      options_(flusher.options()),
      store_(options_, std::move(paths), std::move(backup), output),
      lane_(workers),
      chunk_bytes_(
          std::min(kChunkBytes, static_cast<size_t>(static_cast<double>(options_.chunk_limit_size) *
                                                    options_.chunk_full_threshold))) {
  for (int i = 0; i < workers; ++i) lanes_.push_back(std::make_unique<Lane>());
  const MetricLabels labels = {{"plugin_id", flusher.id()}};
  Metrics& metrics = Metrics::Global();
  recovered_ = metrics.Counter("tailrace_buffer_recovered_events_total",
                               "Events found in chunk files that an earlier run left.", labels);
  dropped_ = metrics.Counter("tailrace_events_dropped_total",
                             "Events taken out of the pipeline, by reason.",
                             {{"reason", "drop_oldest_chunk"}});
  blocked_gauge_ = metrics.Gauge("tailrace_buffer_blocked",
                                 "1 while a file buffer cannot write and its inputs wait.", labels);
  stage_length_ = metrics.Gauge("fluentd_output_status_buffer_stage_length",
                                "Chunk files that are still growing.", labels);
  stage_bytes_ = metrics.Gauge("fluentd_output_status_buffer_stage_byte_size",
                               "Bytes in chunk files that are still growing.", labels);
}

Spool::~Spool() { Finish(); }

void Spool::Start() {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "spool");
}

void Spool::Finish() {
  finished_ = true;
  wake_.Notify();
  if (thread_.joinable()) thread_.join();
}

// --- The workers' side --------------------------------------------------------------------------

bool Spool::CanSubmit(int worker) const {
  const Lane& lane = *lanes_[static_cast<size_t>(worker)];
  return lane.pieces.load(std::memory_order_relaxed) < kPiecesPerLane &&
         lane.bytes.load(std::memory_order_relaxed) < kLaneBytes;
}

bool Spool::Submit(int worker, ChunkPtr& piece) {
  if (!CanSubmit(worker)) return false;
  Lane& lane = *lanes_[static_cast<size_t>(worker)];
  lane.pieces.fetch_add(1, std::memory_order_relaxed);
  lane.bytes.fetch_add(piece->body.size(), std::memory_order_relaxed);
  // Cannot be full: a lane never has more pieces than its ring has slots.
  lane.in.TryPush(piece);
  wake_.Notify();
  return true;
}

bool Spool::Take(int worker, ChunkPtr& piece) {
  Lane& lane = *lanes_[static_cast<size_t>(worker)];
  if (!lane.back.TryPop(piece)) return false;
  lane.pieces.fetch_sub(1, std::memory_order_relaxed);
  lane.bytes.fetch_sub(piece->body.size(), std::memory_order_relaxed);
  return true;
}

bool Spool::TakeNotice(int worker, ChunkPtr& chunk) {
  return lanes_[static_cast<size_t>(worker)]->notices.TryPop(chunk);
}

void Spool::RequestFlush() {
  flush_wanted_.fetch_add(1);
  wake_.Notify();
}

void Spool::RequestDropOldest() {
  drops_wanted_.fetch_add(1);
  wake_.Notify();
}

bool Spool::Drained() const { return drained_at_.load() == flush_wanted_.load(); }

// --- The thread ---------------------------------------------------------------------------------

void Spool::Run() {
  while (true) {
    const bool finished = finished_.load();  // before the intake: what came earlier is seen
    const uint64_t flush = flush_wanted_.load();
    if (!open_ && !TryOpen()) {
      if (finished || flusher_.stopping()) ReturnUnsent();
      drained_at_ = flusher_.stopping() ? flush : 0;
      if (finished) return;
      wake_.Wait(std::chrono::milliseconds(1000));
      continue;
    }
    Intake();
    const int64_t now = SteadyNanos();
    const bool flush_all = flush != flush_seen_;
    if (SyncDue(now) || flush_all) Sync(now);
    if (flusher_.stopping() && blocked_) ReturnUnsent();
    if (flush_all && written_.empty()) {
      for (const auto& chunk : staged_) chunk->full = true;
      flush_seen_ = flush;
    }
    QueueDue(now);
    DropOldest();
    Collect();
    Dispatch();
    SendNotices();
    ReleaseHolds();
    const bool idle = Idle();
    drained_at_ = flusher_.stopping() && idle && flush == flush_seen_ ? flush : 0;
    if (finished && idle) return;
    const bool busy = !written_.empty() || flusher_.stopping();
    const auto pause = std::chrono::milliseconds(
        busy ? static_cast<int64_t>(std::clamp(options_.fsync_interval * 1000, 1.0, 100.0)) : 500);
    wake_.Wait(pause);
  }
}

bool Spool::TryOpen() {
  const Result<bool> opened = store_.Open();
  if (!opened) {
    Blocked(opened.error().message);
    return false;
  }
  if (!*opened) {
    if (!std::exchange(said_locked_, true)) {
      LogWarn("the buffer's directory is in use by somebody else; the output waits for it.",
              {{"path", options_.path}, {"plugin_id", flusher_.id()}});
    }
    return false;
  }
  open_ = true;
  Unblocked();
  Recover();
  return true;
}

void Spool::Recover() {
  ChunkStore::Found found = store_.Recover();
  const int64_t now = SteadyNanos();
  const double wall = WallSeconds();
  uint64_t events = 0;
  uint64_t bytes = 0;
  const auto count = [&](const StoredChunk& chunk) {
    events += chunk.events;
    bytes += chunk.bytes;
  };
  for (auto& chunk : found.queued) {
    count(*chunk);
    queue_.push_back(std::move(chunk));
  }
  for (auto& chunk : found.staged) {
    count(*chunk);
    const double age = std::max(0.0, wall - static_cast<double>(chunk->meta.created));
    chunk->created_ns = now - static_cast<int64_t>(age * kNanos);
    chunk->full = std::any_of(staged_.begin(), staged_.end(), [&chunk](const auto& other) {
      return other->meta.key == chunk->meta.key;
    });
    staged_.push_back(std::move(chunk));
  }
  flusher_.bytes().fetch_add(bytes);
  recovered_->AddShared(events);
  if (events > 0) {
    LogInfo("chunks of an earlier run are found in the buffer; they are delivered first.",
            {{"path", options_.path},
             {"chunks", queue_.size() + staged_.size()},
             {"events", events},
             {"bytes", bytes},
             {"plugin_id", flusher_.id()}});
  }
  if (!found.foreign.empty()) {
    LogError(
        "chunk files of Fluentd's are found in the buffer: they cannot be delivered; they stay "
        "where they are, for a Fluentd to flush.",
        {{"path", options_.path},
         {"chunks", found.foreign.size()},
         {"first", found.foreign.front().path},
         {"plugin_id", flusher_.id()}});
  }
}

void Spool::Intake() {
  const int64_t now = SteadyNanos();
  if (blocked_ && now < retry_write_ns_) return;
  while (!pending_.empty()) {
    if (!Write(pending_.front())) return;
    pending_.pop_front();
  }
  for (size_t worker = 0; worker < lanes_.size(); ++worker) {
    Piece piece;
    piece.worker = static_cast<int>(worker);
    // Gathered for one sync up to a limit, so that a fast worker cannot put the sync off.
    while (written_bytes_ < kUnsyncedBytes && lanes_[worker]->in.TryPop(piece.chunk)) {
      if (Write(piece)) continue;
      pending_.push_back(std::move(piece));
      return;
    }
  }
}

// True if the piece is in a file now (and moved to `written_`).
bool Spool::Write(Piece& piece) {
  StoredChunk* chunk = FileFor(piece);
  if (chunk == nullptr) return false;
  const uint64_t before = chunk->bytes;
  if (Status written = store_.Append(*chunk, *piece.chunk); !written) {
    Blocked(written.error().message);
    return false;
  }
  Unblocked();
  flusher_.bytes().fetch_add(chunk->bytes - before);
  if (chunk->raw_bytes >= chunk_bytes_ ||
      (options_.chunk_limit_records && chunk->events >= *options_.chunk_limit_records)) {
    chunk->full = true;
  }
  if (written_.empty()) sync_from_ns_ = SteadyNanos();
  written_bytes_ += piece.chunk->body.size();
  piece.in = chunk;
  written_.push_back(std::move(piece));
  return true;
}

StoredChunk* Spool::FileFor(const Piece& piece) {
  for (const auto& chunk : staged_) {
    if (chunk->full || chunk->meta.key != piece.chunk->key) continue;
    const bool fits = !options_.chunk_limit_records ||
                      chunk->events + piece.chunk->events() <= *options_.chunk_limit_records;
    if (fits) return chunk.get();
    chunk->full = true;
  }
  auto created = store_.Create(piece.worker, piece.chunk->key);
  if (!created) {
    Blocked(created.error().message);
    return nullptr;
  }
  (*created)->created_ns = SteadyNanos();
  flusher_.bytes().fetch_add((*created)->bytes);
  staged_.push_back(std::move(*created));
  return staged_.back().get();
}

void Spool::Blocked(const std::string& why) {
  retry_write_ns_ = SteadyNanos() + kNanos;
  if (std::exchange(blocked_, true)) return;
  blocked_gauge_->Set(1);
  LogError(
      "the buffer cannot be written: the inputs wait, nothing is dropped, and it is tried again "
      "every "
      "second.",
      {{"error", why}, {"path", options_.path}, {"plugin_id", flusher_.id()}});
}

void Spool::Unblocked() {
  if (!std::exchange(blocked_, false)) return;
  blocked_gauge_->Set(0);
  LogInfo("the buffer can be written again; the inputs go on.",
          {{"path", options_.path}, {"plugin_id", flusher_.id()}});
}

bool Spool::SyncDue(int64_t now_ns) const {
  if (written_.empty()) return false;
  if (!options_.fsync || flusher_.stopping() || written_bytes_ >= kUnsyncedBytes) return true;
  // A disk that needs long for a sync gets larger groups: at most a tenth of the time goes there.
  const auto interval = static_cast<int64_t>(options_.fsync_interval * kNanos);
  return now_ns - sync_from_ns_ >= std::max(interval, 9 * sync_took_ns_);
}

void Spool::Sync(int64_t now_ns) {
  if (options_.fsync) {
    for (size_t i = 0; i < staged_.size(); ++i) {
      if (!staged_[i]->dirty) continue;
      if (Status synced = store_.Sync(*staged_[i]); !synced) {
        Blocked(synced.error().message);
        WriteAnew(*staged_[i]);
        return;
      }
    }
    sync_took_ns_ = SteadyNanos() - now_ns;
  }
  for (const auto& chunk : staged_) chunk->dirty = false;
  for (Piece& piece : written_) {
    piece.chunk->outcome = Chunk::Outcome::kDelivered;
    HandBack(std::move(piece));
  }
  written_.clear();
  written_bytes_ = 0;
}

void Spool::WriteAnew(StoredChunk& chunk) {
  chunk.full = true;
  chunk.dirty = false;
  std::deque<Piece> again;
  for (Piece& piece : written_) {
    if (piece.in == &chunk) {
      written_bytes_ -= piece.chunk->body.size();
      again.push_back(std::move(piece));
    }
  }
  std::erase_if(written_, [](const Piece& piece) { return piece.chunk == nullptr; });
  for (; !again.empty(); again.pop_back()) pending_.push_front(std::move(again.back()));
}

void Spool::HandBack(Piece piece) {
  const auto worker = static_cast<size_t>(piece.worker);
  // Cannot be full, for the same reason as in Submit().
  lanes_[worker]->back.TryPush(piece.chunk);
  flusher_.WakeWorker(piece.worker);
}

// The agent stops and the disk takes nothing: positions must not pass these.
void Spool::ReturnUnsent() {
  for (size_t worker = 0; worker < lanes_.size(); ++worker) {
    Piece piece;
    piece.worker = static_cast<int>(worker);
    while (lanes_[worker]->in.TryPop(piece.chunk)) pending_.push_back(std::move(piece));
  }
  for (; !pending_.empty(); pending_.pop_front()) {
    pending_.front().chunk->outcome = Chunk::Outcome::kUnsent;
    HandBack(std::move(pending_.front()));
  }
}

void Spool::QueueDue(int64_t now_ns) {
  const double wall = WallSeconds();
  uint64_t bytes = 0;
  for (size_t i = 0; i < staged_.size();) {
    StoredChunk& chunk = *staged_[i];
    bytes += chunk.bytes;
    if (chunk.dirty || !Due(chunk, now_ns, wall)) {
      ++i;
      continue;
    }
    if (Status queued = store_.Queue(chunk); !queued) {
      Blocked(queued.error().message);
      break;
    }
    bytes -= chunk.bytes;
    queue_.push_back(std::move(staged_[i]));
    staged_.erase(staged_.begin() + static_cast<ptrdiff_t>(i));
  }
  stage_length_->Set(staged_.size());
  stage_bytes_->Set(bytes);
  queue_length_.store(queue_.size(), std::memory_order_relaxed);
}

bool Spool::Due(const StoredChunk& chunk, int64_t now_ns, double wall) const {
  if (chunk.full || options_.flush_mode == FlushMode::kImmediate) return true;
  if (options_.flush_at_shutdown && flusher_.stopping()) return true;
  if (options_.flush_mode == FlushMode::kInterval &&
      static_cast<double>(now_ns - chunk.created_ns) / kNanos >= options_.flush_interval) {
    return true;
  }
  const ChunkKey& key = chunk.meta.key;
  return key.has_timekey &&
         wall >= static_cast<double>(key.timekey) + options_.timekey + options_.timekey_wait;
}

}  // namespace tailrace::buffer
