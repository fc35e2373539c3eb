// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ruby's Time for expressions. Internal to config/.

#include <optional>
#include <string>
#include <string_view>

#include "config/value.h"

namespace tailrace::config::ruby {

// The moment, shown in the zone of the process or in UTC.
TimeValue LocalTime(int64_t seconds, int32_t nanoseconds);
TimeValue UtcTime(int64_t seconds, int32_t nanoseconds);
TimeValue ClockTime();

std::string FormatTime(const TimeValue& time, std::string_view format);
// 2024-01-15T10:30:00.123Z
std::string Iso8601(const TimeValue& time, int64_t fraction_digits);
// Time.parse: many forms, missing parts from `now`. Nothing if there is no time in the text.
std::optional<TimeValue> ParseTime(std::string_view text, const TimeValue& now);
// Time.strptime.
std::optional<TimeValue> ParseTime(std::string_view text, std::string_view format,
                                   const TimeValue& now);

}  // namespace tailrace::config::ruby
