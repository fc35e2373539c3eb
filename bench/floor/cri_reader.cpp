// SPDX-License-Identifier: Apache-2.0
#include "cri_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace tailrace::bench {

CriReader::CriReader(Framing framing, std::size_t read_bytes)
    : framing_(framing), buffer_(read_bytes * 2 + kPadding), read_bytes_(read_bytes) {}

int CriReader::Open(const char* path) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat status {};
  if (::fstat(fd, &status) != 0) {
    const int error = errno;
    ::close(fd);
    errno = error;
    return -1;
  }
  identity_ = {status.st_dev, status.st_ino};
  kept_ = 0;
  for (Partial& partial : partial_) partial.open = false;
  return fd;
}

void CriReader::Close(int fd) {
  const int error = errno;
  ::close(fd);
  errno = error;
}

long CriReader::Fill(int fd, std::uint64_t file_offset) {
  if (buffer_.size() < kept_ + read_bytes_ + kPadding) {  // a line longer than one read
    buffer_.resize(kept_ + read_bytes_ * 2 + kPadding);
  }
  for (;;) {
    const ssize_t got =
        ::pread(fd, buffer_.data() + kept_, read_bytes_, static_cast<off_t>(file_offset));
    if (got >= 0 || errno != EINTR) return got;
  }
}

bool CriReader::Split(std::string_view line, std::uint64_t offset, CriMessage& message,
                      bool& complete) {
  if (framing_ == Framing::kPlain) {
    message.text = line;
    message.offset = offset;
    complete = true;
    return true;
  }
  // TIME SP STREAM SP TAGS SP TEXT; the stream is a word of six letters.
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos || line.size() < space + 10 || line[space + 7] != ' ' ||
      line[space + 9] != ' ') {
    return false;
  }
  message.time = line.substr(0, space);
  message.stream = line.substr(space + 1, 6);
  const char tag = line[space + 8];
  const std::string_view text = line.substr(space + 10);
  if (message.stream[3] != 'o' && message.stream[3] != 'e') return false;
  Partial& partial = partial_[message.stream[3] == 'e' ? 1 : 0];
  if (tag == 'F' && !partial.open) [[likely]] {
    message.text = text;
    message.offset = offset;
    complete = true;
    return true;
  }
  if (tag != 'F' && tag != 'P') return false;
  if (!partial.open) {
    partial.text.clear();
    partial.offset = offset;
    partial.open = true;
  }
  partial.text += text;
  if (tag == 'P') return true;
  partial.open = false;
  joined_.swap(partial.text);
  joined_.reserve(joined_.size() + kPadding);
  message.text = joined_;
  message.offset = partial.offset;
  complete = true;
  return true;
}

}  // namespace tailrace::bench
