// SPDX-License-Identifier: Apache-2.0
#include "input/acks.h"

#include <utility>

namespace tailrace {

class Acks::Message final : public Segment {
 public:
  Message() : Segment(0, 0) {}

  std::shared_ptr<Acks> owner;  // set while the segment is out
  std::function<void()> safe;

 protected:
  void Complete() override {
    const std::shared_ptr<Acks> kept = std::move(owner);
    kept->Complete(*this);
  }
};

Acks::Acks() = default;
Acks::~Acks() = default;

SegmentRef Acks::Open(std::function<void()> safe) {
  if (free_.empty()) {
    all_.push_back(std::make_unique<Message>());
    free_.push_back(all_.back().get());
  }
  Message* message = free_.back();
  free_.pop_back();
  message->owner = shared_from_this();
  message->safe = std::move(safe);
  ++pending_;
  return SegmentRef(message);
}

void Acks::Complete(Message& message) {
  const std::function<void()> safe = std::move(message.safe);
  message.safe = nullptr;
  free_.push_back(&message);
  --pending_;
  if (!closed_) safe();
}

}  // namespace tailrace
