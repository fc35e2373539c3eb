// SPDX-License-Identifier: Apache-2.0
#include "buffer/frames.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <vector>

#include "tailrace/batch.h"

namespace tailrace::buffer {
namespace {

constexpr char kMagic[] = {'\xc1', 'T', 'R', 'F'};
constexpr std::string_view kMagicText(kMagic, sizeof kMagic);

uint32_t Checksum(std::string_view bytes) {
  // ISA-L counts in int; the limits on chunks keep every payload far below.
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return crc32_iscsi(data, static_cast<int>(bytes.size()), 0xffffffffu);
}

void Put(uint32_t number, char* out) {
  for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(number >> (8 * i));
}

uint32_t Get(const char* in) {
  uint32_t number = 0;
  for (int i = 0; i < 4; ++i) number |= static_cast<uint32_t>(static_cast<uint8_t>(in[i])) << 8 * i;
  return number;
}

void WriteHead(const FrameHead& head, char* out) {
  std::memset(out, 0, FrameHead::kBytes);
  std::memcpy(out, kMagic, sizeof kMagic);
  out[4] = static_cast<char>(head.kind);
  out[5] = static_cast<char>(head.codec);
  out[6] = head.timed ? 1 : 0;
  Put(head.events, out + 8);
  Put(head.stored, out + 12);
  Put(head.raw, out + 16);
  Put(head.checksum, out + 20);
  Put(Checksum({out, 28}), out + 28);
}

// The head of what was appended to `out` behind `at`, where its place was kept.
void CloseFrame(FrameHead head, size_t at, ByteBuffer& out) {
  const std::string_view payload = out.view().substr(at + FrameHead::kBytes);
  head.stored = static_cast<uint32_t>(payload.size());
  head.checksum = Checksum(payload);
  WriteHead(head, out.data() + at);
}

size_t KeepPlace(ByteBuffer& out) {
  const size_t at = out.size();
  out.Room(FrameHead::kBytes);
  out.Commit(FrameHead::kBytes);
  return at;
}

}  // namespace

std::optional<FrameHead> FrameHead::Parse(std::string_view bytes) {
  if (bytes.size() < kBytes || !IsFrameFile(bytes)) return std::nullopt;
  if (Get(bytes.data() + 28) != Checksum(bytes.substr(0, 28))) return std::nullopt;
  FrameHead head;
  head.kind = static_cast<FrameKind>(bytes[4]);
  head.codec = static_cast<Codec>(bytes[5]);
  head.timed = bytes[6] == 1;
  head.events = Get(bytes.data() + 8);
  head.stored = Get(bytes.data() + 12);
  head.raw = Get(bytes.data() + 16);
  head.checksum = Get(bytes.data() + 20);
  return head;
}

bool IsFrameFile(std::string_view begin) { return begin.substr(0, sizeof kMagic) == kMagicText; }

FrameWriter::FrameWriter(Codec codec) : codec_(codec) {
  if (codec == Codec::kGzip) gzip_.emplace(net::CompressionLevel::kFast);
  if (codec == Codec::kZstd) zstd_.emplace();
}

void FrameWriter::AppendMeta(std::string_view meta, ByteBuffer& out) {
  const size_t at = KeepPlace(out);
  out.Append(meta);
  FrameHead head;
  head.kind = FrameKind::kMeta;
  head.raw = static_cast<uint32_t>(meta.size());
  CloseFrame(head, at, out);
}

namespace {

void AppendNumber(uint32_t number, ByteBuffer& out) {
  Put(number, out.Room(4));
  out.Commit(4);
}

void AppendTimesAndTags(const Chunk& chunk, ByteBuffer& out) {
  for (const EventTime& time : chunk.times) {
    const auto seconds = static_cast<uint64_t>(time.sec);
    AppendNumber(static_cast<uint32_t>(seconds), out);
    AppendNumber(static_cast<uint32_t>(seconds >> 32), out);
    AppendNumber(static_cast<uint32_t>(time.nsec), out);
  }
  AppendNumber(static_cast<uint32_t>(chunk.origins.size()), out);
  for (const Chunk::OriginRun& run : chunk.origins) {
    const std::string_view tag =
        run.origin ? std::string_view(run.origin->tag) : std::string_view();
    AppendNumber(run.first, out);
    AppendNumber(static_cast<uint32_t>(tag.size()), out);
    out.Append(tag);
  }
}

}  // namespace

Status FrameWriter::AppendEvents(const Chunk& chunk, ByteBuffer& out) {
  raw_.Clear();
  const size_t count = chunk.events();
  for (size_t i = 0; i < count; ++i) {
    AppendNumber(static_cast<uint32_t>(chunk.event(i).size()), raw_);
  }
  FrameHead head;
  head.codec = codec_;
  head.events = static_cast<uint32_t>(count);
  head.timed = chunk.times.size() == count;
  if (head.timed) AppendTimesAndTags(chunk, raw_);
  head.raw = static_cast<uint32_t>(raw_.size() + chunk.body.size());
  const size_t at = KeepPlace(out);
  Status status;
  const std::string_view slices[] = {raw_.view(), chunk.body.view()};
  if (codec_ == Codec::kNone) {
    out.Append(slices[0]);
    out.Append(slices[1]);
  } else {
    status = gzip_ ? gzip_->Compress(slices, out) : zstd_->Compress(slices, out);
  }
  if (status) {
    CloseFrame(head, at, out);
  } else {
    out.Truncate(at);
  }
  return status;
}

size_t FindFrame(std::string_view bytes, size_t from) {
  while (true) {
    from = bytes.find(kMagicText, from);
    if (from == std::string_view::npos || FrameHead::Parse(bytes.substr(from))) return from;
    ++from;
  }
}

namespace {

bool Unpack(const FrameHead& head, std::string_view payload, size_t raw_max, ByteBuffer& out) {
  const size_t limit = std::min<size_t>(raw_max, head.raw);
  Status status;
  if (head.codec == Codec::kGzip) {
    status = net::GzipDecompress(payload, limit, out);
  } else if (head.codec == Codec::kZstd) {
    status = net::ZstdDecompress(payload, limit, out);
  } else {
    return false;
  }
  return status && out.size() == head.raw;
}

// Reads a payload that is not packed.
class PayloadReader {
 public:
  PayloadReader(const FrameHead& head, std::string_view raw) : head_(head), left_(raw) {}

  // False, and the chunk as before, if the parts do not fit together.
  bool AppendTo(Chunk& chunk) {
    std::string_view sizes;
    if (!Take(uint64_t{4} * head_.events, &sizes)) return false;
    if (head_.timed && !ReadTimesAndTags()) return false;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < head_.events; ++i) sum += Get(sizes.data() + size_t{4} * i);
    if (sum != left_.size() || chunk.body.size() + sum > UINT32_MAX) return false;
    AppendTimesTo(chunk);
    auto begin = static_cast<uint32_t>(chunk.body.size());
    for (uint32_t i = 0; i < head_.events; ++i) {
      chunk.begins.push_back(begin);
      begin += Get(sizes.data() + size_t{4} * i);
    }
    chunk.body.Append(left_);
    return true;
  }

 private:
  bool Take(uint64_t size, std::string_view* out) {
    if (left_.size() < size) return false;
    *out = left_.substr(0, size);
    left_.remove_prefix(size);
    return true;
  }
  bool Number(uint32_t* number) {
    std::string_view bytes;
    if (!Take(4, &bytes)) return false;
    *number = Get(bytes.data());
    return true;
  }

  bool ReadTimesAndTags() {
    uint32_t count = 0;
    if (!Take(uint64_t{12} * head_.events, &times_) || !Number(&count)) return false;
    for (uint32_t i = 0; i < count; ++i) {
      Chunk::OriginRun run;
      uint32_t size = 0;
      std::string_view tag;
      if (!Number(&run.first) || !Number(&size) || !Take(size, &tag)) return false;
      if (run.first >= head_.events || (i > 0 && run.first <= runs_.back().first)) return false;
      auto origin = std::make_shared<Origin>();
      origin->tag = tag;
      run.origin = std::move(origin);
      runs_.push_back(std::move(run));
    }
    return true;
  }

  void AppendTimesTo(Chunk& chunk) {
    const auto before = static_cast<uint32_t>(chunk.events());
    if (!head_.timed || chunk.times.size() != before) return;  // not known of what came before
    for (uint32_t i = 0; i < head_.events; ++i) {
      const char* at = times_.data() + size_t{12} * i;
      const uint64_t seconds = Get(at) | static_cast<uint64_t>(Get(at + 4)) << 32;
      chunk.times.push_back({static_cast<int64_t>(seconds), static_cast<int32_t>(Get(at + 8))});
    }
    for (Chunk::OriginRun& run : runs_) {
      run.first += before;
      chunk.origins.push_back(std::move(run));
    }
  }

  const FrameHead& head_;
  std::string_view left_;
  std::string_view times_;
  std::vector<Chunk::OriginRun> runs_;
};

}  // namespace

bool AppendFrameTo(const FrameHead& head, std::string_view payload, size_t raw_max, Chunk& chunk) {
  if (payload.size() != head.stored || Checksum(payload) != head.checksum) return false;
  if (head.codec == Codec::kNone) return PayloadReader(head, payload).AppendTo(chunk);
  ByteBuffer raw;
  return Unpack(head, payload, raw_max, raw) && PayloadReader(head, raw.view()).AppendTo(chunk);
}

FrameScan ReadFrames(std::string_view bytes, size_t raw_max, std::string_view* meta, Chunk& chunk) {
  FrameScan scan;
  size_t at = 0;
  while (at < bytes.size()) {
    const size_t next = FindFrame(bytes, at);
    if (next == std::string_view::npos) return scan;
    const auto head = *FrameHead::Parse(bytes.substr(next));
    const std::string_view payload = bytes.substr(next + FrameHead::kBytes, head.stored);
    bool good = payload.size() == head.stored;
    if (good && head.kind == FrameKind::kMeta) {
      good = Checksum(payload) == head.checksum;
      if (good && meta->empty()) *meta = payload;
    } else if (good) {
      good = head.kind == FrameKind::kEvents && AppendFrameTo(head, payload, raw_max, chunk);
    }
    if (!good) {
      scan.damaged_events += head.events;
      at = next + 1;  // the length cannot be trusted more than the payload
      continue;
    }
    if (head.kind == FrameKind::kEvents) scan.events += head.events;
    at = next + FrameHead::kBytes + payload.size();
    scan.damaged_bytes += next - scan.end;
    scan.end = at;
  }
  return scan;
}

}  // namespace tailrace::buffer
