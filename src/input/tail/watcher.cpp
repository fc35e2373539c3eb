// SPDX-License-Identifier: Apache-2.0
#include "input/tail/watcher.h"

#include <linux/magic.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

constexpr uint32_t kMask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
                           IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR;
constexpr uint32_t kNameMask = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;

// inotify does not see what other hosts write.
bool OnNetwork(const std::string& path) {
  struct statfs status {};
  if (::statfs(path.c_str(), &status) != 0) return false;
  static constexpr std::array<uint32_t, 8> kTypes = {
      NFS_SUPER_MAGIC,       SMB_SUPER_MAGIC,         0xFF534D42 /* CIFS */, 0xFE534D42 /* SMB2 */,
      0x00C36400 /* CEPH */, 0x0BD00BD0 /* Lustre */, 0x65735546 /* FUSE */, 0x01021997 /* 9P */};
  return std::find(kTypes.begin(), kTypes.end(), static_cast<uint32_t>(status.f_type)) !=
         kTypes.end();
}

}  // namespace

Watcher::Watcher(bool enabled) : enabled_(enabled) {
  if (!enabled) return;
  fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd_ < 0) {
    told_ = true;
    LogWarn("inotify is not to be had; files are looked at every second instead",
            {{"error", std::error_code(errno, std::generic_category()).message()}});
  }
}

Watcher::~Watcher() {
  if (fd_ >= 0) ::close(fd_);
}

void Watcher::Poll(const std::string& path, std::string_view reason) {
  polled_.insert(path);
  if (!enabled_ || told_) return;
  told_ = true;
  LogWarn("a directory cannot be watched; its files are looked at every second instead",
          {{"directory", path}, {"reason", reason}});
}

Watcher::Directory& Watcher::Watched(const std::string& path) {
  const auto [place, added] = directories_.try_emplace(path);
  Directory& directory = place->second;
  if (directory.watch >= 0) return directory;
  if (fd_ < 0) {
    Poll(path, "no inotify");
    return directory;
  }
  if (OnNetwork(path)) Poll(path, "a network file system, whose changes are not told");
  directory.watch = ::inotify_add_watch(fd_, path.c_str(), kMask);
  if (directory.watch >= 0) {
    by_watch_[directory.watch] = path;
  } else if (errno == ENOSPC) {
    Poll(path, "the limit fs.inotify.max_user_watches is reached");
  } else if (errno != ENOENT) {
    Poll(path, std::error_code(errno, std::generic_category()).message());
  }
  return directory;
}

void Watcher::Unused(const std::string& path) {
  const auto found = directories_.find(path);
  if (found == directories_.end() || found->second.listing || !found->second.files.empty()) return;
  if (found->second.watch >= 0) {
    by_watch_.erase(found->second.watch);
    ::inotify_rm_watch(fd_, found->second.watch);
  }
  polled_.erase(path);
  directories_.erase(found);
}

void Watcher::AddFile(const std::string& directory, const std::string& name, Target* target) {
  Watched(directory).files.emplace(name, target);
}

void Watcher::RemoveFile(const std::string& directory, const std::string& name, Target* target) {
  const auto found = directories_.find(directory);
  if (found == directories_.end()) return;
  auto [at, end] = found->second.files.equal_range(name);
  while (at != end && at->second != target) ++at;
  if (at != end) found->second.files.erase(at);
  Unused(directory);
}

void Watcher::SetDirectories(const std::vector<std::string>& directories) {
  std::unordered_set<std::string> wanted(directories.begin(), directories.end());
  for (const std::string& path : directories) Watched(path).listing = true;
  std::vector<std::string> unwanted;
  for (auto& [path, directory] : directories_) {
    if (directory.listing && !wanted.contains(path)) {
      directory.listing = false;
      unwanted.push_back(path);
    }
  }
  for (const std::string& path : unwanted) Unused(path);
}

void Watcher::OnEvent(int watch, uint32_t mask, const char* name, const Notices& notices) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    notices.overflow();
    return;
  }
  const auto path = by_watch_.find(watch);
  if (path == by_watch_.end()) return;
  Directory& directory = directories_.at(path->second);
  if ((mask & IN_IGNORED) != 0) {
    // The directory is gone; should it come again, it is watched anew by the next rescan.
    directory.watch = -1;
    by_watch_.erase(path);
    notices.listing();
    return;
  }
  if ((mask & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) {
    notices.listing();
    return;
  }
  if (directory.listing && (mask & kNameMask) != 0) notices.listing();
  const auto [begin, end] = directory.files.equal_range(name);
  hits_.clear();
  for (auto at = begin; at != end; ++at) hits_.push_back(at->second);
  for (Target* target : hits_) {
    if ((mask & kNameMask) != 0) {
      notices.replaced(*target);
    } else {
      notices.written(*target);
    }
  }
}

void Watcher::Drain(const Notices& notices) {
  alignas(inotify_event) char buffer[16 << 10];
  while (fd_ >= 0) {
    const ssize_t got = ::read(fd_, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      inotify_event event;
      std::memcpy(&event, buffer + at, sizeof event);
      const char* name = event.len > 0 ? buffer + at + sizeof event : "";
      at += static_cast<ssize_t>(sizeof event + event.len);
      OnEvent(event.wd, event.mask, name, notices);
    }
  }
}

}  // namespace tailrace::tail
