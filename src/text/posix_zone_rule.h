// SPDX-License-Identifier: Apache-2.0
#pragma once
// POSIX TZ rules (IEEE 1003.1, section 8.3; the footer of TZif files), for instants after the last
// transition that a zone file lists.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::text {

// When in a year a change happens.
struct ZoneChange {
  enum class Form : uint8_t { kJulian, kDayOfYear, kMonthWeekDay };  // Jn, n, Mm.w.d
  Form form = Form::kMonthWeekDay;
  int month = 0;
  int week = 0;
  int day = 0;
  int32_t time = 7200;  // seconds after midnight, local; may be negative or above a day

  // Seconds since the epoch, local time before the change.
  int64_t LocalSeconds(int64_t year) const;
};

struct PosixZoneRule {
  std::string standard_name;
  int32_t standard_offset = 0;  // seconds east of UTC
  std::string dst_name;         // empty: no daylight saving time
  int32_t dst_offset = 0;
  ZoneChange dst_begin;
  ZoneChange dst_end;

  static std::optional<PosixZoneRule> Parse(std::string_view rule);
};

}  // namespace tailrace::text
