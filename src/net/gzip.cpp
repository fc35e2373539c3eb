// SPDX-License-Identifier: Apache-2.0
#include "net/gzip.h"

#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <climits>
#include <vector>

namespace tailrace::net {

class GzipCompressor::Engine {
 public:
  virtual ~Engine() = default;
  virtual Status Compress(std::span<const std::string_view> slices, ByteBuffer& out) = 0;
};

// ISA-L picks its SSE, AVX2 or AVX-512 code at run time.
class GzipCompressor::FastEngine : public Engine {
 public:
  explicit FastEngine(int level) : level_(level), level_buffer_(ISAL_DEF_LVL1_LARGE) {}

  Status Compress(std::span<const std::string_view> slices, ByteBuffer& out) override {
    const std::size_t before = out.size();
    isal_deflate_init(&stream_);
    stream_.gzip_flag = IGZIP_GZIP;
    stream_.level = static_cast<uint32_t>(level_);
    stream_.level_buf = level_ == 0 ? nullptr : level_buffer_.data();
    stream_.level_buf_size = level_ == 0 ? 0 : static_cast<uint32_t>(level_buffer_.size());
    bool good = true;
    for (std::size_t i = 0; good && i < slices.size(); ++i) {
      good = Feed(slices[i], i + 1 == slices.size(), out);
    }
    if (slices.empty()) good = Feed({}, true, out);
    if (good) return {};
    out.Truncate(before);
    return Fail("gzip compression failed");
  }

 private:
  // ISA-L counts input in 32 bits.
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 30;
  static constexpr std::size_t kRoomBytes = 64 << 10;

  bool Feed(std::string_view slice, bool last, ByteBuffer& out) {
    do {
      const std::string_view piece = slice.substr(0, kPieceBytes);
      slice.remove_prefix(piece.size());
      stream_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(piece.data()));
      stream_.avail_in = static_cast<uint32_t>(piece.size());
      stream_.end_of_stream = last && slice.empty() ? 1 : 0;
      do {
        stream_.next_out = reinterpret_cast<uint8_t*>(out.Room(kRoomBytes));
        stream_.avail_out = kRoomBytes;
        if (isal_deflate(&stream_) != COMP_OK) return false;
        out.Commit(kRoomBytes - stream_.avail_out);
      } while (stream_.internal_state.state != ZSTATE_END &&
               (stream_.avail_out == 0 || stream_.avail_in > 0));
    } while (!slice.empty());
    return !last || stream_.internal_state.state == ZSTATE_END;
  }

  int level_;
  std::vector<uint8_t> level_buffer_;
  isal_zstream stream_{};
};

class GzipCompressor::SmallEngine : public Engine {
 public:
  explicit SmallEngine(int level) : compressor_(libdeflate_alloc_compressor(level)) {}

  Status Compress(std::span<const std::string_view> slices, ByteBuffer& out) override {
    if (!compressor_) return Fail("gzip compression failed: not enough memory");
    // libdeflate wants its input in one piece.
    std::string_view input;
    if (slices.size() == 1) {
      input = slices.front();
    } else {
      joined_.Clear();
      for (std::string_view slice : slices) {
        if (!slice.empty()) joined_.Append(slice);
      }
      input = joined_.view();
    }
    const std::size_t room = libdeflate_gzip_compress_bound(compressor_.get(), input.size());
    const std::size_t used = libdeflate_gzip_compress(compressor_.get(), input.data(), input.size(),
                                                      out.Room(room), room);
    if (used == 0) return Fail("gzip compression failed");
    out.Commit(used);
    return {};
  }

 private:
  struct FreeCompressor {
    void operator()(libdeflate_compressor* compressor) const {
      libdeflate_free_compressor(compressor);
    }
  };
  std::unique_ptr<libdeflate_compressor, FreeCompressor> compressor_;
  ByteBuffer joined_;
};

GzipCompressor::GzipCompressor(CompressionLevel level) {
  switch (level) {
    case CompressionLevel::kNone:
      engine_ = std::make_unique<SmallEngine>(0);
      break;
    case CompressionLevel::kFast:
      engine_ = std::make_unique<FastEngine>(1);
      break;
    case CompressionLevel::kDefault:
      engine_ = std::make_unique<SmallEngine>(6);
      break;
    case CompressionLevel::kBest:
      engine_ = std::make_unique<SmallEngine>(9);
      break;
  }
}
GzipCompressor::~GzipCompressor() = default;
GzipCompressor::GzipCompressor(GzipCompressor&&) noexcept = default;
GzipCompressor& GzipCompressor::operator=(GzipCompressor&&) noexcept = default;

Status GzipCompressor::Compress(std::span<const std::string_view> slices, ByteBuffer& out) {
  return engine_->Compress(slices, out);
}

std::optional<CompressionLevel> ParseCompressionLevel(std::string_view name) {
  if (name == "no_compression") return CompressionLevel::kNone;
  if (name == "best_speed") return CompressionLevel::kFast;
  if (name == "default_compression") return CompressionLevel::kDefault;
  if (name == "best_compression") return CompressionLevel::kBest;
  return std::nullopt;
}

namespace {

// Ends the zlib state with its scope.
struct Inflater {
  z_stream stream{};
  bool ready = false;
  Inflater() { ready = inflateInit2(&stream, 15 + 16) == Z_OK; }  // 16: gzip header wanted
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() {
    if (ready) inflateEnd(&stream);
  }
};

Status InflateMembers(std::string_view bytes, std::size_t bytes_max, ByteBuffer& out) {
  static constexpr std::size_t kRoomBytes = 64 << 10;
  Inflater inflater;
  z_stream& stream = inflater.stream;
  if (!inflater.ready) return Fail("gzip data cannot be unpacked: not enough memory");
  const std::size_t before = out.size();
  for (;;) {
    if (stream.avail_in == 0) {
      const std::size_t piece = std::min<std::size_t>(bytes.size(), UINT_MAX);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(piece);
      bytes.remove_prefix(piece);
    }
    stream.next_out = reinterpret_cast<Bytef*>(out.Room(kRoomBytes));
    stream.avail_out = kRoomBytes;
    const int code = inflate(&stream, Z_NO_FLUSH);
    out.Commit(kRoomBytes - stream.avail_out);
    if (out.size() - before > bytes_max) {
      return Fail("gzip data holds more than " + std::to_string(bytes_max) + " bytes");
    }
    if (code == Z_STREAM_END) {
      if (stream.avail_in == 0 && bytes.empty()) return {};
      inflateReset(&stream);
    } else if (code != Z_OK) {
      if (code == Z_BUF_ERROR) return Fail("gzip data ends early");
      return Fail(std::string("gzip data is damaged") +
                  (stream.msg != nullptr ? std::string(": ") + stream.msg : ""));
    } else if (stream.avail_in == 0 && bytes.empty() && stream.avail_out > 0) {
      return Fail("gzip data ends early");
    }
  }
}

}  // namespace

Status GzipDecompress(std::string_view bytes, std::size_t bytes_max, ByteBuffer& out) {
  const std::size_t before = out.size();
  Status status = InflateMembers(bytes, bytes_max, out);
  if (!status) out.Truncate(before);
  return status;
}

}  // namespace tailrace::net
