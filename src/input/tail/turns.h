// SPDX-License-Identifier: Apache-2.0
#pragma once
// Who reads when. Targets with something to read take turns in one queue; those that a full
// pipeline or a limit holds back wait aside until the next tick. A target is in at most one of the
// two. Used by one worker; knows nothing of clocks and loops.

#include <cstddef>
#include <deque>
#include <vector>

#include "input/tail/generation.h"

namespace tailrace::tail {

class Turns {
 public:
  // Puts the target at the end of the queue, unless it waits for a turn already. Held back targets
  // stay held back.
  void Queue(Target& target) {
    if (target.queued || target.waiting) return;
    target.queued = true;
    ready_.push_back(&target);
  }
  // The next target, or null. It is out of the queue then.
  Target* Next() {
    if (ready_.empty()) return nullptr;
    Target* target = ready_.front();
    ready_.pop_front();
    target->queued = false;
    return target;
  }
  // Holds the target back until `until` (0: until the next tick).
  void HoldBack(Target& target, double until) {
    target.waiting = true;
    held_back_.push_back({&target, until});
  }
  // Queues what need not be held back any longer.
  void Release(double now) {
    std::erase_if(held_back_, [&](const HeldBack& held) {
      if (held.until > now) return false;
      held.target->waiting = false;
      Queue(*held.target);
      return true;
    });
  }
  void Remove(Target& target) {
    if (target.queued) std::erase(ready_, &target);
    std::erase_if(held_back_, [&](const HeldBack& held) { return held.target == &target; });
    target.queued = target.waiting = false;
  }
  bool ready() const { return !ready_.empty(); }
  bool held_back() const { return !held_back_.empty(); }

 private:
  struct HeldBack {
    Target* target;
    double until;
  };
  std::deque<Target*> ready_;
  std::vector<HeldBack> held_back_;
};

}  // namespace tailrace::tail
