// SPDX-License-Identifier: Apache-2.0
#pragma once
// zstd (RFC 8878) for disk buffers and the forward protocol. Not for Elasticsearch, which does not
// decode it.

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include "tailrace/byte_buffer.h"
#include "tailrace/result.h"

namespace tailrace::net {

// Compresses with a context that is kept from call to call; one thread.
class ZstdCompressor {
 public:
  static constexpr int kDefaultLevel = 3;  // zstd's and Fluentd's own default
  explicit ZstdCompressor(int level = kDefaultLevel);
  ~ZstdCompressor();
  ZstdCompressor(ZstdCompressor&&) noexcept;
  ZstdCompressor& operator=(ZstdCompressor&&) noexcept;

  // Appends one frame that holds the slices one after the other. On an error `out` is as before.
  Status Compress(std::span<const std::string_view> slices, ByteBuffer& out);
  Status Compress(std::string_view bytes, ByteBuffer& out) { return Compress({&bytes, 1}, out); }

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// Appends the content of all frames of `bytes`. Fails, with `out` as before, if the data is
// damaged, ends early, or holds more than `bytes_max` bytes.
Status ZstdDecompress(std::string_view bytes, std::size_t bytes_max, ByteBuffer& out);

}  // namespace tailrace::net
