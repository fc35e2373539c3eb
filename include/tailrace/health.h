// SPDX-License-Identifier: Apache-2.0
#pragma once
// What /healthz and /readyz say: conditions that parts of the agent set when something keeps them
// from their work, and take back when it is over. A condition that is bad shows its reason, which
// names the fix.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tailrace {

// One thing that can be wrong. Any thread; Good() costs one load while nothing is wrong.
class HealthCondition {
 public:
  HealthCondition(std::string part, double grace_seconds)
      : part_(std::move(part)), grace_seconds_(grace_seconds) {}

  void Bad(std::string reason);
  void Good() {
    if (bad_.load(std::memory_order_relaxed)) Clear();
  }

 private:
  friend class Health;
  void Clear();

  const std::string part_;
  const double grace_seconds_;
  std::atomic<bool> bad_{false};
  std::mutex mutex_;
  std::string reason_;
  std::chrono::steady_clock::time_point since_;
};

// The sign of life of a loop: one store each time it comes round.
class Heartbeat {
 public:
  Heartbeat(std::string part, double seconds_max);
  // `now_ns` by the steady clock.
  void Beat(int64_t now_ns) { last_ns_.store(now_ns, std::memory_order_relaxed); }

 private:
  friend class Health;
  const std::string part_;
  const double seconds_max_;
  std::atomic<int64_t> last_ns_;
};

// All conditions of the process. A condition counts as long as someone holds it.
class Health {
 public:
  struct Problem {
    std::string part;    // "output es", "input tail_containers", "kubernetes pods"
    std::string reason;  // what is wrong and what to do
    double seconds = 0;  // for how long
  };

  static Health& Global();

  // What has been bad for less than `grace_seconds` is not shown yet: a server that is busy for a
  // moment makes nobody unready.
  std::shared_ptr<HealthCondition> Add(std::string part, double grace_seconds = 10);
  // A loop that does not come round for `seconds_max` is stuck: /healthz says so, and the kubelet
  // starts the agent anew.
  std::shared_ptr<Heartbeat> AddHeartbeat(std::string part, double seconds_max = 60);
  // The loops that are stuck now.
  std::vector<Problem> Stuck();
  // What is bad now, in the order in which the conditions were added.
  std::vector<Problem> Problems();

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<HealthCondition>> conditions_;
  std::vector<std::weak_ptr<Heartbeat>> heartbeats_;
};

}  // namespace tailrace
