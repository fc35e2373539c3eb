// SPDX-License-Identifier: Apache-2.0
#include "route/router.h"

#include <utility>

namespace tailrace::route {

void Router::AddFilter(text::TagMatcher pattern, FilterNode* node) {
  rules_.push_back({std::move(pattern), node, nullptr});
}

void Router::AddOutput(text::TagMatcher pattern, OutputNode* node) {
  rules_.push_back({std::move(pattern), nullptr, node});
}

const Route& Router::Find(const std::string& tag) {
  if (const auto found = cache_.find(tag); found != cache_.end()) return found->second;
  Route route;
  for (const Rule& rule : rules_) {
    if (!rule.pattern.Matches(tag)) continue;
    if (rule.filter != nullptr) {
      route.filters.push_back(rule.filter);
    } else {
      route.output = rule.output;
      break;
    }
  }
  if (cache_.size() >= kCacheMax) cache_.clear();
  return cache_.emplace(tag, std::move(route)).first->second;
}

}  // namespace tailrace::route
