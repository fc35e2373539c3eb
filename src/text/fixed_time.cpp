// SPDX-License-Identifier: Apache-2.0
// The fixed layouts of time_format.h.
#include "text/strptime_words.h"
#include "text/time_format.h"

namespace tailrace::text {
namespace {

bool TwoDigits(const char* p, int& out) {
  const auto high = static_cast<unsigned char>(p[0] - '0');
  const auto low = static_cast<unsigned char>(p[1] - '0');
  out = high * 10 + low;
  return high <= 9 && low <= 9;
}

// hh:mm:ss with a second of up to 60.
bool ClockTime(const char* p, CivilTime& civil) {
  return TwoDigits(p, civil.hour) && p[2] == ':' && TwoDigits(p + 3, civil.minute) && p[5] == ':' &&
         TwoDigits(p + 6, civil.second) && civil.hour <= 23 && civil.minute <= 59 &&
         civil.second <= 60;
}

// The three letters of an English month as written in logs: "Jan".
int MonthNumber(const char* p) {
  const auto key = [](char a, char b, char c) {
    return static_cast<uint32_t>(static_cast<unsigned char>(a)) << 16 |
           static_cast<uint32_t>(static_cast<unsigned char>(b)) << 8 |
           static_cast<uint32_t>(static_cast<unsigned char>(c));
  };
  switch (key(p[0], p[1], p[2])) {
    case 'J' << 16 | 'a' << 8 | 'n':
      return 1;
    case 'F' << 16 | 'e' << 8 | 'b':
      return 2;
    case 'M' << 16 | 'a' << 8 | 'r':
      return 3;
    case 'A' << 16 | 'p' << 8 | 'r':
      return 4;
    case 'M' << 16 | 'a' << 8 | 'y':
      return 5;
    case 'J' << 16 | 'u' << 8 | 'n':
      return 6;
    case 'J' << 16 | 'u' << 8 | 'l':
      return 7;
    case 'A' << 16 | 'u' << 8 | 'g':
      return 8;
    case 'S' << 16 | 'e' << 8 | 'p':
      return 9;
    case 'O' << 16 | 'c' << 8 | 't':
      return 10;
    case 'N' << 16 | 'o' << 8 | 'v':
      return 11;
    case 'D' << 16 | 'e' << 8 | 'c':
      return 12;
    default:
      return 0;
  }
}

bool FourDigitYear(const char* p, int64_t& year) {
  int century = 0;
  int rest = 0;
  if (!TwoDigits(p, century) || !TwoDigits(p + 2, rest)) return false;
  year = century * 100 + rest;
  return true;
}

bool DayFits(const CivilTime& civil) {
  return civil.month >= 1 && civil.month <= 12 && civil.day >= 1 &&
         civil.day <= DaysInMonth(civil.year, civil.month);
}

}  // namespace

bool ParseRfc3339(std::string_view text, EventTime& time) {
  constexpr size_t kSeconds = 19;
  if (text.size() < kSeconds + 1) return false;
  const char* p = text.data();
  CivilTime civil;
  const bool date = FourDigitYear(p, civil.year) && p[4] == '-' && TwoDigits(p + 5, civil.month) &&
                    p[7] == '-' && TwoDigits(p + 8, civil.day) && p[10] == 'T' && DayFits(civil);
  if (!date || !ClockTime(p + 11, civil)) return false;
  size_t at = kSeconds;
  int64_t nanosecond = 0;
  if (p[at] == '.') {
    ++at;
    if (!ReadFraction(text, at, text.size(), nanosecond) || at == text.size()) return false;
  }
  int32_t offset = 0;
  if (p[at] == 'Z') {
    if (text.size() != at + 1) return false;
  } else {
    int hours = 0;
    int minutes = 0;
    const bool zone = text.size() == at + 6 && (p[at] == '+' || p[at] == '-') &&
                      TwoDigits(p + at + 1, hours) && p[at + 3] == ':' &&
                      TwoDigits(p + at + 4, minutes);
    if (!zone || hours > 23 || minutes > 59) return false;
    offset = (hours * 60 + minutes) * 60;
    if (p[at] == '-') offset = -offset;
  }
  time.sec = SecondsFromCivil(civil) - offset;
  time.nsec = static_cast<int32_t>(nanosecond);
  return true;
}

bool ParseCommonLogTime(std::string_view text, EventTime& time) {
  if (text.size() != 26) return false;
  const char* p = text.data();
  CivilTime civil;
  civil.month = MonthNumber(p + 3);
  const bool date = TwoDigits(p, civil.day) && p[2] == '/' && p[6] == '/' &&
                    FourDigitYear(p + 7, civil.year) && p[11] == ':' && DayFits(civil);
  int hours = 0;
  int minutes = 0;
  const bool rest = date && ClockTime(p + 12, civil) && p[20] == ' ' &&
                    (p[21] == '+' || p[21] == '-') && TwoDigits(p + 22, hours) &&
                    TwoDigits(p + 24, minutes);
  if (!rest) return false;
  const int32_t offset = (hours * 60 + minutes) * 60;
  time.sec = SecondsFromCivil(civil) - (p[21] == '-' ? -offset : offset);
  time.nsec = 0;
  return true;
}

bool ParseSyslogTime(std::string_view text, CivilTime& civil) {
  if (text.size() != 15) return false;
  const char* p = text.data();
  CivilTime parsed = civil;
  parsed.month = MonthNumber(p);
  if (p[4] == ' ') {
    parsed.day = IsDigit(p[5]) ? p[5] - '0' : 0;
  } else if (!TwoDigits(p + 4, parsed.day)) {
    return false;
  }
  const bool valid = parsed.month != 0 && parsed.day >= 1 && parsed.day <= 31 && p[3] == ' ' &&
                     p[6] == ' ' && ClockTime(p + 7, parsed);
  if (valid) civil = parsed;
  return valid;
}

bool ParseKlogTime(std::string_view text, CivilTime& civil, int32_t& nanosecond) {
  if (text.size() < 15) return false;
  const char* p = text.data();
  CivilTime parsed = civil;
  size_t at = 14;
  int64_t fraction = 0;
  const bool valid = TwoDigits(p, parsed.month) && TwoDigits(p + 2, parsed.day) && p[4] == ' ' &&
                     ClockTime(p + 5, parsed) && p[13] == '.' && parsed.month >= 1 &&
                     parsed.month <= 12 && parsed.day >= 1 && parsed.day <= 31 &&
                     ReadFraction(text, at, 9, fraction) && at == text.size();
  if (!valid) return false;
  civil = parsed;
  nanosecond = static_cast<int32_t>(fraction);
  return true;
}

}  // namespace tailrace::text
