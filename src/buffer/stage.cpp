// SPDX-License-Identifier: Apache-2.0
#include "buffer/stage.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "buffer/chunk_id.h"
#include "tailrace/log.h"
#include "tailrace/steady_clock.h"

namespace tailrace::buffer {

Stage::Stage(std::shared_ptr<Flusher> flusher, int worker, std::unique_ptr<Encoder> encoder,
             std::unique_ptr<Output> secondary)
    : flusher_(std::move(flusher)),
      options_(flusher_->options()),
      worker_(worker),
      encoder_(std::move(encoder)),
      secondary_(std::move(secondary)),
      keys_(options_),
      separate_(encoder_->separate_keys()),
      seal_bytes_(std::min(flusher_->spool() == nullptr ? kSealBytes : kPieceBytes,
                           static_cast<size_t>(static_cast<double>(options_.chunk_limit_size) *
                                               options_.chunk_full_threshold))),
      spool_(flusher_->spool()) {
  const MetricLabels labels = {{"plugin_id", flusher_->id()}, {"type", flusher_->type()}};
  emit_records_ = Metrics::Global().Counter("fluentd_output_status_emit_records",
                                            "Events that the output accepted.", labels);
  emit_count_ = Metrics::Global().Counter("fluentd_output_status_emit_count",
                                          "Batches that the output accepted.", labels);
  given_up_ = Metrics::Global().Counter("tailrace_output_given_up_events_total",
                                        "Events given up after the last retry.", labels);
}

Stage::~Stage() = default;

ChunkPtr Stage::NewChunk(ChunkKey key) {
  ChunkPtr chunk;
  if (spare_.empty()) {
    chunk = std::make_unique<Chunk>();
  } else {
    chunk = std::move(spare_.back());
    spare_.pop_back();
  }
  chunk->id = NewChunkId();
  chunk->key = std::move(key);
  chunk->created_ns = SteadyNanos();
  return chunk;
}

void Stage::Recycle(ChunkPtr chunk) {
  flusher_->bytes().fetch_sub(chunk->body.size());
  chunk->Reset(kKeepBytes);
  if (spare_.size() < kSpareChunks) spare_.push_back(std::move(chunk));
}

void Stage::Emit(Batch& batch, EventContext& context) {
  rows_.clear();
  for (uint32_t i = 0; i < batch.rows().size(); ++i) {
    if (!batch.rows()[i].dropped) rows_.push_back(i);
  }
  if (rows_.empty()) return;
  if (flusher_->bytes().load() >= options_.total_limit_size) {
    Overflow(batch, context);
    if (batch.live_rows() == 0) return;
  }
  emit_count_->Add();
  emit_records_->Add(rows_.size());
  if (!separate_) {
    Append(batch, rows_, ChunkKey{}, context);
  } else if (keys_.per_batch()) {
    Append(batch, rows_, keys_.Of(batch, batch.rows()[rows_[0]], batch.arena()), context);
  } else {
    AppendByKey(batch, context);
  }
  if (options_.flush_mode == FlushMode::kImmediate) SealDue(true);
  HandOver();
}

// Neighbours of one key go in together.
void Stage::AppendByKey(Batch& batch, EventContext& context) {
  const std::vector<uint32_t> rows = rows_;
  ChunkKey key = keys_.Of(batch, batch.rows()[rows[0]], batch.arena());
  size_t begin = 0;
  for (size_t i = 1; i <= rows.size(); ++i) {
    ChunkKey next;
    if (i < rows.size()) {
      next = keys_.Of(batch, batch.rows()[rows[i]], batch.arena());
      if (next == key) continue;
    }
    Append(batch, std::span(rows).subspan(begin, i - begin), std::move(key), context);
    key = std::move(next);
    begin = i;
  }
}

void Stage::Append(Batch& batch, std::span<const uint32_t> rows, ChunkKey key,
                   EventContext& context) {
  // Rows go in by slices, so that a chunk overshoots its size by one slice at the most.
  constexpr size_t kSlice = 256;
  while (!rows.empty()) {
    auto found = std::find_if(open_.begin(), open_.end(),
                              [&key](const ChunkPtr& chunk) { return chunk->key == key; });
    if (found == open_.end()) {
      open_.push_back(NewChunk(key));
      found = open_.end() - 1;
    }
    Chunk& chunk = **found;
    size_t count = std::min(kSlice, rows.size());
    if (options_.chunk_limit_records) {
      count = std::min<size_t>(count, *options_.chunk_limit_records - chunk.events());
    }
    const size_t before = chunk.body.size();
    const size_t events_before = chunk.events();
    encoder_->Encode(batch, rows.first(count), chunk, context);
    Remember(batch, rows.first(count), events_before, chunk);
    flusher_->bytes().fetch_add(chunk.body.size() - before);
    rows = rows.subspan(count);
    if (chunk.body.size() >= seal_bytes_ ||
        (options_.chunk_limit_records && chunk.events() >= *options_.chunk_limit_records)) {
      Seal(static_cast<size_t>(found - open_.begin()));
      HandOver();
    }
  }
}

void Stage::Seal(size_t index) {
  ChunkPtr chunk = std::move(open_[index]);
  open_.erase(open_.begin() + static_cast<ptrdiff_t>(index));
  if (chunk->events() == 0) {
    Recycle(std::move(chunk));  // every row was refused by the encoder
  } else {
    sealed_.push_back(std::move(chunk));
  }
}

void Stage::SealDue(bool all) {
  const int64_t now = SteadyNanos();
  const auto wall = static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(
                                            std::chrono::system_clock::now().time_since_epoch())
                                            .count());
  for (size_t i = open_.size(); i-- > 0;) {
    const Chunk& chunk = *open_[i];
    bool due = all;
    if (spool_ != nullptr) {
      due = due || static_cast<double>(now - chunk.created_ns) / 1e9 >= kPieceSeconds;
      if (due) Seal(i);
      continue;
    }
    if (!due && options_.flush_mode != FlushMode::kLazy) {
      due = static_cast<double>(now - chunk.created_ns) / 1e9 >= options_.flush_interval;
    }
    if (!due && chunk.key.has_timekey) {
      due =
          wall >= static_cast<double>(chunk.key.timekey) + options_.timekey + options_.timekey_wait;
    }
    if (due) Seal(i);
  }
}

void Stage::HandOver() {
  while (!sealed_.empty() && flusher_->Submit(worker_, sealed_.front())) {
    sealed_.pop_front();
    ++outstanding_;
  }
}

bool Stage::Writable(const Origin& /*origin*/) {
  return sealed_.size() < kSealedMax &&
         flusher_->bytes().load(std::memory_order_relaxed) < options_.total_limit_size;
}

double Stage::tick_interval() const {
  if (spool_ != nullptr) return kPieceSeconds;
  if (options_.flush_mode == FlushMode::kLazy) return 1;
  return std::clamp(options_.flush_interval / 11, 0.01, 1.0);
}

void Stage::Tick(EventContext& context) {
  ChunkPtr chunk;
  while (flusher_->Take(worker_, chunk)) {
    --outstanding_;
    Settle(std::move(chunk), context);
  }
  while (spool_ != nullptr && spool_->TakeNotice(worker_, chunk)) {
    Settle(std::move(chunk), context);
  }
  SealDue(false);
  HandOver();
  if (secondary_) secondary_->Tick(context);
}

void Stage::Flush(EventContext& context) {
  SealDue(true);
  HandOver();
  if (spool_ != nullptr && !flusher_->stopping()) spool_->RequestFlush();
  if (secondary_) secondary_->Flush(context);
}

void Stage::Settle(ChunkPtr chunk, EventContext& context) {
  if (chunk->outcome == Chunk::Outcome::kUnsent) {
    unsent_.push_back(std::move(chunk));
    return;
  }
  if (!chunk->rejected.empty()) Refused(*chunk, context);
  if (chunk->outcome == Chunk::Outcome::kGivenUp) GivenUp(*chunk, context);
  Recycle(std::move(chunk));
}

void Stage::Remember(const Batch& batch, std::span<const uint32_t> rows, size_t events_before,
                     Chunk& chunk) {
  if (chunk.times.size() != events_before) return;  // not known of what came before
  for (const uint32_t index : rows) {
    const Row& row = batch.rows()[index];
    if (!row.dropped) chunk.times.push_back(row.time);
  }
  if (chunk.times.size() != chunk.events()) {
    chunk.times.resize(events_before);  // this encoder does not make one event of each row
  } else if (chunk.origins.empty() || chunk.origins.back().origin != batch.origin()) {
    chunk.origins.push_back({static_cast<uint32_t>(events_before), batch.origin()});
  }
}

std::unique_ptr<Batch> Stage::BatchFor(std::string tag, EventContext& context) {
  auto batch = context.NewBatch();
  auto origin = std::make_shared<Origin>();
  origin->tag = std::move(tag);
  batch->set_origin(std::move(origin));
  return batch;
}

void Stage::Refused(Chunk& chunk, EventContext& context) {
  for (const Chunk::Rejected& rejected : chunk.rejected) {
    const bool again = !rejected.retag.empty();
    const std::string& tag = again             ? rejected.retag
                             : rejected.origin ? rejected.origin->tag
                                               : chunk.key.tag;
    auto batch = BatchFor(tag, context);
    Row& row = Decode(rejected.bytes, chunk.Held(rejected.hold), rejected.time, *batch, context);
    if (!row.dropped && again) {
      context.EmitTo("@ROOT", *batch);
    } else if (!row.dropped) {
      context.MoveToError(*batch, row, rejected.reason);
    }
    context.Recycle(std::move(batch));
  }
}

void Stage::GivenUp(Chunk& chunk, EventContext& context) {
  LogError("hit the limit of retries: the events of this chunk are given up.",
           {{"chunk", chunk.id_hex()},
            {"events", chunk.events()},
            {"next", secondary_ ? "they go to <secondary>" : "they are counted as dropped"},
            {"error", chunk.why},
            {"plugin_id", flusher_->id()}});
  given_up_->Add(chunk.events());
  for (size_t i = 0; i < chunk.events();) {
    const auto origin = chunk.origin_of(i);
    auto batch = BatchFor(origin ? origin->tag : chunk.key.tag, context);
    for (; i < chunk.events() && chunk.origin_of(i) == origin; ++i) {
      Decode(chunk.event(i), chunk.Held(chunk.HoldOf(i)), chunk.time_of(i), *batch, context);
    }
    if (secondary_) {
      secondary_->Emit(*batch, context);
    } else {
      for (Row& row : batch->rows()) {
        if (!row.dropped) context.Drop(*batch, row, "retry_limit");
      }
    }
    context.Recycle(std::move(batch));
  }
}

Row& Stage::Decode(std::string_view event, const SegmentRef& segment, EventTime time, Batch& batch,
                   EventContext& context) {
  const uint16_t index = batch.SegmentIndex(segment);
  Row& row = batch.AddRow({});
  row.segment = index;
  row.time = time;
  if (!encoder_->Decode(batch.arena().Store(event), batch, row)) {
    context.Drop(batch, row, "undecodable");
  }
  return row;
}

// The buffer is at its total limit and the input could not wait.
void Stage::Overflow(Batch& batch, EventContext& context) {
  if (options_.overflow_action == OverflowAction::kDropOldestChunk && spool_ != nullptr) {
    spool_->RequestDropOldest();
    return;
  }
  if (options_.overflow_action == OverflowAction::kDropOldestChunk && !sealed_.empty()) {
    ChunkPtr oldest = std::move(sealed_.front());
    sealed_.pop_front();
    LogWarn("dropping oldest chunk to make space after buffer overflow",
            {{"chunk_id", oldest->id_hex()},
             {"events", oldest->events()},
             {"plugin_id", flusher_->id()}});
    auto scratch = context.NewBatch();
    for (size_t i = 0; i < oldest->events(); ++i) {
      const uint16_t segment = scratch->SegmentIndex(oldest->Held(oldest->HoldOf(i)));
      Row& row = scratch->AddRow({});
      row.segment = segment;
      context.Drop(*scratch, row, "drop_oldest_chunk");
    }
    context.Recycle(std::move(scratch));
    Recycle(std::move(oldest));
    return;
  }
  if (options_.overflow_action == OverflowAction::kBlock) return;  // accepted above the limit
  static thread_local LogLimit limit;
  uint64_t suppressed = 0;
  if (limit.Allow(&suppressed)) {
    LogWarn(
        "failed to write data into buffer by buffer overflow: events that cannot wait at their "
        "source are dropped and counted.",
        {{"total_limit_size", options_.total_limit_size},
         {"suppressed", suppressed},
         {"plugin_id", flusher_->id()}});
  }
  for (const uint32_t index : rows_) {
    Row& row = batch.rows()[index];
    if (!batch.origin() || batch.origin()->identity.empty()) {
      context.Drop(batch, row, "buffer_overflow");
    }
  }
  std::erase_if(rows_, [&batch](uint32_t index) { return batch.rows()[index].dropped; });
}

}  // namespace tailrace::buffer
