// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sets TZ for as long as it lives.

#include <cstdlib>
#include <ctime>
#include <string>

namespace tailrace::command {

class ZoneScope {
 public:
  explicit ZoneScope(const std::string& zone) {
    if (const char* before = std::getenv("TZ")) before_ = before;
    setenv("TZ", zone.c_str(), 1);
    tzset();
  }
  ~ZoneScope() {
    if (before_.empty()) {
      unsetenv("TZ");
    } else {
      setenv("TZ", before_.c_str(), 1);
    }
    tzset();
  }
  ZoneScope(const ZoneScope&) = delete;
  ZoneScope& operator=(const ZoneScope&) = delete;

 private:
  std::string before_;
};

}  // namespace tailrace::command
