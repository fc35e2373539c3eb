// SPDX-License-Identifier: Apache-2.0
#include "config/ruby/time.h"

#include <algorithm>
#include <chrono>

#include "text/strftime.h"
#include "text/strptime.h"
#include "text/time_guess.h"
#include "text/time_resolver.h"

namespace tailrace::config::ruby {
namespace {

const text::TimeZone& LocalZone() {
  static const text::TimeZone kZone = text::TimeZone::Local();
  return kZone;
}

text::TimeResolver Resolver(const TimeValue& now) {
  return text::TimeResolver(LocalZone(), [now] { return EventTime{now.seconds, now.nanoseconds}; });
}

std::optional<TimeValue> Resolved(const char* error, const text::ResolvedTime& found) {
  if (error != nullptr) return std::nullopt;
  TimeValue time;
  time.seconds = found.time.sec;
  time.nanoseconds = found.time.nsec;
  time.offset = found.offset;
  return time;
}

}  // namespace

TimeValue LocalTime(int64_t seconds, int32_t nanoseconds) {
  return {seconds, nanoseconds, false, LocalZone().At(seconds).offset};
}

TimeValue UtcTime(int64_t seconds, int32_t nanoseconds) { return {seconds, nanoseconds, true, 0}; }

TimeValue ClockTime() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto nanoseconds = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return LocalTime(nanoseconds / 1'000'000'000, static_cast<int32_t>(nanoseconds % 1'000'000'000));
}

std::string FormatTime(const TimeValue& time, std::string_view format) {
  text::WallTime wall;
  wall.epoch_seconds = time.seconds;
  wall.nanosecond = time.nanoseconds;
  wall.utc = time.utc;
  wall.offset = time.utc ? 0 : time.offset;
  wall.civil = text::CivilFromSeconds(time.seconds + wall.offset);
  const text::ZonePeriod period = LocalZone().At(time.seconds);
  if (!time.utc && period.offset == time.offset) wall.zone_name = period.name;
  std::string out;
  text::StrftimeFormat::Compile(format).Append(wall, out);
  return out;
}

std::string Iso8601(const TimeValue& time, int64_t fraction_digits) {
  const int64_t digits = std::clamp<int64_t>(fraction_digits, 0, 9);
  std::string format = "%Y-%m-%dT%H:%M:%S";
  if (digits > 0) format += ".%" + std::to_string(digits) + "N";
  return FormatTime(time, format + (time.utc ? "Z" : "%:z"));
}

std::optional<TimeValue> ParseTime(std::string_view text, const TimeValue& now) {
  text::TimeGuesser guesser;
  text::TimeFields fields;
  guesser.Guess(text, fields);
  text::ResolvedTime found;
  const char* error = Resolver(now).MakeTime(fields, found);
  auto time = Resolved(error, found);
  if (time && (fields.zone == "Z" || fields.zone == "UTC" || fields.zone == "GMT"))
    time->utc = true;
  return time;
}

std::optional<TimeValue> ParseTime(std::string_view text, std::string_view format,
                                   const TimeValue& now) {
  text::TimeFields fields;
  if (!text::StrptimeFormat::CompileRuby(format).Parse(text, fields)) return std::nullopt;
  text::ResolvedTime found;
  return Resolved(Resolver(now).ResolveStrptime(fields, found), found);
}

}  // namespace tailrace::config::ruby
