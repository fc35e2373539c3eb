// SPDX-License-Identifier: Apache-2.0
#pragma once
// From the fields that a strptime format found to a moment: which parts are taken from the current
// time, which from defaults, and in which zone the rest is read. Follows the strptime gem and
// Ruby's time library (Time.strptime, Time.parse). Internal to text/.

#include "tailrace/time.h"
#include "text/strptime.h"
#include "text/time_format.h"
#include "text/time_zone.h"

namespace tailrace::text {

struct ResolvedTime {
  EventTime time;
  int32_t offset = 0;  // of the zone that the text was read in
};

class TimeResolver {
 public:
  // `local` is the zone of the process.
  TimeResolver(TimeZone local, Clock now) : local_(std::move(local)), now_(std::move(now)) {}

  // nullptr, or why the fields are no time.
  const char* ResolveGem(const TimeFields& fields, ResolvedTime& out) const;
  const char* ResolveStrptime(const TimeFields& fields, ResolvedTime& out) const;
  // Time.make_time: what Time.strptime and Time.parse share.
  const char* MakeTime(const TimeFields& fields, ResolvedTime& out) const;

  const TimeZone& local() const { return local_; }
  EventTime Now() const { return now_(); }

 private:
  CivilTime LocalNow() const;
  std::optional<int32_t> ZoneOffset(std::string_view zone, int64_t year) const;
  const char* ResolveEpoch(const TimeFields& fields, ResolvedTime& out) const;
  // Date.strptime for week-based dates: days since the epoch.
  const char* ResolveWeekDate(const TimeFields& fields, int64_t& days) const;
  void FromLocal(const CivilTime& civil, int32_t nanosecond, ResolvedTime& out) const;

  TimeZone local_;
  Clock now_;
};

}  // namespace tailrace::text
