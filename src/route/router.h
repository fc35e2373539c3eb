// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which filters and which output an event passes: the <filter> and <match> sections of one label in
// file order. Looked up once per tag and remembered.

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tailrace/plugin.h"
#include "text/tag_pattern.h"

namespace tailrace::route {

// A filter or an output of a worker's pipeline, and what belongs to it.
struct FilterNode;
struct OutputNode;

struct Route {
  std::vector<FilterNode*> filters;  // that match and stand before the output
  OutputNode* output = nullptr;      // the first that matches; null if none does
};

class Router {
 public:
  explicit Router(std::string label) : label_(std::move(label)) {}

  // "" for the root, else "@NAME".
  const std::string& label() const { return label_; }

  // In file order. Nodes outlive the router.
  void AddFilter(text::TagMatcher pattern, FilterNode* node);
  void AddOutput(text::TagMatcher pattern, OutputNode* node);
  bool empty() const { return rules_.empty(); }

  // Valid until the next call.
  const Route& Find(const std::string& tag);

 private:
  // Tags remembered. More are possible (tags made from data); then the memory starts anew.
  static constexpr size_t kCacheMax = 16384;

  struct Rule {
    text::TagMatcher pattern;
    FilterNode* filter;
    OutputNode* output;
  };

  std::string label_;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, Route> cache_;
};

}  // namespace tailrace::route
