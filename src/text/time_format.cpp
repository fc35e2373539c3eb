// SPDX-License-Identifier: Apache-2.0
#include "text/time_format.h"

#include <time.h>

#include <cstring>

namespace tailrace::text {
namespace {

void AppendTwoDigits(int value, std::string& out) {
  out.push_back(static_cast<char>('0' + value / 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

char* PutTwoDigits(int value, char* out) {
  out[0] = static_cast<char>('0' + value / 10);
  out[1] = static_cast<char>('0' + value % 10);
  return out + 2;
}

// Moves whole seconds that Fluentd left among the nanoseconds to where they belong.
EventTime Normalized(EventTime time) {
  const int64_t carry = FloorDiv(time.nsec, 1'000'000'000);
  time.sec += carry;
  time.nsec = static_cast<int32_t>(time.nsec - carry * 1'000'000'000);
  return time;
}

}  // namespace

EventTime SystemNow() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return {now.tv_sec, static_cast<int32_t>(now.tv_nsec)};
}

WallTime ToWallTime(EventTime event_time, const TimeZone& zone) {
  const EventTime time = Normalized(event_time);
  const ZonePeriod period = zone.At(time.sec);
  WallTime wall;
  wall.civil = CivilFromSeconds(time.sec + period.offset);
  wall.epoch_seconds = time.sec;
  wall.nanosecond = time.nsec;
  wall.offset = period.offset;
  wall.utc = zone.kind() == TimeZone::Kind::kUtc;
  wall.zone_name = period.name;
  return wall;
}

void AppendIso8601(const WallTime& time, std::string& out) {
  static const StrftimeFormat date = StrftimeFormat::Compile("%Y-%m-%dT%H:%M:%S");
  date.Append(time, out);
  if (time.utc) {
    out.push_back('Z');
    return;
  }
  const int minutes = (time.offset < 0 ? -time.offset : time.offset) / 60;
  out.push_back(time.offset < 0 ? '-' : '+');
  AppendTwoDigits(minutes / 60 % 100, out);
  out.push_back(':');
  AppendTwoDigits(minutes % 60, out);
}

Rfc3339Writer::Rfc3339Writer(int digits, TimeZone zone)
    : zone_(std::move(zone)),
      digits_(std::min(std::max(digits, 0), 9)),
      utc_(zone_.kind() == TimeZone::Kind::kUtc) {}

void Rfc3339Writer::StartPeriod(int64_t second) {
  if (!period_.Contains(second)) {
    period_ = zone_.At(second);
    WallTime wall;
    wall.offset = period_.offset;
    wall.utc = utc_;
    std::string text;
    AppendIso8601(wall, text);
    const std::string_view offset = std::string_view(text).substr(19);
    offset_size_ = offset.size();
    std::memcpy(offset_, offset.data(), offset_size_);
  }
  const int64_t local = second + period_.offset;
  const int64_t day = FloorDiv(local, kSecondsPerDay);
  day_begin_ = day * kSecondsPerDay - period_.offset;
  day_end_ = day_begin_ + kSecondsPerDay;
  // A change of the offset ends the day early.
  if (period_.end < day_end_) day_end_ = period_.end;
  WallTime wall;
  CivilFromDays(day, wall.civil);
  static const StrftimeFormat date = StrftimeFormat::Compile("%Y-%m-%dT");
  std::string text;
  date.Append(wall, text);
  date_size_ = std::min(text.size(), sizeof date_);
  std::memcpy(date_, text.data(), date_size_);
}

char* Rfc3339Writer::Write(EventTime event_time, char* out) {
  const EventTime time = Normalized(event_time);
  const bool same_day = time.sec >= std::max(day_begin_, period_.begin) && time.sec < day_end_;
  if (!same_day) StartPeriod(time.sec);
  std::memcpy(out, date_, date_size_);
  out += date_size_;
  const int seconds = static_cast<int>(time.sec - day_begin_);
  out = PutTwoDigits(seconds / 3600, out);
  *out++ = ':';
  out = PutTwoDigits(seconds / 60 % 60, out);
  *out++ = ':';
  out = PutTwoDigits(seconds % 60, out);
  if (digits_ > 0) {
    *out++ = '.';
    int32_t rest = time.nsec;
    for (int i = 9; i > digits_; --i) rest /= 10;
    for (int i = digits_ - 1; i >= 0; --i) {
      out[i] = static_cast<char>('0' + rest % 10);
      rest /= 10;
    }
    out += digits_;
  }
  std::memcpy(out, offset_, offset_size_);
  return out + offset_size_;
}

void Rfc3339Writer::Append(EventTime time, std::string& out) {
  char buffer[kMaxBytes];
  out.append(buffer, Write(time, buffer));
}

}  // namespace tailrace::text
