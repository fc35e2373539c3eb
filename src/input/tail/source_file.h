// SPDX-License-Identifier: Apache-2.0
#pragma once
// An open log file to read from by offset: plain with pread, or gzip-compressed, where offsets are
// those of the text inside. Never mmap: a truncated file would kill the process.

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "tailrace/result.h"

namespace tailrace::tail {

struct FileId {
  uint64_t device = 0;
  uint64_t inode = 0;

  friend bool operator==(const FileId&, const FileId&) = default;
};

struct FileIdHash {
  size_t operator()(const FileId& id) const {
    return static_cast<size_t>((id.inode ^ id.device << 40) * 0x9E3779B97F4A7C15u >> 16);
  }
};

struct FileStat {
  FileId id;
  uint64_t size = 0;
  uint64_t links = 0;
  int64_t mtime = 0;  // ns since 1970
  int64_t birth = 0;  // when the inode was last made into a file, ns; 0 where that is not known
  bool regular = false;
};

// Follows symbolic links. The error is the errno value.
tl::expected<FileStat, int> StatPath(const std::string& path);

class SourceFile {
 public:
  SourceFile();
  SourceFile(SourceFile&& other) noexcept;
  SourceFile& operator=(SourceFile&& other) noexcept;
  ~SourceFile();

  // The error is the errno value. Only regular files are opened.
  static tl::expected<SourceFile, int> Open(const std::string& path, bool gzip = false);

  bool is_open() const { return fd_ >= 0; }
  bool gzip() const { return gzip_ != nullptr; }
  void Close();

  tl::expected<FileStat, int> Stat() const;
  // Reads at `offset` until `into` is full or the file ends; fewer bytes mean the end. For gzip,
  // reading backwards unpacks from the beginning again, and a damaged rest reads as EIO after what
  // could be unpacked.
  tl::expected<size_t, int> ReadAt(uint64_t offset, std::span<char> into);
  // Up to `size` bytes at `offset`; shorter at the end of the file or when it cannot be read.
  std::string Peek(uint64_t offset, size_t size);

 private:
  struct Gzip;

  int fd_ = -1;
  std::unique_ptr<Gzip> gzip_;
};

}  // namespace tailrace::tail
