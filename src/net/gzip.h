// SPDX-License-Identifier: Apache-2.0
#pragma once
// gzip (RFC 1952) for request bodies, buffer chunks and the forward protocol. Fast compression is
// ISA-L's level 1: about five times the speed of zlib's level 1 at a better ratio.

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "tailrace/byte_buffer.h"
#include "tailrace/result.h"

namespace tailrace::net {

enum class CompressionLevel {
  kNone,     // "no_compression": callers send the bytes as they are
  kFast,     // "best_speed": ISA-L 1
  kDefault,  // "default_compression": libdeflate 6, smaller and faster than zlib 6
  kBest,     // "best_compression": libdeflate 9
};

// Reads Fluentd's names (compression_level of its outputs).
std::optional<CompressionLevel> ParseCompressionLevel(std::string_view name);

// Compresses with state that is kept from call to call; one thread.
class GzipCompressor {
 public:
  explicit GzipCompressor(CompressionLevel level);
  ~GzipCompressor();
  GzipCompressor(GzipCompressor&&) noexcept;
  GzipCompressor& operator=(GzipCompressor&&) noexcept;

  // Appends one complete gzip member that holds the slices one after the other. With kNone it is a
  // valid member of stored blocks. On an error `out` is as before.
  Status Compress(std::span<const std::string_view> slices, ByteBuffer& out);
  Status Compress(std::string_view bytes, ByteBuffer& out) { return Compress({&bytes, 1}, out); }

 private:
  class Engine;
  class FastEngine;
  class SmallEngine;
  std::unique_ptr<Engine> engine_;
};

// Appends the content of all members of `bytes`. Fails, with `out` as before, if the data is
// damaged, ends early, is followed by something else, or holds more than `bytes_max` bytes.
Status GzipDecompress(std::string_view bytes, std::size_t bytes_max, ByteBuffer& out);

}  // namespace tailrace::net
