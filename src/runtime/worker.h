// SPDX-License-Identifier: Apache-2.0
#pragma once
// One worker: a thread with one event loop that owns its inputs, filters and outputs' stages.
//
// Threads: everything runs on the worker's own thread except the public functions, which only post
// to it.

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "runtime/builder.h"
#include "runtime/event_fd.h"
#include "tailrace/health.h"

namespace tailrace::runtime {

class Worker {
 public:
  Worker(int index, WorkerPlan plan);
  ~Worker();

  // Woken when chunks come back. Registered with flushers before they start.
  const EventFd& wake() const { return wake_; }
  void Start();
  // Inputs stop reading, what is held is let go, chunks are handed over; the thread ends when every
  // chunk has come back.
  void Stop();
  // Hands over all open chunks now.
  void FlushBuffers();
  void Join();
  // Inputs that could not start.
  bool failed() const { return failed_; }

 private:
  class InputHost;

  void Run();
  void WaitForWake();
  void ScheduleTick();
  void Tick(bool woken);
  void BeginStop();
  bool Settled() const;

  int index_;
  boost::asio::io_context loop_{1};  // outlives what the plugins have registered
  WorkerPlan plan_;
  EventFd wake_;
  boost::asio::posix::stream_descriptor wake_descriptor_{loop_};
  boost::asio::steady_timer timer_{loop_};
  std::vector<std::unique_ptr<InputHost>> hosts_;
  std::shared_ptr<Heartbeat> heartbeat_;
  bool stopping_ = false;
  std::atomic<bool> failed_{false};
  std::thread thread_;
};

}  // namespace tailrace::runtime
