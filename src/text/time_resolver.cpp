// SPDX-License-Identifier: Apache-2.0
#include "text/time_resolver.h"

#include "text/strptime_words.h"

namespace tailrace::text {
namespace {

constexpr int32_t kUnset = TimeFields::kUnset;
// Years outside this range are refused: their seconds would leave what the protocols carry.
constexpr int64_t kYearMax = 1'000'000;

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && StartsWithIgnoringCase(a, 0, b);
}

int32_t Or(int32_t value, int32_t fallback) { return value == kUnset ? fallback : value; }

bool IsUtcName(std::string_view zone) {
  for (const std::string_view name : {"-00:00", "-0000", "-00", "UTC", "Z", "UT"}) {
    if (EqualsIgnoringCase(zone, name)) return true;
  }
  return false;
}

// Takes over from `now` what comes before the first part that is given.
void FillFromNow(const TimeFields& fields, const CivilTime& now, int32_t now_nanosecond,
                 CivilTime& civil, int32_t& nanosecond) {
  civil.year = now.year;
  if (fields.month != kUnset) return;
  civil.month = now.month;
  if (fields.day != kUnset) return;
  civil.day = now.day;
  if (fields.hour != kUnset) return;
  civil.hour = now.hour;
  if (fields.minute != kUnset) return;
  civil.minute = now.minute;
  if (fields.second != kUnset) return;
  civil.second = now.second;
  if (fields.nanosecond) return;
  nanosecond = now_nanosecond;
}

CivilTime GivenParts(const TimeFields& fields) {
  CivilTime civil;
  civil.year = fields.year.value_or(1970);
  civil.month = Or(fields.month, 1);
  civil.day = Or(fields.day, 1);
  civil.hour = Or(fields.hour, 0);
  civil.minute = Or(fields.minute, 0);
  civil.second = Or(fields.second, 0);
  return civil;
}

bool HasTimeInformation(const TimeFields& f) {
  return f.year || f.year_day != kUnset || f.month != kUnset || f.day != kUnset ||
         f.hour != kUnset || f.minute != kUnset || f.second != kUnset || f.nanosecond;
}

bool InRange(const TimeFields& f) {
  const auto within = [](int32_t value, int32_t low, int32_t high) {
    return value == kUnset || (value >= low && value <= high);
  };
  return within(f.month, 1, 12) && within(f.day, 1, 31) && within(f.hour, 0, 24) &&
         within(f.minute, 0, 59) && within(f.second, 0, 60) && within(f.year_day, 1, 366) &&
         (!f.year || (*f.year <= kYearMax && *f.year >= -kYearMax));
}

// Days of Monday of ISO week 1.
int64_t IsoYearBegin(int64_t year) {
  const int64_t january4 = DaysFromCivil(year, 1, 4);
  return january4 - (WeekdayFromDays(january4) + 6) % 7;
}

int64_t IsoYearOf(const CivilTime& t) {
  const int64_t days = DaysFromCivil(t.year, t.month, t.day);
  if (days < IsoYearBegin(t.year)) return t.year - 1;
  return days >= IsoYearBegin(t.year + 1) ? t.year + 1 : t.year;
}

}  // namespace

CivilTime TimeResolver::LocalNow() const {
  const int64_t now = now_().sec;
  return CivilFromSeconds(now + local_.At(now).offset);
}

void TimeResolver::FromLocal(const CivilTime& civil, int32_t nanosecond, ResolvedTime& out) const {
  const int64_t seconds = SecondsFromCivil(civil);
  out.time.sec = local_.ToUtc(seconds);
  out.time.nsec = nanosecond;
  out.offset = local_.At(out.time.sec).offset;
}

const char* TimeResolver::ResolveGem(const TimeFields& fields, ResolvedTime& out) const {
  const bool zoned = fields.zone.data() != nullptr;
  const int32_t offset = fields.zone_is_z ? 0 : fields.zone_offset;
  CivilTime civil = GivenParts(fields);
  if (!fields.year) {
    int32_t nanosecond = 0;
    const EventTime now = now_();
    const int32_t now_offset = zoned ? offset : local_.At(now.sec).offset;
    FillFromNow(fields, CivilFromSeconds(now.sec + now_offset), 0, civil, nanosecond);
  }
  const auto nanosecond = static_cast<int32_t>(fields.nanosecond.value_or(0));
  if (zoned) {
    out = {{SecondsFromCivil(civil) - offset, nanosecond}, offset};
  } else {
    FromLocal(civil, nanosecond, out);
  }
  return nullptr;
}

std::optional<int32_t> TimeResolver::ZoneOffset(std::string_view zone, int64_t year) const {
  if (const auto offset = ZoneOffsetFromName(zone)) return offset;
  for (const int month : {1, 7}) {  // the zone's own abbreviations
    const ZonePeriod period = local_.At(DaysFromCivil(year, month, 1) * kSecondsPerDay);
    if (EqualsIgnoringCase(period.name, zone)) return period.offset;
  }
  return std::nullopt;
}

const char* TimeResolver::ResolveEpoch(const TimeFields& fields, ResolvedTime& out) const {
  int64_t seconds = *fields.epoch_seconds;
  if (seconds > INT64_MAX / 4 || seconds < INT64_MIN / 4) return "number out of range";
  int64_t nanoseconds = static_cast<int64_t>(fields.epoch_milliseconds) * 1'000'000;
  const int64_t fraction = fields.nanosecond.value_or(0);
  nanoseconds += seconds < 0 ? -fraction : fraction;
  const int64_t carry = FloorDiv(nanoseconds, 1'000'000'000);
  seconds += carry;
  out.time.sec = seconds;
  out.time.nsec = static_cast<int32_t>(nanoseconds - carry * 1'000'000'000);
  out.offset = local_.At(seconds).offset;
  if (fields.zone.data() != nullptr) {
    if (IsUtcName(fields.zone)) {
      out.offset = 0;
    } else if (const auto offset = ZoneOffset(fields.zone, CivilFromSeconds(now_().sec).year)) {
      out.offset = *offset;
    }
  }
  return nullptr;
}

const char* TimeResolver::ResolveWeekDate(const TimeFields& f, int64_t& days) const {
  const bool sunday_based = f.sunday_week != kUnset;
  if (sunday_based || f.monday_week != kUnset) {
    const int64_t year = f.year ? *f.year : LocalNow().year;
    const int first = sunday_based ? 0 : 1;  // the weekday that begins a week
    int weekday = f.weekday != kUnset       ? f.weekday
                  : f.iso_weekday != kUnset ? f.iso_weekday % 7
                                            : first;
    weekday = (weekday - first + 7) % 7;
    const int week = sunday_based ? f.sunday_week : f.monday_week;
    const int64_t january1 = DaysFromCivil(year, 1, 1);
    const int january1_weekday = (WeekdayFromDays(january1) - first + 7) % 7;
    days = january1 - january1_weekday + (january1_weekday == 0 ? 0 : 7) + (week - 1) * 7 + weekday;
    CivilTime civil;
    CivilFromDays(days, civil);
    return civil.year == year ? nullptr : "invalid date";
  }
  const CivilTime today = LocalNow();
  const int64_t today_iso_year = IsoYearOf(today);
  const int64_t year = f.iso_year ? *f.iso_year : today_iso_year;
  int week = Or(f.iso_week, 1);
  if (f.iso_week == kUnset && !f.iso_year) {
    const int64_t today_days = DaysFromCivil(today.year, today.month, today.day);
    week = static_cast<int>((today_days - IsoYearBegin(year)) / 7) + 1;
  }
  int weekday = f.iso_weekday;
  if (weekday == kUnset) weekday = f.weekday == kUnset ? 1 : f.weekday == 0 ? 7 : f.weekday;
  days = IsoYearBegin(year) + (week - 1) * 7 + weekday - 1;
  return days < IsoYearBegin(year + 1) ? nullptr : "invalid date";
}

const char* TimeResolver::ResolveStrptime(const TimeFields& fields, ResolvedTime& out) const {
  for (const auto& year : {fields.year, fields.iso_year}) {
    if (year && (*year > kYearMax || *year < -kYearMax)) return "year out of range";
  }
  if (fields.epoch_seconds) return ResolveEpoch(fields, out);
  const bool month_day = fields.month != kUnset && fields.day != kUnset;
  const bool iso = fields.iso_weekday != kUnset || fields.iso_week != kUnset;
  if ((fields.iso_year && !fields.year) || (iso && !month_day)) {
    int64_t days = 0;
    if (const char* why = ResolveWeekDate(fields, days)) return why;
    CivilTime civil;
    CivilFromDays(days, civil);
    FromLocal(civil, 0, out);
    return nullptr;
  }
  const bool weeks = fields.sunday_week != kUnset || fields.monday_week != kUnset;
  if (weeks && fields.year_day == kUnset && !month_day) {
    int64_t days = 0;
    if (const char* why = ResolveWeekDate(fields, days)) return why;
    CivilTime civil;
    CivilFromDays(days, civil);
    TimeFields dated = fields;
    dated.year_day = DayOfYear(civil);
    return MakeTime(dated, out);
  }
  return MakeTime(fields, out);
}

const char* TimeResolver::MakeTime(const TimeFields& fields, ResolvedTime& out) const {
  if (!HasTimeInformation(fields)) return "no time information";
  if (!InRange(fields)) return "argument out of range";
  const bool zoned = fields.zone.data() != nullptr;
  const EventTime now = now_();
  const CivilTime local_now = CivilFromSeconds(now.sec + local_.At(now.sec).offset);
  const int64_t offset_year = fields.year.value_or(local_now.year);
  const auto known = zoned ? ZoneOffset(fields.zone, offset_year) : std::nullopt;
  const bool has_offset = known.has_value();
  const int32_t offset = known.value_or(0);

  CivilTime civil = GivenParts(fields);
  auto nanosecond = static_cast<int32_t>(fields.nanosecond.value_or(0));
  if (nanosecond < 0) return "subsecx out of range";
  if (!fields.year) {
    const CivilTime there = has_offset ? CivilFromSeconds(now.sec + offset) : local_now;
    if (fields.year_day != kUnset) {
      civil.year = there.year;
    } else {
      FillFromNow(fields, there, now.nsec, civil, nanosecond);
    }
  }
  if (fields.year_day != kUnset) {
    if (fields.year_day > (IsLeapYear(civil.year) ? 366 : 365)) return "yday out of range";
    CivilFromDays(DaysFromCivil(civil.year, 1, 1) + fields.year_day - 1, civil);
  }
  const bool past_midnight = civil.hour == 24 && (civil.minute != 0 || civil.second != 0);
  if (past_midnight && offset == 0) return "argument out of range";
  if (!has_offset) {
    FromLocal(civil, nanosecond, out);
    return nullptr;
  }
  out = {{SecondsFromCivil(civil) - offset, nanosecond}, IsUtcName(fields.zone) ? 0 : offset};
  return nullptr;
}

}  // namespace tailrace::text
