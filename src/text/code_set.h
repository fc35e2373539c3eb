// SPDX-License-Identifier: Apache-2.0
#pragma once
// A set of Unicode code points as sorted, disjoint ranges. Internal to text/.

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tailrace::text {

inline constexpr char32_t kMaxCodePoint = 0x10FFFF;

struct CodeRange {
  char32_t low = 0;
  char32_t high = 0;
};

class CodeSet {
 public:
  CodeSet() = default;
  CodeSet(std::initializer_list<CodeRange> ranges) : ranges_(ranges) { Normalize(); }

  const std::vector<CodeRange>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }

  void Add(char32_t low, char32_t high) {
    ranges_.push_back({low, high});
    Normalize();
  }
  void Add(const CodeSet& other) {
    ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
    Normalize();
  }
  CodeSet Complement() const {
    CodeSet out;
    char32_t next = 0;
    for (const CodeRange& range : ranges_) {
      if (range.low > next) out.ranges_.push_back({next, range.low - 1});
      next = range.high + 1;
    }
    if (next <= kMaxCodePoint) out.ranges_.push_back({next, kMaxCodePoint});
    return out;
  }
  CodeSet Intersect(const CodeSet& other) const {
    CodeSet both = Complement();
    both.Add(other.Complement());
    return both.Complement();
  }
  bool Contains(char32_t code) const {
    return std::any_of(ranges_.begin(), ranges_.end(), [code](const CodeRange& range) {
      return range.low <= code && code <= range.high;
    });
  }

 private:
  void Normalize() {
    std::sort(ranges_.begin(), ranges_.end(),
              [](const CodeRange& a, const CodeRange& b) { return a.low < b.low; });
    std::vector<CodeRange> merged;
    for (const CodeRange& range : ranges_) {
      if (!merged.empty() && range.low <= merged.back().high + 1) {
        merged.back().high = std::max(merged.back().high, range.high);
      } else {
        merged.push_back(range);
      }
    }
    ranges_ = std::move(merged);
  }

  std::vector<CodeRange> ranges_;
};

}  // namespace tailrace::text
