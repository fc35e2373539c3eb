// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is known of a chunk besides its events, as Fluentd keeps it beside a chunk file
// (`buffer.b….log.meta`): c1 00, the length as four bytes, big-endian, and a msgpack map with the
// keys timekey, tag, variables, seq, id, s (records), c and m (seconds since 1970: created,
// modified); before 1.0 the map alone. The chunk files of our own carry the same map in their first
// frame, with the name of the output added.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tailrace/byte_buffer.h"
#include "tailrace/chunk.h"

namespace tailrace::buffer {

using ChunkId = std::array<uint8_t, 16>;

struct ChunkMeta {
  ChunkKey key;
  ChunkId id{};
  uint64_t records = 0;
  int64_t created = 0;   // seconds since 1970
  int64_t modified = 0;  // seconds since 1970
  std::string output;    // @type of the output; empty in Fluentd's files
};

// The map alone.
void AppendMeta(const ChunkMeta& meta, ByteBuffer& out);
// The map, with or without Fluentd's head before it; what follows the map is passed over. Nothing
// if it is damaged or lacks what Fluentd asks for.
std::optional<ChunkMeta> ParseMeta(std::string_view bytes);

}  // namespace tailrace::buffer
