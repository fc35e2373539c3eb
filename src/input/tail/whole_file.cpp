// SPDX-License-Identifier: Apache-2.0
#include "input/tail/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace tailrace::tail {
namespace {

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags) : fd_(::open(path.c_str(), flags, 0644)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Status WriteFile(const std::string& path, int flags, std::string_view text) {
  const Descriptor file(path, flags);
  if (file.get() < 0) return Fail(FileProblem("open", path, errno));
  if (auto written = WriteAt(file.get(), path, 0, text); !written) return written;
  if (::ftruncate(file.get(), static_cast<off_t>(text.size())) != 0 ||
      ::fdatasync(file.get()) != 0) {
    return Fail(FileProblem("write", path, errno));
  }
  return {};
}

}  // namespace

std::string FileProblem(std::string_view verb, const std::string& path, int error) {
  return "cannot " + std::string(verb) + " " + path + ": " +
         std::error_code(error, std::generic_category()).message();
}

Result<std::string> ReadWholeFile(const std::string& path) {
  const Descriptor file(path, O_RDONLY | O_CLOEXEC);
  if (file.get() < 0) {
    if (errno == ENOENT) return std::string();
    return Fail(FileProblem("open", path, errno));
  }
  std::string text;
  char buffer[64 << 10];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Fail(FileProblem("read", path, errno));
    if (got == 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

Status MakeDirectoriesFor(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  if (parent.empty()) return {};
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  if (error) return Fail(FileProblem("make directory", parent.string(), error.value()));
  return {};
}

Status ReplaceFile(const std::string& path, std::string_view text) {
  const std::string beside = path + ".new";
  if (auto written = WriteFile(beside, O_WRONLY | O_CREAT | O_CLOEXEC, text); written) {
    struct stat old {};
    if (::stat(path.c_str(), &old) == 0) ::chmod(beside.c_str(), old.st_mode & 07777);
    if (::rename(beside.c_str(), path.c_str()) == 0) return {};
    ::unlink(beside.c_str());
  } else if (::access(path.c_str(), F_OK) != 0) {
    return written;
  }
  return WriteFile(path, O_WRONLY | O_CREAT | O_CLOEXEC, text);
}

Status WriteAt(int fd, const std::string& path, uint64_t offset, std::string_view text) {
  while (!text.empty()) {
    const ssize_t put = ::pwrite(fd, text.data(), text.size(), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return Fail(FileProblem("write", path, errno));
    text.remove_prefix(static_cast<size_t>(put));
    offset += static_cast<uint64_t>(put);
  }
  return {};
}

}  // namespace tailrace::tail
