// SPDX-License-Identifier: Apache-2.0
#include "runtime/event_fd.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace tailrace {

EventFd::EventFd() : fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

EventFd::~EventFd() { close(fd_); }

void EventFd::Notify() const {
  const uint64_t one = 1;
  // The only failure is a full counter, which is a notification too.
  if (write(fd_, &one, sizeof one) < 0) return;
}

bool EventFd::Consume() const {
  uint64_t count = 0;
  return read(fd_, &count, sizeof count) == sizeof count;
}

void EventFd::Wait(std::chrono::milliseconds timeout) const {
  pollfd wait{fd_, POLLIN, 0};
  poll(&wait, 1, timeout.count() < 0 ? -1 : static_cast<int>(timeout.count()));
  Consume();
}

}  // namespace tailrace
