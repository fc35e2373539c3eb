// SPDX-License-Identifier: Apache-2.0
#pragma once
// Times of events, in and out, as Fluentd's TimeParser and TimeFormatter have them.
//
// Fluentd's parameters decide: time_type (string, unixtime, float, mixed), time_format, localtime,
// utc, timezone, time_format_fallbacks. A format that the strptime gem knows has the gem's meaning,
// any other that of Ruby's Time.strptime; %iso8601 is Time.iso8601; without a format the time is
// guessed as Time.parse guesses it.
//
// Objects are made when the configuration is read and hold caches: one object per worker (Clone by
// making another). Parsing a value with a format allocates nothing; the clock is asked only for
// values that lack a year or a date.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"
#include "tailrace/time.h"
#include "text/strftime.h"
#include "text/strptime.h"
#include "text/time_zone.h"

namespace tailrace::text {

// What time it is. Workers hand in the clock of their batch, `--now` a constant.
using Clock = std::function<EventTime()>;
EventTime SystemNow();

enum class TimeType : uint8_t { kString, kUnixtime, kFloat, kMixed };

// Fluentd's time parameters with its defaults.
struct TimeOptions {
  TimeType type = TimeType::kString;
  std::optional<std::string> format{};
  bool localtime = true;
  bool utc = false;
  std::optional<std::string> timezone{};
  std::vector<std::string> fallbacks{};
};

class TimeParser {
 public:
  // Fails as Fluentd refuses to start: a timezone or utc without a format, mixed without formats,
  // an unknown timezone.
  static Result<TimeParser> Create(const TimeOptions& options, Clock now = SystemNow);

  TimeParser(TimeParser&&) noexcept;
  TimeParser& operator=(TimeParser&&) noexcept;
  ~TimeParser();

  // False if `value` is no time of this form; error() then says why. `time` is untouched then.
  bool Parse(std::string_view value, EventTime& time);
  // A number of a record. Only unixtime, float and mixed with one of them understand numbers.
  bool Parse(int64_t value, EventTime& time);
  bool Parse(double value, EventTime& time);

  // Why the last Parse failed, in Fluentd's words where there are some.
  std::string error() const;

 private:
  struct Impl;
  explicit TimeParser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class TimeFormatter {
 public:
  // kUnixtime and kFloat give numbers as text; kMixed is not a type of formatters.
  static Result<TimeFormatter> Create(const TimeOptions& options);

  TimeFormatter(TimeFormatter&&) noexcept;
  TimeFormatter& operator=(TimeFormatter&&) noexcept;
  ~TimeFormatter();

  // The text lives until the next call.
  std::string_view Format(EventTime time);

 private:
  struct Impl;
  explicit TimeFormatter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The moment as a clock of `zone` shows it.
WallTime ToWallTime(EventTime time, const TimeZone& zone);
// Time#iso8601 of that moment: 2024-01-15T10:30:00+09:00, or Z for UTC.
void AppendIso8601(const WallTime& time, std::string& out);

// RFC 3339 with exactly `digits` (0..9) digits of a second, cut, not rounded. Keeps the text of the
// current day: one object per worker.
class Rfc3339Writer {
 public:
  explicit Rfc3339Writer(int digits = 3, TimeZone zone = TimeZone::Utc());
  void Append(EventTime time, std::string& out);
  // The longest output in bytes.
  static constexpr size_t kMaxBytes = 48;
  // Writes at `out`, which has room for kMaxBytes; returns the end.
  char* Write(EventTime time, char* out);

 private:
  void StartPeriod(int64_t second);

  TimeZone zone_;
  int digits_;
  bool utc_;
  ZonePeriod period_{0, 0, 0, false, {}};
  int64_t day_begin_ = 0;  // UTC seconds of the local midnight of date_
  int64_t day_end_ = 0;
  char date_[24];
  size_t date_size_ = 0;
  char offset_[8];
  size_t offset_size_ = 0;
};

// Fixed layouts, written by hand for the hot path; false if `text` has not exactly this form (the
// caller may then try a format). Nothing is allocated and no clock is read.
//
// RFC 3339 as container runtimes write it: 2024-01-15T10:30:00.123456789Z, any number of digits or
// none, Z or +hh:mm.
bool ParseRfc3339(std::string_view text, EventTime& time);
// Common log format: 15/Jan/2024:10:30:00 +0000.
bool ParseCommonLogTime(std::string_view text, EventTime& time);
// The parts of "Jan 15 10:30:00" and "Jan  5 10:30:00" (syslog) and of klog's "0115
// 10:30:00.123456". The year is left as it is.
bool ParseSyslogTime(std::string_view text, CivilTime& civil);
bool ParseKlogTime(std::string_view text, CivilTime& civil, int32_t& nanosecond);

}  // namespace tailrace::text
