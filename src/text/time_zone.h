// SPDX-License-Identifier: Apache-2.0
#pragma once
// Time zones read from the system's tz database (TZif, RFC 8536) or from POSIX TZ rules, without
// libc's process-wide zone: a configuration names several zones at once.
//
// A TimeZone is a cheap, immutable handle that threads may share. Files are read when it is made,
// never later.

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "tailrace/result.h"

namespace tailrace::text {

// A span of instants [begin, end) during which a zone's offset does not change.
struct ZonePeriod {
  int64_t begin = std::numeric_limits<int64_t>::min();  // seconds since the epoch, UTC
  int64_t end = std::numeric_limits<int64_t>::max();
  int32_t offset = 0;     // seconds east of UTC
  bool dst = false;       // daylight saving time
  std::string_view name;  // "CET"; lives as long as the zone

  bool Contains(int64_t utc) const { return begin <= utc && utc < end; }
};

class TimeZone {
 public:
  enum class Kind : uint8_t { kUtc, kFixed, kNamed };

  static TimeZone Utc();
  static TimeZone Fixed(int32_t offset_seconds);
  // The zone of the process: $TZ (a name or a POSIX rule), else /etc/localtime, else UTC.
  static TimeZone Local();
  // A zone of the tz database ("Asia/Tokyo") or nothing.
  static Result<TimeZone> Named(std::string_view name);
  // A POSIX TZ rule ("EST5EDT,M3.2.0,M11.1.0").
  static Result<TimeZone> FromPosixRule(std::string_view rule);
  // What Fluentd's `timezone` parameter accepts: +09:00, +0900, +09 or Region/City. Abbreviations
  // are refused, as there.
  static Result<TimeZone> FromParameter(std::string_view value);

  Kind kind() const;
  ZonePeriod At(int64_t utc) const;
  // The instant at which a clock of this zone shows `local` (seconds as if it were UTC). As Ruby
  // has it, a time that occurs twice is its second occurrence and one that is skipped is moved
  // forward.
  int64_t ToUtc(int64_t local) const;

 private:
  struct Data;
  explicit TimeZone(std::shared_ptr<const Data> data);
  std::shared_ptr<const Data> data_;
};

}  // namespace tailrace::text
