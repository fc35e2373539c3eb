// SPDX-License-Identifier: Apache-2.0
// Ruby's to_s.
#include <array>
#include <cstdio>
#include <cstdlib>

#include "config/ruby/regexp.h"
#include "config/value.h"

namespace tailrace::config {
namespace {

// Days since 1970-01-01 to year, month, day.
void CivilDate(int64_t days, int64_t* year, int* month, int* day) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
  const auto of_era = static_cast<int>(days - era * 146097);
  const int year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const int of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted = (5 * of_year + 2) / 153;
  *day = of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted < 10 ? shifted + 3 : shifted - 9;
  *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

std::string TimeText(const TimeValue& time) {
  const int64_t local = time.seconds + (time.utc ? 0 : time.offset);
  int64_t days = local / 86400;
  int64_t rest = local % 86400;
  if (rest < 0) {
    rest += 86400;
    --days;
  }
  int64_t year = 0;
  int month = 0;
  int day = 0;
  CivilDate(days, &year, &month, &day);
  const int minutes = std::abs(time.offset) / 60;
  std::array<char, 80> out{};
  std::array<char, 16> zone{"UTC"};
  if (!time.utc) {
    std::snprintf(zone.data(), zone.size(), "%c%02d%02d", time.offset < 0 ? '-' : '+',
                  minutes / 60 % 100, minutes % 60);
  }
  std::snprintf(out.data(), out.size(), "%04lld-%02d-%02d %02d:%02d:%02d %s",
                static_cast<long long>(year), month, day, static_cast<int>(rest / 3600),
                static_cast<int>(rest / 60 % 60), static_cast<int>(rest % 60), zone.data());
  return out.data();
}

std::string RegexpText(const RubyRegexp& regexp) {
  std::string off;
  for (const char c : std::string_view("mix")) {
    if (regexp.options().find(c) == std::string::npos) off.push_back(c);
  }
  return "(?" + regexp.options() + (off.empty() ? "" : "-" + off) + ":" + regexp.source() + ")";
}

}  // namespace

std::string ToText(const Value& value) {
  if (value.IsNil()) return "";
  if (value.IsText()) return value.text();
  if (value.Is<bool>()) return value.Get<bool>() ? "true" : "false";
  if (value.Is<int64_t>()) return std::to_string(value.Get<int64_t>());
  if (value.Is<BigInteger>()) return value.Get<BigInteger>().digits;
  if (value.Is<double>()) return FloatText(value.Get<double>());
  if (value.Is<Symbol>()) return value.Get<Symbol>().name;
  if (value.Is<TimeValue>()) return TimeText(value.Get<TimeValue>());
  if (value.Is<Value::RegexpPtr>()) return RegexpText(*value.Get<Value::RegexpPtr>());
  if (value.Is<RangeValue>()) {
    const auto& range = value.Get<RangeValue>();
    return std::to_string(range.first) + (range.exclusive ? "..." : "..") +
           std::to_string(range.last);
  }
  return Inspect(value);
}

}  // namespace tailrace::config
