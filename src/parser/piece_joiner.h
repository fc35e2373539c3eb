// SPDX-License-Identifier: Apache-2.0
#pragma once
// Long lines that a container runtime has cut into pieces (16 KiB each), put together again: per
// stream, without copying more than once. Pieces of one batch are views until the last one comes;
// what a batch leaves unfinished is copied, and the segment of its first piece held, so that the
// position in the file does not pass it.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parser/cri_line.h"
#include "tailrace/batch.h"
#include "tailrace/metrics.h"

namespace tailrace::parser {

// One whole message, or as much of one as there will be.
struct JoinedLine {
  Line line;               // place: from the first piece to the last; text: all of them
  EventTime time;          // of the first piece
  std::string_view stamp;  // the first piece's time as written
  bool cut = false;        // the limit was reached: more pieces of this message follow
};

class PieceJoiner {
 public:
  // `limit`: bytes of a message from which on it is delivered in parts. `wait`: seconds that an
  // unfinished message is held after its last piece.
  PieceJoiner(size_t limit, double wait);

  // A piece that others follow. True if the limit is reached: `out` is then to be delivered, marked
  // as cut.
  bool Add(ContainerStream stream, const Line& piece, EventTime time, std::string_view stamp,
           Batch& batch, JoinedLine* out);
  // The last piece of a message: if there were others before, `out` gets the whole.
  bool Finish(ContainerStream stream, const Line& piece, Batch& batch, JoinedLine* out);

  // The end of a batch: what is unfinished is kept in memory of its own. Returns true if a message
  // has been held for longer than `wait`; TakeOld() then gives each.
  bool EndBatch(Batch& batch);
  bool TakeOld(ContainerStream stream, Batch& batch, JoinedLine* out);
  // What is held, whatever its age.
  bool Take(ContainerStream stream, Batch& batch, JoinedLine* out);

  bool open(ContainerStream stream) const { return pending_[Index(stream)].open; }
  bool holding() const { return pending_[0].open || pending_[1].open; }

 private:
  using SteadyClock = std::chrono::steady_clock;

  struct Pending {
    bool open = false;
    bool fresh = false;                    // got a piece since the last EndBatch()
    std::string kept;                      // of earlier batches
    std::vector<std::string_view> pieces;  // of this batch
    size_t size = 0;
    SegmentRef segment;  // of the first piece
    uint64_t begin = 0;
    uint64_t end = 0;
    EventTime time;
    std::string stamp;
    SteadyClock::time_point last_piece;
  };

  static size_t Index(ContainerStream stream) { return static_cast<size_t>(stream); }
  static void Complete(Pending& pending, Batch& batch, JoinedLine* out);
  bool Old(const Pending& pending, SteadyClock::time_point now) const;

  size_t limit_;
  SteadyClock::duration wait_;
  std::array<Pending, 2> pending_;
  std::shared_ptr<Cell> cut_;
  std::shared_ptr<Cell> timed_out_;
};

}  // namespace tailrace::parser
