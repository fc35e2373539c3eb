// SPDX-License-Identifier: Apache-2.0
#pragma once
// The format of the chunk files that a file buffer writes: a sequence of frames, each with
// checksums of its own, so that a torn or damaged place costs one frame and never the rest of the
// file.
//
// A frame is a head of 32 bytes, all numbers little-endian, and its payload:
//
//    0  c1 'T' 'R' 'F'   c1 begins no msgpack value, so that Fluentd refuses the file at once
//    4  u8 kind          1 metadata, 2 events
//    5  u8 codec         0 as it is, 1 gzip, 2 zstd
//    6  u8  flags        1: the payload has times and tags
//    7  u8               0
//    8  u32 events
//   12  u32 stored       bytes of the payload in the file
//   16  u32 raw          bytes of the payload unpacked
//   20  u32 checksum of the stored payload (CRC-32C)
//   24  u32              0
//   28  u32 checksum of the 28 bytes before
//
// The payload of metadata is ChunkMeta (buffer/chunk_meta.h). That of events is
//
//   for each event  u32 size
//   with flag 1     for each event i64 seconds, u32 nanoseconds; u32 number of runs of one tag, and
//                   for each u32 index of its first event, u32 size of the tag, the tag
//   the events as rendered, one after the other
//
// No thread of its own; a FrameWriter belongs to one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "net/gzip.h"
#include "net/zstd.h"
#include "tailrace/byte_buffer.h"
#include "tailrace/chunk.h"
#include "tailrace/result.h"

namespace tailrace::buffer {

enum class FrameKind : uint8_t { kMeta = 1, kEvents = 2 };
enum class Codec : uint8_t { kNone = 0, kGzip = 1, kZstd = 2 };

struct FrameHead {
  static constexpr size_t kBytes = 32;

  FrameKind kind = FrameKind::kEvents;
  Codec codec = Codec::kNone;
  bool timed = false;  // flag 1
  uint32_t events = 0;
  uint32_t stored = 0;
  uint32_t raw = 0;
  uint32_t checksum = 0;

  // Nothing if the first kBytes of `bytes` are no intact head.
  static std::optional<FrameHead> Parse(std::string_view bytes);
};

// True if a file that begins like this was written by FrameWriter.
bool IsFrameFile(std::string_view begin);

class FrameWriter {
 public:
  explicit FrameWriter(Codec codec);

  void AppendMeta(std::string_view meta, ByteBuffer& out);
  // All events of the chunk.
  Status AppendEvents(const Chunk& chunk, ByteBuffer& out);

 private:
  Codec codec_;
  std::optional<net::GzipCompressor> gzip_;
  std::optional<net::ZstdCompressor> zstd_;
  ByteBuffer raw_;
};

// Where the next frame that has an intact head begins, at or after `from`; npos if there is none.
size_t FindFrame(std::string_view bytes, size_t from);

// Appends the events of one frame to `chunk` (no segments). `payload` are head.stored bytes. False,
// and the chunk as before, if the payload is damaged or would unpack to more than `raw_max` bytes.
bool AppendFrameTo(const FrameHead& head, std::string_view payload, size_t raw_max, Chunk& chunk);

// What reading a whole file gave.
struct FrameScan {
  uint64_t events = 0;          // in intact frames
  uint64_t damaged_bytes = 0;   // within the file, passed over
  uint64_t damaged_events = 0;  // of damaged frames whose head is intact
  size_t end = 0;               // one past the last intact frame: what follows is a torn tail
};

// Reads all frames of a file's bytes: metadata into `meta` (a view into `bytes`), events into
// `chunk`. A repeated metadata frame is passed over.
FrameScan ReadFrames(std::string_view bytes, size_t raw_max, std::string_view* meta, Chunk& chunk);

}  // namespace tailrace::buffer
