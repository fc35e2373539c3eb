// SPDX-License-Identifier: Apache-2.0
#include "input/tail/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tailrace::tail {
namespace {

int64_t Nanoseconds(const struct statx_timestamp& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

tl::expected<FileStat, int> Look(int directory, const char* path, int flags) {
  struct statx from {};
  if (::statx(directory, path, flags, STATX_BASIC_STATS | STATX_BTIME, &from) != 0) {
    return tl::unexpected<int>(errno);
  }
  FileStat to;
  to.id = {makedev(from.stx_dev_major, from.stx_dev_minor), from.stx_ino};
  to.size = from.stx_size;
  to.links = from.stx_nlink;
  to.mtime = Nanoseconds(from.stx_mtime);
  to.birth = (from.stx_mask & STATX_BTIME) != 0 ? Nanoseconds(from.stx_btime) : 0;
  to.regular = S_ISREG(from.stx_mode);
  return to;
}

}  // namespace

struct SourceFile::Gzip {
  explicit Gzip(gzFile opened) : file(opened) {}
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() { gzclose(file); }

  gzFile file;
};

tl::expected<FileStat, int> StatPath(const std::string& path) {
  return Look(AT_FDCWD, path.c_str(), 0);
}

SourceFile::SourceFile() = default;

SourceFile::SourceFile(SourceFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), gzip_(std::move(other.gzip_)) {}

SourceFile& SourceFile::operator=(SourceFile&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    gzip_ = std::move(other.gzip_);
  }
  return *this;
}

SourceFile::~SourceFile() { Close(); }

void SourceFile::Close() {
  gzip_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

tl::expected<SourceFile, int> SourceFile::Open(const std::string& path, bool gzip) {
  SourceFile file;
  // Not blocking: a pipe that somebody named *.log must not stop the worker.
  file.fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file.fd_ < 0) return tl::unexpected<int>(errno);
  const auto status = file.Stat();
  if (!status) return tl::unexpected<int>(status.error());
  if (!status->regular) return tl::unexpected<int>(EINVAL);
  if (gzip) {
    const int copy = ::fcntl(file.fd_, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) return tl::unexpected<int>(errno);
    const gzFile opened = gzdopen(copy, "rb");
    if (opened == nullptr) {
      ::close(copy);
      return tl::unexpected<int>(ENOMEM);
    }
    file.gzip_ = std::make_unique<Gzip>(opened);
  }
  return file;
}

tl::expected<FileStat, int> SourceFile::Stat() const { return Look(fd_, "", AT_EMPTY_PATH); }

tl::expected<size_t, int> SourceFile::ReadAt(uint64_t offset, std::span<char> into) {
  if (gzip_ && gztell(gzip_->file) != static_cast<z_off_t>(offset) &&
      gzseek(gzip_->file, static_cast<z_off_t>(offset), SEEK_SET) < 0) {
    return tl::unexpected<int>(EIO);
  }
  size_t done = 0;
  while (done < into.size()) {
    const size_t wanted = std::min<size_t>(into.size() - done, 1u << 30);
    const auto got =
        gzip_ ? gzread(gzip_->file, into.data() + done, static_cast<unsigned>(wanted))
              : ::pread(fd_, into.data() + done, wanted, static_cast<off_t>(offset + done));
    if (got < 0) {
      if (!gzip_ && errno == EINTR) continue;
      if (done > 0) break;
      return tl::unexpected<int>(gzip_ ? EIO : errno);
    }
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

std::string SourceFile::Peek(uint64_t offset, size_t size) {
  std::string bytes(size, '\0');
  bytes.resize(ReadAt(offset, bytes).value_or(0));
  return bytes;
}

}  // namespace tailrace::tail
