// SPDX-License-Identifier: Apache-2.0
#include "input/forward/loop_gate.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace tailrace::forward {

void LoopGate::Post(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  if (loop_ != nullptr) boost::asio::post(*loop_, std::move(call));
}

void LoopGate::Close() {
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
}

}  // namespace tailrace::forward
