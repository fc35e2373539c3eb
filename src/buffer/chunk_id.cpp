// SPDX-License-Identifier: Apache-2.0
#include "buffer/chunk_id.h"

#include <chrono>
#include <random>

namespace tailrace::buffer {

ChunkId NewChunkId() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  const auto micros = static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(
                                                std::chrono::system_clock::now().time_since_epoch())
                                                .count());
  const uint64_t high = (micros << 12) | (random() & 0xfff);
  const uint64_t low = random();
  std::array<uint8_t, 16> id{};
  for (size_t i = 0; i < 8; ++i) {
    id[i] = static_cast<uint8_t>(high >> (56 - 8 * i));
    id[8 + i] = static_cast<uint8_t>(low >> (56 - 8 * i));
  }
  return id;
}

}  // namespace tailrace::buffer
