// SPDX-License-Identifier: Apache-2.0
// Time.
#include <cmath>

#include "config/ruby/methods.h"
#include "config/ruby/time.h"

namespace tailrace::config::ruby {
namespace {

constexpr int64_t kNanosecondsPerSecond = 1'000'000'000;

const TimeValue& Self(const Call& c) { return c.self.Get<TimeValue>(); }

TimeValue Shifted(const TimeValue& time, double seconds) {
  const double whole = std::floor(seconds);
  TimeValue out = time;
  out.seconds += static_cast<int64_t>(whole);
  const int64_t nanoseconds = time.nanoseconds + std::llround((seconds - whole) * 1e9);
  out.seconds += nanoseconds / kNanosecondsPerSecond;
  out.nanoseconds = static_cast<int32_t>(nanoseconds % kNanosecondsPerSecond);
  return out;
}

bool Shift(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  const Value& by = c.args[0];
  const bool minus = c.method == "-";
  if (minus && by.Is<TimeValue>()) {
    const auto& other = by.Get<TimeValue>();
    return c.Give(static_cast<double>(Self(c).seconds - other.seconds) +
                  (Self(c).nanoseconds - other.nanoseconds) / 1e9);
  }
  if (!by.Is<int64_t>() && !by.Is<double>()) return c.Raise("expected seconds");
  const double seconds =
      by.Is<int64_t>() ? static_cast<double>(by.Get<int64_t>()) : by.Get<double>();
  if (!(std::abs(seconds) < 1e15)) return c.Raise("the time is out of range");
  return c.Give(Shifted(Self(c), minus ? -seconds : seconds));
}

bool Format(const Call& c) {
  std::string_view format;
  return c.Needs(1, 1) && c.TextArg(0, &format) && c.Give(FormatTime(Self(c), format));
}

bool Part(const Call& c, const char* format) {
  return c.Give(LeadingInteger(FormatTime(Self(c), format)).value);
}

double Fractional(const TimeValue& time) {
  return static_cast<double>(time.seconds) + time.nanoseconds / 1e9;
}

bool Local(const Call& c) {
  if (!c.Needs(0, 1)) return false;
  TimeValue time = LocalTime(Self(c).seconds, Self(c).nanoseconds);
  if (!c.args.empty()) {
    std::string_view zone;
    if (!c.TextArg(0, &zone)) return false;
    const auto read = ParseTime("2000-01-01T00:00:00" + std::string(zone), time);
    if (!read) return c.Raise("'" + std::string(zone) + "' is no time zone");
    time.offset = read->offset;
  }
  return c.Give(time);
}

bool Round(const Call& c) {
  if (!c.Needs(0, 1)) return false;
  int64_t unit = kNanosecondsPerSecond;
  for (int64_t digits = std::min<int64_t>(9, c.IntegerOr(0, 0)); digits > 0; --digits) unit /= 10;
  TimeValue time = Self(c);
  const int64_t rounded = (time.nanoseconds + unit / 2) / unit * unit;
  time.seconds += rounded / kNanosecondsPerSecond;
  time.nanoseconds = static_cast<int32_t>(rounded % kNanosecondsPerSecond);
  return c.Give(time);
}

constexpr Entry kTime[] = {
    {"+", Shift},
    {"-", Shift},
    {"strftime", Format},
    {"iso8601", [](const Call& c) { return c.Give(Iso8601(Self(c), c.IntegerOr(0, 0))); }},
    {"xmlschema", [](const Call& c) { return c.Give(Iso8601(Self(c), c.IntegerOr(0, 0))); }},
    {"to_i", [](const Call& c) { return c.Give(Self(c).seconds); }},
    {"to_int", [](const Call& c) { return c.Give(Self(c).seconds); }},
    {"to_f", [](const Call& c) { return c.Give(Fractional(Self(c))); }},
    {"to_r", [](const Call& c) { return c.Give(Fractional(Self(c))); }},
    {"sec", [](const Call& c) { return Part(c, "%S"); }},
    {"min", [](const Call& c) { return Part(c, "%M"); }},
    {"hour", [](const Call& c) { return Part(c, "%H"); }},
    {"day", [](const Call& c) { return Part(c, "%d"); }},
    {"mday", [](const Call& c) { return Part(c, "%d"); }},
    {"month", [](const Call& c) { return Part(c, "%m"); }},
    {"mon", [](const Call& c) { return Part(c, "%m"); }},
    {"year", [](const Call& c) { return Part(c, "%Y"); }},
    {"wday", [](const Call& c) { return Part(c, "%w"); }},
    {"yday", [](const Call& c) { return Part(c, "%j"); }},
    {"usec", [](const Call& c) { return c.Give(Self(c).nanoseconds / 1000); }},
    {"nsec", [](const Call& c) { return c.Give(Self(c).nanoseconds); }},
    {"zone", [](const Call& c) { return c.Give(FormatTime(Self(c), "%Z")); }},
    {"utc_offset", [](const Call& c) { return c.Give(Self(c).utc ? 0 : Self(c).offset); }},
    {"utc?", [](const Call& c) { return c.Give(Self(c).utc); }},
    {"utc", [](const Call& c) { return c.Give(UtcTime(Self(c).seconds, Self(c).nanoseconds)); }},
    {"getutc", [](const Call& c) { return c.Give(UtcTime(Self(c).seconds, Self(c).nanoseconds)); }},
    {"gmtime", [](const Call& c) { return c.Give(UtcTime(Self(c).seconds, Self(c).nanoseconds)); }},
    {"localtime", Local},
    {"getlocal", Local},
    {"round", Round},
    {"to_time", [](const Call& c) { return c.Give(c.self); }},
};

}  // namespace

std::span<const Entry> TimeMethods() { return kTime; }

}  // namespace tailrace::config::ruby
