// SPDX-License-Identifier: Apache-2.0
#pragma once
// Notices of changes: one inotify instance with watches on directories, never on files. Files are
// known by directory and name. What cannot be watched (no inotify, its limits reached, a network
// file system, whose other writers it does not see) is listed as polled; the reason is logged once.
// Used by one worker.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace tailrace::tail {

class Target;

class Watcher {
 public:
  // `enabled` false: no inotify, everything is polled.
  explicit Watcher(bool enabled);
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  ~Watcher();

  // Readable when there are notices; -1 without inotify.
  int descriptor() const { return fd_; }

  // Tells of changes of `name` in `directory` (the real one, links resolved) as changes of
  // `target`. The target must be removed before it goes.
  void AddFile(const std::string& directory, const std::string& name, Target* target);
  void RemoveFile(const std::string& directory, const std::string& name, Target* target);
  // Tells of names that come and go in exactly these directories (and those of files).
  void SetDirectories(const std::vector<std::string>& directories);
  // Some directory is not watched: everything must be looked at from time to time.
  bool polling() const { return !polled_.empty(); }
  bool polled(const std::string& directory) const { return polled_.contains(directory); }

  struct Notices {
    std::function<void(Target&)> written;   // the file has (probably) grown
    std::function<void(Target&)> replaced;  // its name has come, gone or been given to another file
    std::function<void()> listing;          // names have come or gone in a directory
    std::function<void()> overflow;         // notices were lost: look at everything
  };
  // Reads what there is.
  void Drain(const Notices& notices);

 private:
  struct Directory {
    int watch = -1;
    bool listing = false;  // asked for by SetDirectories
    std::unordered_multimap<std::string, Target*> files;
  };

  Directory& Watched(const std::string& path);
  void Unused(const std::string& path);
  void Poll(const std::string& path, std::string_view reason);
  void OnEvent(int watch, uint32_t mask, const char* name, const Notices& notices);

  bool enabled_;
  int fd_ = -1;
  bool told_ = false;  // that polling is needed
  std::unordered_map<std::string, Directory> directories_;
  std::unordered_map<int, std::string> by_watch_;
  std::unordered_set<std::string> polled_;
  std::vector<Target*> hits_;
};

}  // namespace tailrace::tail
