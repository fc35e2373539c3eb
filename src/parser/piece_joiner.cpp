// SPDX-License-Identifier: Apache-2.0
#include "parser/piece_joiner.h"

#include <cstring>

namespace tailrace::parser {

PieceJoiner::PieceJoiner(size_t limit, double wait)
    : limit_(limit),
      wait_(std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(wait))),
      cut_(Metrics::Global().Counter(
          "tailrace_parser_partial_cut_total",
          "Messages in pieces that were delivered in parts because they are too long.")),
      timed_out_(Metrics::Global().Counter(
          "tailrace_parser_partial_timeouts_total",
          "Messages in pieces that were delivered unfinished because no more pieces came.")) {}

bool PieceJoiner::Add(ContainerStream stream, const Line& piece, EventTime time,
                      std::string_view stamp, Batch& batch, JoinedLine* out) {
  Pending& pending = pending_[Index(stream)];
  if (!pending.open) {
    pending.open = true;
    pending.segment =
        piece.segment < batch.segments().size() ? batch.segments()[piece.segment] : SegmentRef();
    pending.begin = piece.begin;
    pending.time = time;
    pending.stamp.assign(stamp);
  }
  pending.pieces.push_back(piece.text());
  pending.size += piece.size;
  pending.end = piece.end;
  pending.fresh = true;
  if (pending.size < limit_) return false;
  cut_->Add();
  Complete(pending, batch, out);
  out->cut = true;
  return true;
}

bool PieceJoiner::Finish(ContainerStream stream, const Line& piece, Batch& batch, JoinedLine* out) {
  Pending& pending = pending_[Index(stream)];
  if (!pending.open) return false;
  pending.pieces.push_back(piece.text());
  pending.size += piece.size;
  pending.end = piece.end;
  Complete(pending, batch, out);
  return true;
}

void PieceJoiner::Complete(Pending& pending, Batch& batch, JoinedLine* out) {
  char* const text = batch.arena().Allocate(pending.size);
  char* at = text;
  const auto append = [&at](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  };
  append(pending.kept);
  for (const std::string_view piece : pending.pieces) append(piece);
  out->line.data = text;
  out->line.size = static_cast<uint32_t>(pending.size);
  out->line.segment = batch.SegmentIndex(pending.segment);
  out->line.begin = pending.begin;
  out->line.end = pending.end;
  out->time = pending.time;
  out->stamp = batch.arena().Store(pending.stamp);
  out->cut = false;
  pending.open = false;
  pending.fresh = false;
  pending.kept.clear();
  pending.pieces.clear();
  pending.size = 0;
  pending.segment = SegmentRef();
}

bool PieceJoiner::Old(const Pending& pending, SteadyClock::time_point now) const {
  return pending.open && now - pending.last_piece >= wait_;
}

bool PieceJoiner::EndBatch(Batch& /*batch*/) {
  if (!holding()) return false;
  const auto now = SteadyClock::now();
  bool old = false;
  for (Pending& pending : pending_) {
    if (!pending.open) continue;
    for (const std::string_view piece : pending.pieces) pending.kept.append(piece);
    pending.pieces.clear();
    if (pending.fresh) pending.last_piece = now;
    pending.fresh = false;
    old = old || Old(pending, now);
  }
  return old;
}

bool PieceJoiner::TakeOld(ContainerStream stream, Batch& batch, JoinedLine* out) {
  if (!Old(pending_[Index(stream)], SteadyClock::now())) return false;
  timed_out_->Add();
  return Take(stream, batch, out);
}

bool PieceJoiner::Take(ContainerStream stream, Batch& batch, JoinedLine* out) {
  Pending& pending = pending_[Index(stream)];
  if (!pending.open) return false;
  Complete(pending, batch, out);
  return true;
}

}  // namespace tailrace::parser
