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

void Chunk::Keep(std::span<const uint32_t> indexes) {
  size_t size = 0;
  size_t kept = 0;
  auto hold_begin = hold_begins.begin();
  for (const uint32_t index : indexes) {
    for (; hold_begin != hold_begins.end() && *hold_begin <= index; ++hold_begin) {
      *hold_begin = static_cast<uint32_t>(kept);
    }
    // kept <= index because indexes ascend, so what event() reads has not been overwritten.
    const std::string_view bytes = event(index);
    std::memmove(body.data() + size, bytes.data(), bytes.size());
    begins[kept++] = static_cast<uint32_t>(size);
    size += bytes.size();
  }
  for (; hold_begin != hold_begins.end(); ++hold_begin) *hold_begin = static_cast<uint32_t>(kept);
  begins.resize(kept);
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
  // Of holds that lost all their events the last one's begin is the next one's: the last counts.
  const auto after = std::upper_bound(hold_begins.begin(), hold_begins.end(), event);
  return static_cast<uint32_t>(after - hold_begins.begin() - 1);
}

}  // namespace tailrace
