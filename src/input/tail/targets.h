// SPDX-License-Identifier: Apache-2.0
#pragma once
// The paths that one instance reads: found by Discovery, watched, and dropped when they are gone
// and done with. Used by one worker.

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "input/tail/discovery.h"
#include "input/tail/generation.h"
#include "input/tail/group_limits.h"
#include "input/tail/lifecycle.h"
#include "input/tail/watcher.h"

namespace tailrace::tail {

class Targets {
 public:
  struct Surroundings {
    const TailParams& params;
    Parser& parser;
    int worker;
    int workers;
    std::function<EventTime()> clock;
    std::function<void(Target&)> readable;  // something may be there to read
  };

  Targets(Surroundings surroundings, Discovery discovery, std::optional<GroupLimits> limits,
          TailStore& store, Lifecycle& lifecycle, Watcher& watcher, FileNumbersList& numbers);
  ~Targets();

  // Makes the list of files anew and looks at each.
  void Refresh(double now);
  // Looks at the target's path again.
  void Look(Target& target, double now);
  // Looks at the files that no notices come of.
  void Poll(double now);
  // Forgets a target that has no generations left.
  void Drop(Target& target);

  const std::unordered_map<std::string, std::unique_ptr<Target>>& all() const { return targets_; }

 private:
  bool Mine(const std::string& path) const;
  std::unique_ptr<Target> Make(const std::string& path);
  void TakeUpLeftovers(double now);
  void Watch(Target& target);
  void Unwatch(Target& target);

  Surroundings surroundings_;
  Discovery discovery_;
  std::optional<GroupLimits> limits_;
  TailStore& store_;
  Lifecycle& lifecycle_;
  Watcher& watcher_;
  FileNumbersList& numbers_;
  bool first_ = true;
  std::unordered_map<std::string, std::unique_ptr<Target>> targets_;
};

}  // namespace tailrace::tail
