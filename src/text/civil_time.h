// SPDX-License-Identifier: Apache-2.0
#pragma once
// Calendar arithmetic on the proleptic Gregorian calendar, without zones and without libc (gmtime
// and mktime lock and consult the environment). The day algorithms are those of H. Hinnant,
// "chrono-compatible low-level date algorithms".

#include <cstdint>

namespace tailrace::text {

inline constexpr int64_t kSecondsPerDay = 86400;

// A date and a time of day, in whatever zone its user says.
struct CivilTime {
  int64_t year = 1970;
  int month = 1;  // 1..12
  int day = 1;    // 1..31
  int hour = 0;
  int minute = 0;
  int second = 0;
};

// Days since 1970-01-01. `day` may lie outside the month; the result then rolls over.
constexpr int64_t DaysFromCivil(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

constexpr void CivilFromDays(int64_t days, CivilTime& out) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const int64_t day_of_era = days - era * 146097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted_month = (5 * day_of_year + 2) / 153;
  out.day = static_cast<int>(day_of_year - (153 * shifted_month + 2) / 5 + 1);
  out.month = static_cast<int>(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
  out.year = year_of_era + era * 400 + (out.month <= 2 ? 1 : 0);
}

constexpr int64_t FloorDiv(int64_t a, int64_t b) {
  return a / b - ((a % b != 0 && (a < 0)) ? 1 : 0);
}

// Seconds since the epoch of the same zone. Days and seconds may roll over (Feb 30, second 60).
constexpr int64_t SecondsFromCivil(const CivilTime& t) {
  return DaysFromCivil(t.year, t.month, t.day) * kSecondsPerDay + t.hour * 3600 + t.minute * 60 +
         t.second;
}

constexpr CivilTime CivilFromSeconds(int64_t seconds) {
  CivilTime out;
  const int64_t days = FloorDiv(seconds, kSecondsPerDay);
  const int rest = static_cast<int>(seconds - days * kSecondsPerDay);
  CivilFromDays(days, out);
  out.hour = rest / 3600;
  out.minute = rest / 60 % 60;
  out.second = rest % 60;
  return out;
}

constexpr bool IsLeapYear(int64_t year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

constexpr int DaysInMonth(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeapYear(year) ? 29 : kDays[month - 1];
}

// 0 is Sunday.
constexpr int WeekdayFromDays(int64_t days) {
  const int weekday = static_cast<int>((days + 4) % 7);
  return weekday < 0 ? weekday + 7 : weekday;
}

// 1..366.
constexpr int DayOfYear(const CivilTime& t) {
  return static_cast<int>(DaysFromCivil(t.year, t.month, t.day) - DaysFromCivil(t.year, 1, 1)) + 1;
}

}  // namespace tailrace::text
