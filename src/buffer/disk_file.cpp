// SPDX-License-Identifier: Apache-2.0
#include "buffer/disk_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace tailrace::buffer {
namespace {

// Opens without being stopped by a signal.
int Open(const std::string& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

}  // namespace

std::string FileFailure(std::string_view what, const std::string& path) {
  const int error = errno;
  return "cannot " + std::string(what) + " " + path + ": " + std::strerror(error);
}

DiskFile::DiskFile(DiskFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

DiskFile& DiskFile::operator=(DiskFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(size_, other.size_);
  return *this;
}

Result<DiskFile> DiskFile::Create(const std::string& path, mode_t mode) {
  DiskFile file;
  file.fd_ = Open(path, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (file.fd_ < 0) return Fail(FileFailure("create", path));
  file.path_ = path;
  // file_permission is meant as it stands, whatever the umask says.
  if (::fchmod(file.fd_, mode) != 0) return Fail(FileFailure("change the mode of", path));
  return file;
}

Result<DiskFile> DiskFile::OpenForAppend(const std::string& path) {
  DiskFile file;
  file.fd_ = Open(path, O_WRONLY);
  if (file.fd_ < 0) return Fail(FileFailure("open", path));
  file.path_ = path;
  struct stat status {};
  if (::fstat(file.fd_, &status) != 0) return Fail(FileFailure("look at", path));
  file.size_ = static_cast<uint64_t>(status.st_size);
  return file;
}

Status DiskFile::Append(std::string_view bytes) {
  uint64_t at = size_;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      std::string why = FileFailure("write", path_);
      // Half a frame would be passed over when read, but would take room where there is none.
      if (Status cut = Truncate(size_); !cut) why += "; " + cut.error().message;
      return Fail(std::move(why));
    }
    at += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  size_ = at;
  return {};
}

Status DiskFile::Truncate(uint64_t size) {
  if (::ftruncate(fd_, static_cast<off_t>(size)) != 0) return Fail(FileFailure("truncate", path_));
  size_ = size;
  return {};
}

Status DiskFile::Sync() {
  if (::fdatasync(fd_) != 0) return Fail(FileFailure("sync", path_));
  return {};
}

void DiskFile::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

LockFile::~LockFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<bool> LockFile::TryLock(const std::string& path) {
  if (fd_ < 0) fd_ = Open(path, O_RDWR | O_CREAT, 0600);
  if (fd_ < 0) return Fail(FileFailure("open", path));
  if (::flock(fd_, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK || errno == EINTR) return false;
  return Fail(FileFailure("lock", path));
}

Status ReadFileInto(const std::string& path, uint64_t bytes_max, ByteBuffer& out) {
  constexpr size_t kPiece = 1 << 20;
  const int fd = Open(path, O_RDONLY);
  if (fd < 0) return Fail(FileFailure("open", path));
  const size_t before = out.size();
  struct stat status {};
  if (::fstat(fd, &status) == 0 && status.st_size > 0) {
    out.Room(std::min<uint64_t>(static_cast<uint64_t>(status.st_size) + 1, bytes_max + 1));
  }
  Status result;
  while (true) {
    const size_t left = out.capacity() - out.size();
    const size_t room = left > 0 ? std::min(left, kPiece) : kPiece;
    const ssize_t got = ::read(fd, out.Room(room), room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) result = Fail(FileFailure("read", path));
    if (got <= 0) break;
    out.Commit(static_cast<size_t>(got));
    if (out.size() - before > bytes_max) {
      result = Fail(path + " is larger than " + std::to_string(bytes_max) + " bytes");
      break;
    }
  }
  ::close(fd);
  if (!result) out.Truncate(before);
  return result;
}

Status ReadBeginInto(const std::string& path, size_t bytes_max, ByteBuffer& out) {
  const int fd = Open(path, O_RDONLY);
  if (fd < 0) return Fail(FileFailure("open", path));
  const size_t before = out.size();
  Status result;
  while (out.size() - before < bytes_max) {
    const size_t room = bytes_max - (out.size() - before);
    const ssize_t got = ::read(fd, out.Room(room), room);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) result = Fail(FileFailure("read", path));
    if (got <= 0) break;
    out.Commit(static_cast<size_t>(got));
  }
  ::close(fd);
  return result;
}

Status MakeDirectory(const std::string& path, mode_t mode) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) return {};
  const std::string above = std::filesystem::path(path).parent_path().string();
  if (!above.empty() && above != path) {
    if (Status made = MakeDirectory(above, mode); !made) return made;
  }
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) return Fail(FileFailure("make", path));
  return {};
}

Status SyncDirectory(const std::string& path) {
  const int fd = Open(path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return Fail(FileFailure("open", path));
  Status result;
  // Some file systems cannot sync directories; their names are as safe as they get.
  if (::fsync(fd) != 0 && errno != EINVAL) result = Fail(FileFailure("sync", path));
  ::close(fd);
  return result;
}

}  // namespace tailrace::buffer
