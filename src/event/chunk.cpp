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
  std::vector<OriginRun> runs;
  for (const uint32_t index : indexes) {
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
  rejected.clear();
  outcome = Outcome::kUnsent;
  why.clear();
  created_ns = first_failure_ns = retry_at_ns = 0;
  failures = 0;
}

void Chunk::Hold(const SegmentRef& segment) {
  // Events of one source come in order, so the segment is usually the last one held or a new one.
  if (std::find(holds.begin(), holds.end(), segment) == holds.end()) holds.push_back(segment);
}

}  // namespace tailrace
