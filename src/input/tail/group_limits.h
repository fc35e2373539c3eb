// SPDX-License-Identifier: Apache-2.0
#pragma once
// <group> and <rule>: how many lines per period the files of a group may give. A file that has had
// its share waits; nothing is dropped. As in Fluentd a group's limit is divided by the number of
// its files, and each file counts its own period. Used by one worker.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "input/tail/tail_params.h"
#include "tailrace/result.h"
#include "text/regex.h"

namespace tailrace::tail {

class GroupLimits {
 public:
  struct Group {
    int64_t limit = -1;
    size_t files = 0;
  };
  // One file's share.
  class Share {
   public:
    Share() = default;
    Share(std::shared_ptr<Group> group, double period);
    Share(Share&& other) noexcept = default;
    Share& operator=(Share&& other) noexcept;
    ~Share();

    // Lines that may be read at `now` (seconds of a steady clock); SIZE_MAX without a limit.
    size_t Allowed(double now);
    void Took(size_t lines, double now);
    // When Allowed() may answer more than 0 again.
    double free_at() const { return begin_ + period_; }
    bool limited() const { return group_ && group_->limit >= 0; }

   private:
    std::shared_ptr<Group> group_;
    double period_ = 0;
    double begin_ = -1;  // of the period; negative: none has begun
    uint64_t lines_ = 0;
  };

  // Fails on patterns that are no patterns.
  static Result<GroupLimits> Create(const GroupParams& params);
  // The share of the file at `path`.
  Share For(const std::string& path);

 private:
  struct Rule {
    text::Regex key;
    std::shared_ptr<Group> group;
  };

  GroupLimits(text::Regex pattern, double period) : pattern_(std::move(pattern)), period_(period) {}

  text::Regex pattern_;
  double period_;
  std::vector<Rule> rules_;
};

}  // namespace tailrace::tail
