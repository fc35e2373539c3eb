// SPDX-License-Identifier: Apache-2.0
#pragma once
// An eventfd: how one thread wakes another that sleeps in an event loop or in Wait().

#include <chrono>

namespace tailrace {

class EventFd {
 public:
  EventFd();  // throws std::system_error if the process has no descriptors left
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  // Any thread.
  void Notify() const;
  // Takes all notifications so far; false if there was none.
  bool Consume() const;
  // Sleeps until notified or until the time is over (negative: for ever), then consumes.
  void Wait(std::chrono::milliseconds timeout) const;

  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace tailrace
