// SPDX-License-Identifier: Apache-2.0
#pragma once
// The last events that were lost to an error, for the status page: an operator who sees a drop
// counter grow wants to see one such event. A few are kept, at most one a second of each kind.

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::observe {

class RecentDrops {
 public:
  struct Drop {
    int64_t unix_seconds = 0;
    std::string where;   // a plugin id or a tag
    std::string reason;  // in words
    std::string event;   // its beginning
  };

  static RecentDrops& Global();

  // Any thread; takes a lock, so not for what happens to every event.
  void Add(std::string_view where, std::string_view reason, std::string_view event);
  // The newest first.
  std::vector<Drop> Get() const;

 private:
  static constexpr size_t kKept = 20;
  static constexpr size_t kEventBytes = 400;

  mutable std::mutex mutex_;
  std::deque<Drop> drops_;
  std::map<std::string, int64_t, std::less<>> last_by_where_;
};

}  // namespace tailrace::observe
