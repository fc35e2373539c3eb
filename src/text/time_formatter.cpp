// SPDX-License-Identifier: Apache-2.0
// TimeFormatter: Fluentd's choice of zone and form, and the text of the second last formatted.
#include <algorithm>
#include <utility>

#include "text/time_format.h"

namespace tailrace::text {

struct TimeFormatter::Impl {
  TimeType type = TimeType::kString;
  TimeZone zone = TimeZone::Utc();
  std::optional<StrftimeFormat> format;  // none: ISO 8601
  std::string text;
  EventTime shown = kNoTime;

  bool Shows(EventTime time) const {
    if (shown.sec != time.sec) return false;
    return (format && !format->has_subseconds()) || !format ? time.nsec < 1'000'000'000
                                                            : shown.nsec == time.nsec;
  }
};

TimeFormatter::TimeFormatter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TimeFormatter::TimeFormatter(TimeFormatter&&) noexcept = default;
TimeFormatter& TimeFormatter::operator=(TimeFormatter&&) noexcept = default;
TimeFormatter::~TimeFormatter() = default;

Result<TimeFormatter> TimeFormatter::Create(const TimeOptions& options) {
  if (options.type == TimeType::kMixed) return Fail("time_type mixed is for parsers only");
  auto impl = std::make_unique<Impl>();
  impl->type = options.type;
  if (options.timezone) {
    auto zone = TimeZone::FromParameter(*options.timezone);
    if (!zone) return tl::make_unexpected(zone.error());
    impl->zone = *zone;
  } else if (options.localtime && !options.utc) {
    impl->zone = TimeZone::Local();
  }
  if (options.format) impl->format = StrftimeFormat::Compile(*options.format);
  return TimeFormatter(std::move(impl));
}

std::string_view TimeFormatter::Format(EventTime time) {
  Impl& impl = *impl_;
  if (impl.type == TimeType::kString && impl.Shows(time)) return impl.text;
  impl.text.clear();
  impl.shown = time;
  switch (impl.type) {
    case TimeType::kUnixtime:
      impl.text = std::to_string(time.sec);
      break;
    case TimeType::kFloat: {
      const std::string nanoseconds = std::to_string(time.nsec);
      impl.text = std::to_string(time.sec) + "." +
                  std::string(nanoseconds.size() < 9 ? 9 - nanoseconds.size() : 0, '0') +
                  nanoseconds;
      break;
    }
    default: {
      const WallTime wall = ToWallTime(time, impl.zone);
      if (impl.format) {
        impl.format->Append(wall, impl.text);
      } else {
        AppendIso8601(wall, impl.text);
      }
    }
  }
  return impl.text;
}

}  // namespace tailrace::text
