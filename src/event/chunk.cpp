// SPDX-License-Identifier: Apache-2.0
#include "tailrace/chunk.h"

#include <algorithm>

namespace tailrace {

std::string Chunk::id_hex() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(id.size() * 2);
  for (const uint8_t byte : id) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

EventTime Chunk::time_of(size_t index) const {
  return index < times.size() ? times[index] : kNoTime;
}

std::shared_ptr<const Origin> Chunk::origin_of(size_t index) const {
  const auto after =
      std::upper_bound(origins.begin(), origins.end(), index,
                       [](size_t wanted, const OriginRun& run) { return wanted < run.first; });
  return after == origins.begin() ? nullptr : std::prev(after)->origin;
}

void Chunk::Keep(std::span<const uint32_t> indexes) {
  size_t size = 0;
  size_t kept = 0;
  auto hold_begin = hold_begins.begin();
  std::vector<OriginRun> runs;
  for (const uint32_t index : indexes) {
    for (; hold_begin != hold_begins.end() && *hold_begin <= index; ++hold_begin) {
      *hold_begin = static_cast<uint32_t>(kept);
    }
    if (auto origin = origin_of(index); origin != nullptr) {
      const auto first = static_cast<uint32_t>(kept);
      if (runs.empty() || runs.back().origin != origin) runs.push_back({first, std::move(origin)});
    }
    if (index < times.size()) times[kept] = times[index];
    // kept <= index because indexes ascend, so what event() reads has not been overwritten.
    const std::string_view bytes = event(index);
    std::memmove(body.data() + size, bytes.data(), bytes.size());
    begins[kept++] = static_cast<uint32_t>(size);
    size += bytes.size();
  }
  for (; hold_begin != hold_begins.end(); ++hold_begin) *hold_begin = static_cast<uint32_t>(kept);
  begins.resize(kept);
  times.resize(std::min(times.size(), kept));
  origins = std::move(runs);
  body.Truncate(size);
}

void Chunk::Reset(size_t keep_bytes) {
  key = ChunkKey{};
  if (body.capacity() > keep_bytes) {
    body.Free();
  } else {
    body.Clear();
  }
  begins.clear();
  times.clear();
  origins.clear();
  holds.clear();
  hold_begins.clear();
  rejected.clear();
  outcome = Outcome::kUnsent;
  why.clear();
  created_ns = first_failure_ns = retry_at_ns = 0;
  failures = 0;
}

void Chunk::Hold(const SegmentRef& segment) {
  holds.push_back(segment);
  hold_begins.push_back(static_cast<uint32_t>(begins.size() - 1));
}

uint32_t Chunk::HoldOf(size_t event) const {
  if (hold_begins.empty()) return 0;
  // Of holds that lost all their events the last one's begin is the next one's: the last counts.
  const auto after = std::upper_bound(hold_begins.begin(), hold_begins.end(), event);
  return static_cast<uint32_t>(after - hold_begins.begin() - 1);
}

}  // namespace tailrace
