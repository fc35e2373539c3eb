// SPDX-License-Identifier: Apache-2.0
#include "tailrace/health.h"

#include <algorithm>

namespace tailrace {

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
