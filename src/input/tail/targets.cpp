// SPDX-License-Identifier: Apache-2.0
#include "input/tail/targets.h"

#include <unordered_set>
#include <utility>
#include <vector>

#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

void SplitPath(const std::string& path, std::string& directory, std::string& name) {
  const size_t slash = path.rfind('/');
  directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  name = slash == std::string::npos ? path : path.substr(slash + 1);
}

// The same in every process and on every host.
uint64_t HashOf(const std::string& text) {
  uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

}  // namespace

Targets::Targets(Surroundings surroundings, Discovery discovery, std::optional<GroupLimits> limits,
                 TailStore& store, Lifecycle& lifecycle, Watcher& watcher, FileNumbersList& numbers)
    : surroundings_(std::move(surroundings)),
      discovery_(std::move(discovery)),
      limits_(std::move(limits)),
      store_(store),
      lifecycle_(lifecycle),
      watcher_(watcher),
      numbers_(numbers) {}

Targets::~Targets() = default;

bool Targets::Mine(const std::string& path) const {
  return HashOf(path) % static_cast<uint64_t>(surroundings_.workers) ==
         static_cast<uint64_t>(surroundings_.worker);
}

std::unique_ptr<Target> Targets::Make(const std::string& path) {
  auto target = std::make_unique<Target>();
  target->path = path;
  target->tag = TagFor(surroundings_.params.tag, path);
  target->stream = surroundings_.parser.NewStream();
  target->numbers = numbers_.Add(path);
  if (limits_) target->share = limits_->For(path);
  return target;
}

void Targets::Refresh(double now) {
  Found found = discovery_.Find(surroundings_.clock());
  std::vector<std::string> directories(found.directories.begin(), found.directories.end());
  watcher_.SetDirectories(directories);

  if (first_) {
    if (auto kept = store_.KeepPositionsOf(found.files); !kept) {
      LogWarn("pos_file cannot be compacted", {{"error", kept.error().message}});
    }
  }
  std::unordered_set<std::string> listed;
  for (FoundFile& file : found.files) {
    listed.insert(file.path);
    if (const auto known = targets_.find(file.path); known != targets_.end()) {
      Look(*known->second, now);
      continue;
    }
    if (!Mine(file.path) || store_.Claimed(file.status.id)) continue;
    std::unique_ptr<Target> target = Make(file.path);
    if (!lifecycle_.Begin(*target, first_, now)) {
      numbers_.Remove(target->numbers);
      continue;
    }
    Target& added = *target;
    targets_.emplace(file.path, std::move(target));
    Watch(added);
    surroundings_.readable(added);
  }
  for (const auto& [path, target] : targets_) {
    if (listed.contains(path)) continue;
    Look(*target, now);
    // Still there, but not one of our files any more (a date in the path, say).
    if (target->current() != nullptr) lifecycle_.Leave(*target);
    surroundings_.readable(*target);
  }
  if (std::exchange(first_, false)) TakeUpLeftovers(now);
  if (auto flushed = store_.Flush(); !flushed) {
    LogError("the state of tail cannot be written; it is tried again",
             {{"error", flushed.error().message}});
  }
}

// Paths that had unread or unacknowledged bytes when the agent ended, and are gone since.
void Targets::TakeUpLeftovers(double now) {
  for (const std::string& path : store_.UnfinishedPaths()) {
    if (targets_.contains(path) || !Mine(path)) continue;
    std::unique_ptr<Target> target = Make(path);
    if (!lifecycle_.BeginLeftover(*target, now)) {
      numbers_.Remove(target->numbers);
      continue;
    }
    Target& added = *target;
    targets_.emplace(path, std::move(target));
    Watch(added);
    surroundings_.readable(added);
  }
}

void Targets::Look(Target& target, double now) {
  if (!lifecycle_.Look(target, now)) return;
  Watch(target);
  surroundings_.readable(target);
}

void Targets::Poll(double now) {
  for (const auto& [path, target] : targets_) {
    if (watcher_.descriptor() < 0 || watcher_.polled(target->real_directory) ||
        watcher_.polled(target->directory)) {
      Look(*target, now);
    }
  }
}

void Targets::Watch(Target& target) {
  std::string directory, name;
  if (target.directory.empty()) {
    SplitPath(target.path, target.directory, target.name);
    watcher_.AddFile(target.directory, target.name, &target);
  }
  SplitPath(RealPath(target.path), directory, name);
  if (directory == target.directory && name == target.name) directory.clear();
  if (directory == target.real_directory && name == target.real_name) return;
  if (!target.real_directory.empty()) {
    watcher_.RemoveFile(target.real_directory, target.real_name, &target);
  }
  target.real_directory = directory;
  target.real_name = name;
  if (!directory.empty()) watcher_.AddFile(directory, name, &target);
}

void Targets::Unwatch(Target& target) {
  watcher_.RemoveFile(target.directory, target.name, &target);
  if (!target.real_directory.empty()) {
    watcher_.RemoveFile(target.real_directory, target.real_name, &target);
  }
}

void Targets::Drop(Target& target) {
  Unwatch(target);
  numbers_.Remove(target.numbers);
  lifecycle_.Forget(target);
  targets_.erase(std::string(target.path));
}

}  // namespace tailrace::tail
