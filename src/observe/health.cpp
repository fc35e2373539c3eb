// SPDX-License-Identifier: Apache-2.0
#include "tailrace/health.h"

#include <algorithm>

#include "tailrace/steady_clock.h"

namespace tailrace {

Heartbeat::Heartbeat(std::string part, double seconds_max)
    : part_(std::move(part)), seconds_max_(seconds_max), last_ns_(SteadyNanos()) {}

void HealthCondition::Bad(std::string reason) {
  const std::lock_guard lock(mutex_);
  if (!bad_.load(std::memory_order_relaxed)) since_ = std::chrono::steady_clock::now();
  reason_ = std::move(reason);
  bad_.store(true, std::memory_order_relaxed);
}

void HealthCondition::Clear() {
  const std::lock_guard lock(mutex_);
  bad_.store(false, std::memory_order_relaxed);
}

Health& Health::Global() {
  static Health health;
  return health;
}

std::shared_ptr<HealthCondition> Health::Add(std::string part, double grace_seconds) {
  auto condition = std::make_shared<HealthCondition>(std::move(part), grace_seconds);
  const std::lock_guard lock(mutex_);
  conditions_.push_back(condition);
  return condition;
}

std::shared_ptr<Heartbeat> Health::AddHeartbeat(std::string part, double seconds_max) {
  auto heartbeat = std::make_shared<Heartbeat>(std::move(part), seconds_max);
  const std::lock_guard lock(mutex_);
  heartbeats_.push_back(heartbeat);
  return heartbeat;
}

std::vector<Health::Problem> Health::Stuck() {
  std::vector<Problem> stuck;
  const int64_t now = SteadyNanos();
  const std::lock_guard lock(mutex_);
  std::erase_if(heartbeats_, [](const auto& held) { return held.expired(); });
  for (const auto& held : heartbeats_) {
    const auto heartbeat = held.lock();
    if (heartbeat == nullptr) continue;
    const double age =
        static_cast<double>(now - heartbeat->last_ns_.load(std::memory_order_relaxed)) / 1e9;
    if (age > heartbeat->seconds_max_) stuck.push_back({heartbeat->part_, "does not move", age});
  }
  return stuck;
}

std::vector<Health::Problem> Health::Problems() {
  std::vector<Problem> problems;
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(conditions_, [](const auto& held) { return held.expired(); });
  for (const auto& held : conditions_) {
    const auto condition = held.lock();
    if (condition == nullptr || !condition->bad_.load(std::memory_order_relaxed)) continue;
    const std::lock_guard each(condition->mutex_);
    if (!condition->bad_.load(std::memory_order_relaxed)) continue;
    const std::chrono::duration<double> age = now - condition->since_;
    if (age.count() < condition->grace_seconds_) continue;
    problems.push_back({condition->part_, condition->reason_, age.count()});
  }
  return problems;
}

}  // namespace tailrace
