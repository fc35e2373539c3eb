// SPDX-License-Identifier: Apache-2.0
#pragma once
// The time of an event, as the forward protocol's EventTime carries it.

#include <cstdint>

namespace tailrace {

// Seconds since 1970-01-01T00:00:00Z, may be negative, and nanoseconds. `nsec` is normally in
// [0, 999999999]; a parser may leave more there where Fluentd does.
struct EventTime {
  int64_t sec = 0;
  int32_t nsec = 0;

  friend bool operator==(const EventTime&, const EventTime&) = default;
};

// The time of an event that has none.
inline constexpr EventTime kNoTime{INT64_MIN, 0};

}  // namespace tailrace
