// SPDX-License-Identifier: Apache-2.0
#pragma once
// The way into a worker's event loop for other workers, open as long as the input runs.

#include <functional>
#include <mutex>

namespace boost::asio {
class io_context;
}

namespace tailrace::forward {

class LoopGate {
 public:
  explicit LoopGate(boost::asio::io_context& loop) : loop_(&loop) {}
  // Any thread. Does nothing once the gate is closed.
  void Post(std::function<void()> call);
  void Close();

 private:
  std::mutex mutex_;
  boost::asio::io_context* loop_;
};

}  // namespace tailrace::forward
