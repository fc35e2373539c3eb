// SPDX-License-Identifier: Apache-2.0
#include "text/posix_zone_rule.h"

#include "text/civil_time.h"

namespace tailrace::text {
namespace {

class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : text_(text) {}

  bool AtEnd() const { return position_ == text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[position_]; }
  bool Skip(char c) {
    if (Peek() != c) return false;
    ++position_;
    return true;
  }

  bool Name(std::string& out) {
    const size_t begin = position_;
    if (Skip('<')) {
      while (!AtEnd() && Peek() != '>') ++position_;
      out = text_.substr(begin + 1, position_ - begin - 1);
      return Skip('>') && !out.empty();
    }
    while ((Peek() | 0x20) >= 'a' && (Peek() | 0x20) <= 'z') ++position_;
    out = text_.substr(begin, position_ - begin);
    return out.size() >= 3;
  }

  bool Number(int& out) {
    const size_t begin = position_;
    out = 0;
    while (Peek() >= '0' && Peek() <= '9' && position_ - begin < 4) {
      out = out * 10 + (text_[position_++] - '0');
    }
    return position_ > begin;
  }

  // [+-]hh[:mm[:ss]] in seconds.
  bool Duration(int32_t& out) {
    const int sign = Skip('-') ? -1 : 1;
    if (sign == 1) Skip('+');
    int hours = 0;
    int minutes = 0;
    int seconds = 0;
    if (!Number(hours) || hours > 167) return false;
    if (Skip(':') && (!Number(minutes) || minutes > 59)) return false;
    if (Skip(':') && (!Number(seconds) || seconds > 59)) return false;
    out = sign * (hours * 3600 + minutes * 60 + seconds);
    return true;
  }

  bool Change(ZoneChange& out) {
    if (Skip('M')) {
      out.form = ZoneChange::Form::kMonthWeekDay;
      const bool read =
          Number(out.month) && Skip('.') && Number(out.week) && Skip('.') && Number(out.day);
      if (!read || out.month < 1 || out.month > 12 || out.week < 1 || out.week > 5 || out.day > 6) {
        return false;
      }
    } else {
      out.form = Skip('J') ? ZoneChange::Form::kJulian : ZoneChange::Form::kDayOfYear;
      if (!Number(out.day) || out.day > 365) return false;
    }
    out.time = 7200;
    return !Skip('/') || Duration(out.time);
  }

 private:
  std::string_view text_;
  size_t position_ = 0;
};

}  // namespace

int64_t ZoneChange::LocalSeconds(int64_t year) const {
  int64_t days = 0;
  switch (form) {
    case Form::kJulian:  // February 29 is never counted
      days = DaysFromCivil(year, 1, 1) + day - 1 + (IsLeapYear(year) && day >= 60 ? 1 : 0);
      break;
    case Form::kDayOfYear:
      days = DaysFromCivil(year, 1, 1) + day;
      break;
    case Form::kMonthWeekDay: {
      const int64_t first = DaysFromCivil(year, month, 1);
      int in_month = 1 + (day - WeekdayFromDays(first) + 7) % 7 + (week - 1) * 7;
      while (in_month > DaysInMonth(year, month)) in_month -= 7;
      days = first + in_month - 1;
      break;
    }
  }
  return days * kSecondsPerDay + time;
}

std::optional<PosixZoneRule> PosixZoneRule::Parse(std::string_view rule) {
  RuleReader reader(rule);
  PosixZoneRule out;
  int32_t west = 0;
  if (!reader.Name(out.standard_name) || !reader.Duration(west)) return std::nullopt;
  out.standard_offset = -west;
  if (reader.AtEnd()) return out;
  if (!reader.Name(out.dst_name)) return std::nullopt;
  out.dst_offset = out.standard_offset + 3600;
  if (!reader.AtEnd() && reader.Peek() != ',') {
    if (!reader.Duration(west)) return std::nullopt;
    out.dst_offset = -west;
  }
  if (reader.AtEnd()) {  // the rule that POSIX leaves open: glibc takes that of the United States
    out.dst_begin = {ZoneChange::Form::kMonthWeekDay, 3, 2, 0, 7200};
    out.dst_end = {ZoneChange::Form::kMonthWeekDay, 11, 1, 0, 7200};
    return out;
  }
  const bool read = reader.Skip(',') && reader.Change(out.dst_begin) && reader.Skip(',') &&
                    reader.Change(out.dst_end) && reader.AtEnd();
  if (!read) return std::nullopt;
  return out;
}

}  // namespace tailrace::text
