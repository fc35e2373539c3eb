// SPDX-License-Identifier: Apache-2.0
#pragma once
// The few file operations of a file buffer, with errors that name the file. Blocking: not for
// worker threads.

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tailrace/byte_buffer.h"
#include "tailrace/result.h"

namespace tailrace::buffer {

class DiskFile {
 public:
  DiskFile() = default;
  DiskFile(DiskFile&& other) noexcept;
  DiskFile& operator=(DiskFile&& other) noexcept;
  ~DiskFile() { Close(); }

  // A new file; fails if there is one of this name.
  static Result<DiskFile> Create(const std::string& path, mode_t mode);
  static Result<DiskFile> OpenForAppend(const std::string& path);

  // Appends all of it, or fails and leaves the file as long as it was.
  Status Append(std::string_view bytes);
  Status Truncate(uint64_t size);
  // fdatasync.
  Status Sync();
  void Close();
  bool is_open() const { return fd_ >= 0; }
  uint64_t size() const { return size_; }

 private:
  std::string path_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

// Holds a file locked against other processes and other buffers of this one.
class LockFile {
 public:
  LockFile() = default;
  LockFile(const LockFile&) = delete;
  LockFile& operator=(const LockFile&) = delete;
  ~LockFile();
  // False if somebody else has it; an error if the file cannot be opened.
  Result<bool> TryLock(const std::string& path);

 private:
  int fd_ = -1;
};

// Appends the whole file; fails beyond `bytes_max`.
Status ReadFileInto(const std::string& path, uint64_t bytes_max, ByteBuffer& out);
// Appends what the file begins with, at most `bytes_max` bytes.
Status ReadBeginInto(const std::string& path, size_t bytes_max, ByteBuffer& out);
// With everything above it.
Status MakeDirectory(const std::string& path, mode_t mode);
// fsync of a directory: names of files in it are safe afterwards.
Status SyncDirectory(const std::string& path);
// "cannot open /a/b: No space left on device", of errno.
std::string FileFailure(std::string_view what, const std::string& path);

}  // namespace tailrace::buffer
