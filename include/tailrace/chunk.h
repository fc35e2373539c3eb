// SPDX-License-Identifier: Apache-2.0
#pragma once
// Rendered events of one output on their way to its destination: the finished bytes, where each
// event begins, and the segments that wait for their delivery.
//
// Threads: written by one worker, then handed to one flush thread, then handed back. Segments are
// touched by the worker only.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tailrace/byte_buffer.h"
#include "tailrace/segment.h"
#include "tailrace/time.h"

namespace tailrace {

struct Origin;

// What the events of a chunk have in common, as far as the output's chunk keys ask.
struct ChunkKey {
  bool has_tag = false;
  bool has_timekey = false;
  int64_t timekey = 0;  // start of the time slice, seconds since 1970
  std::string tag;
  std::vector<std::pair<std::string, std::string>> variables;  // chunk key, value as text

  friend bool operator==(const ChunkKey&, const ChunkKey&) = default;
};

struct Chunk {
  // An event that its destination refuses for good.
  struct Rejected {
    std::string bytes;   // the event as rendered
    std::string reason;  // why, in the destination's words
    uint32_t hold = 0;   // index into `holds`, of where the event came from
    std::string retag;   // not for the error stream: emitted again at the root under this tag
    EventTime time;
    std::shared_ptr<const Origin> origin;  // null where it is not known
  };
  // Events from `first` up to the next run came from `origin`.
  struct OriginRun {
    uint32_t first = 0;
    std::shared_ptr<const Origin> origin;
  };

  // How its way through a flush thread ended.
  enum class Outcome : uint8_t {
    kDelivered,  // safe at the destination, but for what `rejected` lists
    kGivenUp,    // retried as long as the buffer's limits allow; `why` says what failed last
    kUnsent,     // the agent stopped first: not safe, positions must not pass it
  };

  std::array<uint8_t, 16> id{};  // random; names the chunk in logs and on the wire
  ChunkKey key;
  ByteBuffer body;
  std::vector<uint32_t> begins;       // where each event begins in `body`
  std::vector<EventTime> times;       // of each event; empty where they are not known
  std::vector<OriginRun> origins;     // ascending by `first`; empty where they are not known
  std::vector<SegmentRef> holds;      // in the order of the events; null: no source to tell
  std::vector<uint32_t> hold_begins;  // for each of `holds`, the first event that came from it
  std::vector<Rejected> rejected;
  Outcome outcome = Outcome::kUnsent;
  std::string why;
  int64_t created_ns = 0;        // steady clock
  int64_t first_failure_ns = 0;  // steady clock; 0 while nothing failed
  int64_t retry_at_ns = 0;       // steady clock; not to be delivered before
  uint32_t failures = 0;         // deliveries that failed so far

  size_t events() const { return begins.size(); }
  std::string_view event(size_t index) const {
    const size_t end = index + 1 < begins.size() ? begins[index + 1] : body.size();
    return body.view().substr(begins[index], end - begins[index]);
  }
  std::string id_hex() const;
  // What is known of an event beyond its bytes: no time is kNoTime, no origin is null.
  EventTime time_of(size_t index) const;
  std::shared_ptr<const Origin> origin_of(size_t index) const;
  // Keeps only the events with these indexes, which ascend.
  void Keep(std::span<const uint32_t> indexes);
  // Empty again, memory kept up to `keep_bytes`.
  void Reset(size_t keep_bytes);

  // Encoder side: marks the beginning of an event that is about to be appended, and what it holds.
  void BeginEvent(const SegmentRef& segment) {
    begins.push_back(static_cast<uint32_t>(body.size()));
    if (holds.empty() || holds.back() != segment) Hold(segment);
  }
  // Holds `segment` (may be null), where the event that was marked last has come from.
  void Hold(const SegmentRef& segment);
  // `segment` alone stands for where all events came from.
  void HoldAll(const SegmentRef& segment) {
    holds.assign(1, segment);
    hold_begins.assign(1, 0);
  }
  // Index into `holds`, of where the event came from; 0 where nothing is held.
  uint32_t HoldOf(size_t event) const;
  // The segment with this index; null where nothing is held.
  SegmentRef Held(uint32_t index) const {
    return index < holds.size() ? holds[index] : SegmentRef();
  }
};

}  // namespace tailrace
