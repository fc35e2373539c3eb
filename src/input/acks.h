// SPDX-License-Identifier: Apache-2.0
#pragma once
// For inputs whose peers wait for an acknowledgement: a segment for each message, and a call when
// every event of it is safe or has been dropped and counted. Events that come back unsent when the
// agent stops are not safe: nothing is called any more once the input has been closed.
//
// Segments come from a pool and live as long as anybody holds one, the input or not. One thread.

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "tailrace/segment.h"

namespace tailrace {

class Acks : public std::enable_shared_from_this<Acks> {
 public:
  Acks();
  ~Acks();

  // Calls `safe` on the worker's thread, from within the pipeline: it may send and must not emit.
  SegmentRef Open(std::function<void()> safe);
  // Calls nothing from now on.
  void Close() { closed_ = true; }
  // Messages that are not safe yet.
  size_t pending() const { return pending_; }

 private:
  class Message;
  void Complete(Message& message);

  std::vector<std::unique_ptr<Message>> all_;
  std::vector<Message*> free_;
  size_t pending_ = 0;
  bool closed_ = false;
};

}  // namespace tailrace
