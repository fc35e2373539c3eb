// SPDX-License-Identifier: Apache-2.0
#include "net/zstd.h"

#include <zstd.h>

#include <string>

namespace tailrace::net {
namespace {

constexpr std::size_t kRoomBytes = 64 << 10;

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Status DecompressFrames(std::string_view bytes, std::size_t bytes_max, ByteBuffer& out) {
  const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(ZSTD_createDCtx());
  if (!context) return Fail("zstd data cannot be unpacked: not enough memory");
  const std::size_t before = out.size();
  ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
  for (;;) {
    ZSTD_outBuffer output{out.Room(kRoomBytes), kRoomBytes, 0};
    const std::size_t code = ZSTD_decompressStream(context.get(), &output, &input);
    if (ZSTD_isError(code)) {
      return Fail(std::string("zstd data is damaged: ") + ZSTD_getErrorName(code));
    }
    out.Commit(output.pos);
    if (out.size() - before > bytes_max) {
      return Fail("zstd data holds more than " + std::to_string(bytes_max) + " bytes");
    }
    const bool all_read = input.pos == input.size;
    if (all_read && code == 0) return {};  // a frame ended exactly here
    if (all_read && output.pos < output.size) return Fail("zstd data ends early");
  }
}

}  // namespace

struct ZstdCompressor::Context {
  explicit Context(int level) : stream(ZSTD_createCCtx()) {
    if (stream) ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_compressionLevel, level);
  }
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> stream;
};

ZstdCompressor::ZstdCompressor(int level) : context_(std::make_unique<Context>(level)) {}
ZstdCompressor::~ZstdCompressor() = default;
ZstdCompressor::ZstdCompressor(ZstdCompressor&&) noexcept = default;
ZstdCompressor& ZstdCompressor::operator=(ZstdCompressor&&) noexcept = default;

Status ZstdCompressor::Compress(std::span<const std::string_view> slices, ByteBuffer& out) {
  ZSTD_CCtx* stream = context_->stream.get();
  if (stream == nullptr) return Fail("zstd compression failed: not enough memory");
  ZSTD_CCtx_reset(stream, ZSTD_reset_session_only);
  std::size_t bytes = 0;
  for (std::string_view slice : slices) bytes += slice.size();
  ZSTD_CCtx_setPledgedSrcSize(stream, bytes);
  const std::size_t before = out.size();
  for (std::size_t i = 0; i <= slices.size(); ++i) {
    const bool last = i == slices.size();
    const std::string_view slice = last ? std::string_view() : slices[i];
    ZSTD_inBuffer input{slice.data(), slice.size(), 0};
    std::size_t left = 0;
    do {
      ZSTD_outBuffer output{out.Room(kRoomBytes), kRoomBytes, 0};
      left = ZSTD_compressStream2(stream, &output, &input, last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left)) {
        out.Truncate(before);
        return Fail(std::string("zstd compression failed: ") + ZSTD_getErrorName(left));
      }
      out.Commit(output.pos);
    } while (last ? left != 0 : input.pos < input.size);
  }
  return {};
}

Status ZstdDecompress(std::string_view bytes, std::size_t bytes_max, ByteBuffer& out) {
  const std::size_t before = out.size();
  Status status = DecompressFrames(bytes, bytes_max, out);
  if (!status) out.Truncate(before);
  return status;
}

}  // namespace tailrace::net
