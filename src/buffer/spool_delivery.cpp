// SPDX-License-Identifier: Apache-2.0
// The spool's way from the disk to the flush threads and back.

#include "buffer/flusher.h"
#include "buffer/spool.h"
#include "buffer/spool_lane.h"
#include "tailrace/log.h"

namespace tailrace::buffer {

void Spool::DropOldest() {
  for (uint64_t wanted = drops_wanted_.exchange(0); wanted > 0 && !queue_.empty(); --wanted) {
    StoredChunkPtr chunk = std::move(queue_.front());
    queue_.pop_front();
    LogWarn("dropping oldest chunk to make space after buffer overflow",
            {{"chunk_id", HexOf(chunk->meta.id)},
             {"events", chunk->events},
             {"plugin_id", flusher_.id()}});
    dropped_->AddShared(chunk->events);
    Discard(std::move(chunk));
  }
}

void Spool::Dispatch() {
  if (flusher_.stopping() && (!options_.flush_at_shutdown || failed_at_stop_)) return;
  while (!queue_.empty() && flusher_.CanSubmit(lane_)) {
    if (!sending_.empty() && sending_bytes_ + queue_.front()->raw_bytes > kSendingBytes) break;
    auto chunk = std::make_unique<Chunk>();
    if (Status loaded = store_.Load(*queue_.front(), *chunk); !loaded) {
      LogError("a chunk cannot be read and stays in the buffer; it is tried after the others.",
               {{"path", queue_.front()->path()}, {"error", loaded.error().message}});
      queue_.push_back(std::move(queue_.front()));
      queue_.pop_front();
      break;
    }
    StoredChunkPtr stored = std::move(queue_.front());
    queue_.pop_front();
    if (chunk->events() == 0) {
      Discard(std::move(stored));
      continue;
    }
    sending_bytes_ += stored->raw_bytes;
    flusher_.bytes().fetch_add(chunk->body.size());
    const ChunkId id = chunk->id;
    sending_.emplace(id, std::move(stored));
    flusher_.Submit(lane_, chunk);
  }
  queue_length_.store(queue_.size(), std::memory_order_relaxed);
}

void Spool::Collect() {
  ChunkPtr chunk;
  while (flusher_.Take(lane_, chunk)) Settle(std::move(chunk));
}

void Spool::Settle(ChunkPtr chunk) {
  const auto found = sending_.find(chunk->id);
  if (found == sending_.end()) return;
  StoredChunkPtr stored = std::move(found->second);
  sending_.erase(found);
  sending_bytes_ -= stored->raw_bytes;
  if (chunk->outcome == Chunk::Outcome::kUnsent) {
    flusher_.bytes().fetch_sub(chunk->body.size());
    failed_at_stop_ = true;
    queue_.push_front(std::move(stored));
    return;
  }
  if (chunk->outcome == Chunk::Outcome::kDelivered && chunk->rejected.empty()) {
    flusher_.bytes().fetch_sub(chunk->body.size());
    Discard(std::move(stored));
    return;
  }
  // Its bytes are counted until the worker has settled it.
  Piece notice;
  notice.worker = stored->worker;
  if (chunk->outcome == Chunk::Outcome::kGivenUp && !flusher_.has_secondary()) {
    store_.MoveToBackup(*stored, chunk->why);
    Discard(std::move(stored));
  } else {
    auto hold = std::make_unique<Hold>(*this, std::move(stored));
    chunk->HoldAll(SegmentRef(hold.get()));
    holds_.emplace(chunk->id, std::move(hold));
  }
  notice.chunk = std::move(chunk);
  notices_.push_back(std::move(notice));
}

void Spool::SendNotices() {
  while (!notices_.empty()) {
    Piece& notice = notices_.front();
    if (!lanes_[static_cast<size_t>(notice.worker)]->notices.TryPush(notice.chunk)) return;
    flusher_.WakeWorker(notice.worker);
    notices_.pop_front();
  }
}

void Spool::ReleaseHolds() {
  for (auto hold = holds_.begin(); hold != holds_.end();) {
    if (!hold->second->released()) {
      ++hold;
      continue;
    }
    Discard(hold->second->TakeChunk());
    hold = holds_.erase(hold);
  }
}

void Spool::Discard(StoredChunkPtr chunk) {
  store_.Remove(*chunk);
  flusher_.bytes().fetch_sub(chunk->bytes);
}

// Whether nothing is left to do for an agent that stops.
bool Spool::Idle() const {
  const bool to_send =
      options_.flush_at_shutdown && !failed_at_stop_ && !(queue_.empty() && staged_.empty());
  return pending_.empty() && written_.empty() && sending_.empty() && notices_.empty() && !to_send;
}

}  // namespace tailrace::buffer
