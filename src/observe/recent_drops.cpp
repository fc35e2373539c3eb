// SPDX-License-Identifier: Apache-2.0
#include "observe/recent_drops.h"

#include <ctime>

namespace tailrace::observe {

RecentDrops& RecentDrops::Global() {
  static RecentDrops drops;
  return drops;
}

void RecentDrops::Add(std::string_view where, std::string_view reason, std::string_view event) {
  const int64_t now = std::time(nullptr);
  const std::lock_guard lock(mutex_);
  if (last_by_where_.size() > 10 * kKept) last_by_where_.clear();
  int64_t& last = last_by_where_[std::string(where)];
  if (last == now) return;
  last = now;
  drops_.push_front(
      {now, std::string(where), std::string(reason), std::string(event.substr(0, kEventBytes))});
  if (drops_.size() > kKept) drops_.pop_back();
}

std::vector<RecentDrops::Drop> RecentDrops::Get() const {
  const std::lock_guard lock(mutex_);
  return {drops_.begin(), drops_.end()};
}

}  // namespace tailrace::observe
