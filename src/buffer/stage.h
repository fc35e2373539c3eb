// SPDX-License-Identifier: Apache-2.0
#pragma once
// The worker's side of a buffered output: renders events into open chunks, seals chunks when they
// are full or due, hands them to the flush threads, and settles what comes back. Segments are
// released here and nowhere else: when a chunk's events are safe, or counted as given up.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "buffer/chunk_keys.h"
#include "buffer/flusher.h"
#include "tailrace/plugin.h"

namespace tailrace::buffer {

class Stage final : public Output {
 public:
  // `secondary` takes the events of chunks that were given up; may be null.
  Stage(std::shared_ptr<Flusher> flusher, int worker, std::unique_ptr<Encoder> encoder,
        std::unique_ptr<Output> secondary);
  ~Stage() override;

  void Emit(Batch& batch, EventContext& context) override;
  bool Writable(const Origin& origin) override;
  double tick_interval() const override;
  // Seals what is due, hands over what is sealed, settles what came back. Also called when the
  // worker is woken.
  void Tick(EventContext& context) override;
  // Seals everything.
  void Flush(EventContext& context) override;

  // True when no chunk is open, sealed or under way, nor any that the agent's stop waits for.
  bool Empty() const {
    return open_.empty() && sealed_.empty() && outstanding_ == 0 &&
           (flusher_->spool() == nullptr || flusher_->spool()->Drained());
  }
  Flusher& flusher() { return *flusher_; }

 private:
  // A chunk is sealed at this size at the latest, whatever chunk_limit_size allows: larger requests
  // are no faster (docs/performance.md), they only keep more memory in use.
  static constexpr size_t kSealBytes = 2 << 20;
  // With a file buffer chunks are pieces of chunk files: handed over at this size or age, so that
  // little is lost of what cannot be read again.
  static constexpr size_t kPieceBytes = 512 << 10;
  static constexpr double kPieceSeconds = 0.1;
  // Memory that a chunk may keep for its next use.
  static constexpr size_t kKeepBytes = 4 << 20;
  static constexpr size_t kSpareChunks = 4;
  // Sealed chunks that may wait here for a flush thread before the inputs are held back.
  static constexpr size_t kSealedMax = 2;

  ChunkPtr NewChunk(ChunkKey key);
  void Recycle(ChunkPtr chunk);
  void AppendByKey(Batch& batch, EventContext& context);
  // Appends rows of one key, sealing as chunks fill.
  void Append(Batch& batch, std::span<const uint32_t> rows, ChunkKey key, EventContext& context);
  void Seal(size_t index);
  void SealDue(bool all);
  void HandOver();
  void Settle(ChunkPtr chunk, EventContext& context);
  // Notes what rendering forgets: times and origins, for events that come back refused.
  static void Remember(const Batch& batch, std::span<const uint32_t> rows, size_t events_before,
                       Chunk& chunk);
  // A batch for rendered events that go on elsewhere. They cannot be read again under their old
  // identity, so the origin has none.
  static std::unique_ptr<Batch> BatchFor(std::string tag, EventContext& context);
  void Refused(Chunk& chunk, EventContext& context);
  void GivenUp(Chunk& chunk, EventContext& context);
  // Adds a row for a rendered event; one that cannot be decoded is counted as dropped.
  Row& Decode(std::string_view event, const SegmentRef& segment, EventTime time, Batch& batch,
              EventContext& context);
  void Overflow(Batch& batch, EventContext& context);

  std::shared_ptr<Flusher> flusher_;
  const BufferOptions& options_;
  int worker_;
  std::unique_ptr<Encoder> encoder_;
  std::unique_ptr<Output> secondary_;
  ChunkKeys keys_;
  bool separate_;
  size_t seal_bytes_;
  Spool* spool_;  // null without a file buffer
  std::vector<ChunkPtr> open_;
  std::deque<ChunkPtr> sealed_;
  std::vector<ChunkPtr> unsent_;  // kept to the end: their segments must not be released
  std::vector<ChunkPtr> spare_;
  size_t outstanding_ = 0;  // chunks with the flush threads
  std::vector<uint32_t> rows_;
  std::shared_ptr<Cell> emit_records_, emit_count_, given_up_;
};

}  // namespace tailrace::buffer
