// SPDX-License-Identifier: Apache-2.0
#include "text/strftime.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "text/strptime_words.h"

namespace tailrace::text {
namespace {

constexpr int kWidthMax = 1024;  // Ruby refuses absurd widths too

std::string_view Composite(char code) {
  switch (code) {
    case 'c':
      return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
      return "%m/%d/%y";
    case 'F':
      return "%Y-%m-%d";
    case 'R':
      return "%H:%M";
    case 'r':
      return "%I:%M:%S %p";
    case 'T':
    case 'X':
      return "%H:%M:%S";
    case 'v':
      return "%e-%^b-%4Y";
    default:
      return {};
  }
}

char UpperAscii(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

void AppendDecimal(int64_t value, int digits, char pad, std::string& out) {
  char buffer[24];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value < 0 ? -value : value).ptr;
  const int length = static_cast<int>(end - buffer) + (value < 0 ? 1 : 0);
  const auto fill = static_cast<size_t>(std::max(0, digits - length));
  if (value < 0 && pad == '0') out.push_back('-');
  out.append(fill, pad);
  if (value < 0 && pad != '0') out.push_back('-');
  out.append(buffer, end);
}

struct IsoWeek {
  int64_t year;
  int week;
};

int WeekOfYear(int year_day, int days_since_week_began) {
  return (year_day - 1 + 7 - days_since_week_began) / 7;
}

IsoWeek IsoWeekOf(const CivilTime& t) {
  const int64_t days = DaysFromCivil(t.year, t.month, t.day);
  const int monday_based = (WeekdayFromDays(days) + 6) % 7;
  CivilTime thursday;
  CivilFromDays(days - monday_based + 3, thursday);
  return {thursday.year, (DayOfYear(thursday) - 1) / 7 + 1};
}

// Pads what was appended since `begin`, as Ruby pads words: blanks unless the flag 0 is given.
void PadText(size_t begin, int width, char padding, std::string& out) {
  const size_t length = out.size() - begin;
  const auto wanted = static_cast<size_t>(std::max(width, 0));
  if (length < wanted) out.insert(begin, wanted - length, padding == '0' ? '0' : ' ');
}

// +hhmm, +hh:mm, +hh:mm:ss or the shortest of them (three colons).
void AppendOffset(const WallTime& time, int colons, int width, char padding, bool left,
                  std::string& out) {
  const bool negative = time.offset < 0 || (time.utc && left);
  const int absolute = time.offset < 0 ? -time.offset : time.offset;
  const int hours = absolute / 3600;
  const int minutes = absolute / 60 % 60;
  const int seconds = absolute % 60;
  const bool show_seconds = colons == 2 || (colons == 3 && seconds != 0);
  const bool show_minutes = colons != 3 || minutes != 0 || seconds != 0;
  const int tail = (show_minutes ? 2 + (colons > 0 ? 1 : 0) : 0) + (show_seconds ? 3 : 0);
  const int hour_digits = padding == '_' && hours < 10 ? 1 : 2;
  const int hour_width = std::max(width - 1 - tail, padding == '_' ? 2 : hour_digits);
  const char sign = negative ? '-' : '+';
  if (padding == '_') {
    out.append(static_cast<size_t>(std::max(0, hour_width - hour_digits)), ' ');
    out.push_back(sign);
    AppendDecimal(hours, 1, '0', out);
  } else {
    out.push_back(sign);
    AppendDecimal(hours, hour_width, '0', out);
  }
  if (show_minutes) {
    if (colons > 0) out.push_back(':');
    AppendDecimal(minutes, 2, '0', out);
  }
  if (show_seconds) {
    out.push_back(':');
    AppendDecimal(seconds, 2, '0', out);
  }
}

void AppendFraction(int32_t nanosecond, int digits, std::string& out) {
  char buffer[9];
  int32_t rest = std::clamp(nanosecond, 0, 999'999'999);
  for (int i = 8; i >= 0; --i) {
    buffer[i] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  out.append(buffer, static_cast<size_t>(std::min(digits, 9)));
  if (digits > 9) out.append(static_cast<size_t>(digits - 9), '0');
}

struct NumberField {
  int64_t value;
  int digits;
  char padding;
};

NumberField NumberOf(char code, const WallTime& time) {
  const CivilTime& t = time.civil;
  const auto weekday = [&] { return WeekdayFromDays(DaysFromCivil(t.year, t.month, t.day)); };
  const int hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
  switch (code) {
    case 'Y':
      return {t.year, t.year < 0 ? 5 : 4, '0'};
    case 'C':
      return {FloorDiv(t.year, 100), 2, '0'};
    case 'y':
      return {t.year - FloorDiv(t.year, 100) * 100, 2, '0'};
    case 'm':
      return {t.month, 2, '0'};
    case 'd':
      return {t.day, 2, '0'};
    case 'e':
      return {t.day, 2, ' '};
    case 'H':
      return {t.hour, 2, '0'};
    case 'k':
      return {t.hour, 2, ' '};
    case 'I':
      return {hour12, 2, '0'};
    case 'l':
      return {hour12, 2, ' '};
    case 'M':
      return {t.minute, 2, '0'};
    case 'S':
      return {t.second, 2, '0'};
    case 'j':
      return {DayOfYear(t), 3, '0'};
    case 's':
      return {time.epoch_seconds, 1, '0'};
    case 'u':
      return {weekday() == 0 ? 7 : weekday(), 1, '0'};
    case 'w':
      return {weekday(), 1, '0'};
    case 'U':
      return {WeekOfYear(DayOfYear(t), weekday()), 2, '0'};
    case 'W':
      return {WeekOfYear(DayOfYear(t), (weekday() + 6) % 7), 2, '0'};
    case 'V':
      return {IsoWeekOf(t).week, 2, '0'};
    case 'G': {
      const int64_t year = IsoWeekOf(t).year;
      return {year, year < 0 ? 5 : 4, '0'};
    }
    default: {  // 'g'
      const int64_t year = IsoWeekOf(t).year;
      return {year - FloorDiv(year, 100) * 100, 2, '0'};
    }
  }
}

constexpr std::string_view kNumbers = "YCymdeHkIlMSjsuwUWVGg";
constexpr std::string_view kWords = "aAbBhpPZnt%";
constexpr std::string_view kComposites = "cDFRrTXvx";

bool IsKnown(char code) {
  return kNumbers.find(code) != std::string_view::npos ||
         kWords.find(code) != std::string_view::npos ||
         kComposites.find(code) != std::string_view::npos || code == 'L' || code == 'N' ||
         code == 'z';
}

// The compiled form of a composite directive that carries a width or a flag.
const StrftimeFormat& CompositeFormat(char code) {
  static const auto formats = [] {
    std::array<StrftimeFormat, kComposites.size()> all;
    for (size_t i = 0; i < all.size(); ++i) {
      all[i] = StrftimeFormat::Compile(Composite(kComposites[i]));
    }
    return all;
  }();
  return formats[kComposites.find(code)];
}

}  // namespace

void StrftimeFormat::AddLiteral(std::string_view text) {
  if (directives_.empty() || directives_.back().code != '\'') {
    Directive literal;
    literal.literal_at = static_cast<uint32_t>(literals_.size());
    directives_.push_back(literal);
  }
  literals_.append(text);
  directives_.back().literal_size += static_cast<uint32_t>(text.size());
}

// `i` is at the '%'. On success `i` is behind the directive; if Ruby does not know it, false.
bool StrftimeFormat::ParseDirective(std::string_view format, size_t& i) {
  Directive d;
  size_t at = i + 1;
  for (;; ++at) {
    const char c = At(format, at);
    if (c == '\0') return false;
    const bool flag = c == '-' || c == '^' || c == '#' || c == '_';
    if (flag && d.width > 0) return false;
    if (c == '-') {
      d.left = true;
      d.padding = 0;
      d.width = 0;
    } else if (c == '^') {
      d.upper = true;
    } else if (c == '#') {
      d.change_case = true;
    } else if (c == '_') {
      d.padding = '_';
    } else if (c == ':') {
      size_t colons = 1;
      while (At(format, at + colons) == ':') ++colons;
      if (colons > 3 || At(format, at + colons) != 'z') return false;
      d.colons = static_cast<uint8_t>(colons);
      at += colons - 1;
    } else if (IsDigit(c)) {
      if (c == '0') d.padding = '0';
      int64_t width = 0;
      ReadDigits(format, at, 18, width);
      if (width > kWidthMax) return false;
      d.width = static_cast<int16_t>(width);
      --at;
    } else if (c == 'E' || c == 'O') {
      const std::string_view allowed = c == 'E' ? "cCxXyY" : "deHkIlmMSuUVwWy";
      const char next = At(format, at + 1);
      if (next == '\0' || allowed.find(next) == std::string_view::npos) return false;
    } else {
      if (!IsKnown(c)) return false;
      d.code = c;
      break;
    }
  }
  i = at + 1;
  const bool plain = !d.left && !d.upper && !d.change_case && d.padding == 0 && d.width == 0;
  if (plain && kComposites.find(d.code) != std::string_view::npos) {
    const std::string_view expansion = Composite(d.code);
    for (size_t at_part = 0; at_part < expansion.size();) {
      if (expansion[at_part] == '%' && ParseDirective(expansion, at_part)) continue;
      AddLiteral(expansion.substr(at_part++, 1));
    }
    return true;
  }
  if (d.code == 'N' || d.code == 'L') has_subseconds_ = true;
  directives_.push_back(d);
  return true;
}

StrftimeFormat StrftimeFormat::Compile(std::string_view format) {
  StrftimeFormat compiled;
  compiled.source_ = format;
  for (size_t i = 0; i < format.size();) {
    if (format[i] == '%' && compiled.ParseDirective(format, i)) continue;
    compiled.AddLiteral(format.substr(i, 1));
    ++i;
  }
  return compiled;
}

bool StrftimeFormat::GemAccepts(std::string_view format) {
  constexpr std::string_view kKnown = "HLMNSYbdmyz";
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '\0') return false;
    if (format[i] != '%') continue;
    const char code = At(format, ++i);
    if (code == '\0' || kKnown.find(code) == std::string_view::npos) return false;
  }
  return true;
}

void StrftimeFormat::AppendNumber(const Directive& d, const WallTime& time, std::string& out) {
  const NumberField field = NumberOf(d.code, time);
  const char pad = d.padding == '_' ? ' ' : d.padding == '0' ? '0' : field.padding;
  const int digits = d.left ? 1 : d.width > 0 ? d.width : field.digits;
  AppendDecimal(field.value, digits, pad, out);
}

void StrftimeFormat::AppendDirective(const Directive& d, const WallTime& time,
                                     std::string& out) const {
  if (d.code == '\'') {
    out.append(literals_, d.literal_at, d.literal_size);
    return;
  }
  if (kNumbers.find(d.code) != std::string_view::npos) {
    AppendNumber(d, time, out);
    return;
  }
  if (d.code == 'N' || d.code == 'L') {
    AppendFraction(time.nanosecond, d.width > 0 ? d.width : d.code == 'L' ? 3 : 9, out);
    return;
  }
  if (d.code == 'z') {
    AppendOffset(time, d.colons, d.width, d.padding, d.left, out);
    return;
  }
  const size_t begin = out.size();
  bool lower = d.code == 'P' && !d.upper && !d.change_case;
  bool upper = d.upper;
  switch (d.code) {
    case 'a':
    case 'A': {
      const CivilTime& t = time.civil;
      const auto weekday = WeekdayFromDays(DaysFromCivil(t.year, t.month, t.day));
      const std::string_view name = kDayNames[static_cast<size_t>(weekday)];
      out.append(d.code == 'a' ? name.substr(0, 3) : name);
      upper |= d.change_case;
      break;
    }
    case 'b':
    case 'h':
    case 'B': {
      const std::string_view name = kMonthNames[static_cast<size_t>(time.civil.month - 1)];
      out.append(d.code == 'B' ? name : name.substr(0, 3));
      upper |= d.change_case;
      break;
    }
    case 'p':
    case 'P':
      out.append(time.civil.hour < 12 ? "AM" : "PM");
      if (d.code == 'p') lower = d.change_case;
      break;
    case 'Z':
      out.append(time.utc ? "UTC" : time.zone_name);
      lower |= d.change_case;
      break;
    case 'n':
      out.push_back('\n');
      break;
    case 't':
      out.push_back('\t');
      break;
    case '%':
      out.push_back('%');
      break;
    default:
      CompositeFormat(d.code).Append(time, out);
  }
  if (lower || upper) {
    std::transform(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
                   out.begin() + static_cast<std::ptrdiff_t>(begin),
                   lower ? LowerAscii : UpperAscii);
  }
  if (!d.left && out.size() > begin) PadText(begin, d.width, d.padding, out);
}

void StrftimeFormat::Append(const WallTime& time, std::string& out) const {
  for (const Directive& d : directives_) AppendDirective(d, time, out);
}

}  // namespace tailrace::text
