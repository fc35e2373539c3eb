// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads one log file as cheaply as it can be done correctly: large pread calls, one scan for
// newlines; in CRI files the fixed head is split by position and `P` pieces are joined per stream.
// Source of the format: kubernetes/design-proposals-archive, node/kubelet-cri-logging.md.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::bench {

// One whole message. `text` is followed by at least kPadding readable bytes, so a SIMD parser may
// read past its end. Valid until the handler returns.
struct CriMessage {
  std::string_view time;     // RFC 3339 with nanoseconds, as written by the runtime
  std::string_view stream;   // "stdout" or "stderr"
  std::string_view text;     // the message, pieces joined
  std::uint64_t offset = 0;  // file offset of the first piece's first byte
};

// Identity of a file, enough to make a document id from.
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
};

// Counts of what was read.
struct ReadTotals {
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
  std::uint64_t malformed = 0;  // lines without a CRI head; skipped
};

enum class Framing {
  kCri,
  kPlain,  // a line is a message; time and stream stay empty
};

class CriReader {
 public:
  static constexpr std::size_t kPadding = 64;

  // `read_bytes` is the size of one pread.
  CriReader(Framing framing, std::size_t read_bytes);

  // Reads `path` to its end and calls `handle(const FileIdentity&, const CriMessage&)` for each
  // message. Returns false with errno set if the file cannot be opened or read.
  template <typename Handler>
  bool ReadFile(const char* path, ReadTotals& totals, Handler&& handle);

 private:
  struct Partial {
    std::string text;
    std::uint64_t offset = 0;
    bool open = false;
  };

  // Descriptor of the file, -1 with errno set on error; fills identity_.
  int Open(const char* path);
  // Reads once more behind what is kept. Bytes read, 0 at the end, -1 with errno set.
  long Fill(int fd, std::uint64_t file_offset);
  // Splits one line. False if it has no CRI head. Sets `*complete` when `message` is whole.
  bool Split(std::string_view line, std::uint64_t offset, CriMessage& message, bool& complete);
  static void Close(int fd);

  Framing framing_;
  std::vector<char> buffer_;
  std::size_t read_bytes_;
  std::size_t kept_ = 0;  // bytes at the front of buffer_ that belong to an unfinished line
  FileIdentity identity_;
  std::array<Partial, 2> partial_;  // stdout, stderr
  std::string joined_;
};

template <typename Handler>
bool CriReader::ReadFile(const char* path, ReadTotals& totals, Handler&& handle) {
  const int fd = Open(path);
  if (fd < 0) return false;
  std::uint64_t read_offset = 0;
  long got = 0;
  while ((got = Fill(fd, read_offset)) > 0) {
    const std::uint64_t base = read_offset - kept_;  // file offset of buffer_[0]
    read_offset += static_cast<std::uint64_t>(got);
    const std::string_view data(buffer_.data(), kept_ + static_cast<std::size_t>(got));
    std::size_t begin = 0;
    std::size_t search = kept_;
    for (;;) {
      const std::size_t newline = data.find('\n', search);  // memchr: AVX2/EVEX in glibc
      if (newline == std::string_view::npos) break;
      ++totals.lines;
      CriMessage message;
      bool complete = false;
      if (!Split(data.substr(begin, newline - begin), base + begin, message, complete)) {
        ++totals.malformed;
      } else if (complete) {
        handle(identity_, message);
      }
      begin = search = newline + 1;
    }
    kept_ = data.size() - begin;
    if (kept_ > 0 && begin > 0) std::copy(data.begin() + begin, data.end(), buffer_.begin());
    totals.bytes += static_cast<std::uint64_t>(got);
  }
  Close(fd);
  return got == 0;
}

}  // namespace tailrace::bench
