// SPDX-License-Identifier: Apache-2.0
#include "text/strptime.h"

#include <algorithm>
#include <utility>

#include "text/strptime_words.h"

namespace tailrace::text {
namespace {

constexpr size_t kAnyWidth = SIZE_MAX;

// Does a number come next in the format? Then a number before it has a fixed width.
bool NumberFollows(std::string_view format, size_t at) {
  if (IsDigit(At(format, at))) return true;
  if (At(format, at) != '%') return false;
  ++at;
  if (At(format, at) == 'E' || At(format, at) == 'O') ++at;
  const char c = At(format, at);
  constexpr std::string_view kNumeric = "CDdeFGgHIjkLlMmNQRrSsTUuVvWwXxYy";
  return c != '\0' && (IsDigit(c) || kNumeric.find(c) != std::string_view::npos);
}

bool ReadInRange(std::string_view text, size_t& at, size_t width, int low, int high, int32_t& out) {
  int64_t value = 0;
  if (!ReadDigits(text, at, width, value) || value < low || value > high) return false;
  out = static_cast<int32_t>(value);
  return true;
}

// %d %e %H %k %I %l: a blank may stand for the first digit.
bool ReadBlankPadded(std::string_view text, size_t& at, int low, int high, int32_t& out) {
  const bool blank = At(text, at) == ' ';
  if (blank) ++at;
  return ReadInRange(text, at, blank ? 1 : 2, low, high, out);
}

// Reads an optional sign; -1 or 1.
int ReadSign(std::string_view text, size_t& at) {
  const char c = At(text, at);
  if (c != '-' && c != '+') return 1;
  ++at;
  return c == '-' ? -1 : 1;
}

bool WordEnds(std::string_view text, size_t at) {
  const char c = At(text, at);
  return !IsAlpha(c) && !IsDigit(c) && c != '_';
}

size_t SkipDigits(std::string_view text, size_t at) {
  while (IsDigit(At(text, at))) ++at;
  return at;
}

// (?:gmt|utc?)?[-+]\d+(?:[,.:]\d+(?::\d+)?)?
size_t NumericZoneEnd(std::string_view text, size_t at) {
  for (const std::string_view prefix : {"gmt", "utc", "ut"}) {
    if (StartsWithIgnoringCase(text, at, prefix)) {
      at += prefix.size();
      break;
    }
  }
  const char sign = At(text, at);
  if ((sign != '-' && sign != '+') || !IsDigit(At(text, at + 1))) return 0;
  at = SkipDigits(text, at + 1);
  const char separator = At(text, at);
  if ((separator == ',' || separator == '.' || separator == ':') && IsDigit(At(text, at + 1))) {
    at = SkipDigits(text, at + 1);
    if (At(text, at) == ':' && IsDigit(At(text, at + 1))) at = SkipDigits(text, at + 1);
  }
  return at;
}

// [[:alpha:].\s]+(?:standard|daylight)\s+time\b
size_t LongZoneEnd(std::string_view text, size_t at) {
  const size_t begin = at;
  while (IsAlpha(At(text, at)) || At(text, at) == '.' || IsSpace(At(text, at))) ++at;
  for (size_t word = at; word-- > begin + 1;) {
    const bool named = StartsWithIgnoringCase(text, word, "standard") ||
                       StartsWithIgnoringCase(text, word, "daylight");
    size_t next = word + 8;
    if (!named || !IsSpace(At(text, next))) continue;
    while (IsSpace(At(text, next))) ++next;
    if (StartsWithIgnoringCase(text, next, "time") && WordEnds(text, next + 4)) return next + 4;
  }
  return 0;
}

// [[:alpha:]]+(?:\s+dst)?\b
size_t ShortZoneEnd(std::string_view text, size_t at) {
  const size_t begin = at;
  while (IsAlpha(At(text, at))) ++at;
  if (at == begin) return 0;
  size_t dst = at;
  while (IsSpace(At(text, dst))) ++dst;
  if (dst > at && StartsWithIgnoringCase(text, dst, "dst") && WordEnds(text, dst + 3)) {
    return dst + 3;
  }
  return WordEnds(text, at) ? at : 0;
}

bool ReadRubyZone(std::string_view text, size_t& at, TimeFields& fields) {
  size_t end = NumericZoneEnd(text, at);
  if (end == 0) end = LongZoneEnd(text, at);
  if (end == 0) end = ShortZoneEnd(text, at);
  if (end == 0) return false;
  fields.zone = text.substr(at, end - at);
  at = end;
  return true;
}

bool ReadMeridian(std::string_view text, size_t& at, TimeFields& fields) {
  for (const auto& [word, value] :
       {std::pair<std::string_view, int>{"am", 0}, {"pm", 12}, {"a.m.", 0}, {"p.m.", 12}}) {
    if (StartsWithIgnoringCase(text, at, word)) {
      at += word.size();
      fields.meridian = value;
      return true;
    }
  }
  return false;
}

bool ReadSignedNumber(std::string_view text, size_t& at, size_t width,
                      std::optional<int64_t>& out) {
  const int sign = ReadSign(text, at);
  int64_t value = 0;
  if (!ReadDigits(text, at, width, value)) return false;
  out = sign * value;
  return true;
}

bool ReadEpoch(std::string_view text, size_t& at, bool milliseconds, TimeFields& fields) {
  const bool negative = At(text, at) == '-';
  if (negative) ++at;
  int64_t value = 0;
  if (!ReadDigits(text, at, kAnyWidth, value)) return false;
  if (negative) value = -value;
  fields.epoch_milliseconds = 0;
  if (milliseconds) {
    int64_t rest = value % 1000;
    if (rest < 0) rest += 1000;
    fields.epoch_milliseconds = static_cast<int32_t>(rest);
    value = (value - rest) / 1000;
  }
  fields.epoch_seconds = value;
  return true;
}

bool ReadTwoDigitYear(std::string_view text, size_t& at, std::optional<int64_t>& year,
                      TimeFields& fields) {
  int32_t value = 0;
  if (!ReadInRange(text, at, 2, 0, 99, value)) return false;
  year = value;
  if (!fields.century) fields.century = value >= 69 ? 19 : 20;
  return true;
}

// The formats that composite directives stand for.
std::string_view Expansion(char code) {
  switch (code) {
    case 'c':
      return "%a %b %e %H:%M:%S %Y";
    case 'D':
    case 'x':
      return "%m/%d/%y";
    case 'F':
      return "%Y-%m-%d";
    case 'n':
    case 't':
      return " ";
    case 'R':
      return "%H:%M";
    case 'r':
      return "%I:%M:%S %p";
    case 'T':
    case 'X':
      return "%H:%M:%S";
    case 'v':
      return "%e-%b-%Y";
    case '+':
      return "%a %b %e %H:%M:%S %Z %Y";
    default:
      return {};
  }
}

bool ReadGemZone(std::string_view text, size_t& at, TimeFields& fields) {
  const char first = At(text, at);
  fields.zone = text.substr(std::min(at, text.size()));
  fields.zone_is_z = first == 'z' || first == 'Z';
  if (fields.zone_is_z) return true;  // the gem does not step over the letter
  if (first == '-' || first == '+') ++at;
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!ReadDigits(text, at, 2, hours)) return false;
  if (At(text, at) == ':') ++at;
  ReadDigits(text, at, 2, minutes);
  const auto offset = static_cast<int32_t>((hours * 60 + minutes) * 60);
  fields.zone_offset = first == '-' ? -offset : offset;
  return true;
}

}  // namespace

void StrptimeFormat::AddLiteral(std::string_view text) {
  if (steps_.empty() || steps_.back().code != '\'') {
    Step step;
    step.code = '\'';
    step.literal_at = static_cast<uint32_t>(literals_.size());
    steps_.push_back(step);
  }
  literals_.append(text);
  steps_.back().literal_size += static_cast<uint32_t>(text.size());
}

bool StrptimeFormat::CompileGem(std::string_view format) {
  constexpr std::string_view kKnown = "BHMNSYbdehmnyz";
  for (size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    if (c == '\0') return false;
    if (c == '%') {
      const char code = At(format, ++i);
      if (code == '\0' || kKnown.find(code) == std::string_view::npos) return false;
      steps_.push_back({code == 'n' ? ' ' : code});
    } else if (IsSpace(c)) {
      steps_.push_back({' '});
    } else {
      AddLiteral(format.substr(i, 1));
    }
  }
  return true;
}

// `i` is at the '%'; afterwards at the last character of the directive.
void StrptimeFormat::AddRubyDirective(std::string_view format, size_t& i) {
  constexpr std::string_view kSingle = "AaBbhCdeGgHkIljLNMmPpQSsUWuVwYyZz%";
  size_t at = i + 1;
  char code = At(format, at);
  const auto modifies = [&](std::string_view codes) {
    const char next = At(format, at + 1);
    return next != '\0' && codes.find(next) != std::string_view::npos;
  };
  if (code == 'E' || code == 'O') {
    if (!modifies(code == 'E' ? "cCxXyY" : "deHImMSuUVwWy")) {
      AddLiteral("%");
      return;
    }
    code = At(format, ++at);
  }
  if (code == ':') {
    const size_t colons = std::min(format.find_first_not_of(':', at), format.size()) - at;
    if (colons > 3 || At(format, at + colons) != 'z') {
      steps_.push_back({'!'});  // never matches
      return;
    }
    at += colons;
    code = 'z';
  }
  i = at;
  if (const std::string_view expansion = Expansion(code); !expansion.empty()) {
    CompileRubySteps(expansion);
  } else if (code == '%') {
    AddLiteral("%");
  } else if (code != '\0' && kSingle.find(code) != std::string_view::npos) {
    Step step;
    step.code = code == 'h' || code == 'b' ? 'B' : code == 'a' ? 'A' : code;
    step.number_follows = NumberFollows(format, at + 1);
    steps_.push_back(step);
  } else {  // not a directive: the text itself
    AddLiteral("%");
    if (at < format.size()) AddLiteral(format.substr(at, 1));
  }
}

void StrptimeFormat::CompileRubySteps(std::string_view format) {
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%') {
      AddRubyDirective(format, i);
    } else if (IsSpace(format[i])) {
      steps_.push_back({' '});
    } else {
      AddLiteral(format.substr(i, 1));
    }
  }
}

StrptimeFormat StrptimeFormat::Compile(std::string_view format) {
  StrptimeFormat compiled;
  compiled.source_ = format;
  if (compiled.CompileGem(format)) {
    compiled.dialect_ = Dialect::kGem;
    return compiled;
  }
  return CompileRuby(format);
}

StrptimeFormat StrptimeFormat::CompileRuby(std::string_view format) {
  StrptimeFormat compiled;
  compiled.source_ = format;
  compiled.CompileRubySteps(format);
  return compiled;
}

bool StrptimeFormat::ParseGemStep(const Step& step, std::string_view text, size_t& at,
                                  TimeFields& fields) {
  int64_t value = 0;
  switch (step.code) {
    case 'Y': {
      const bool negative = At(text, at) == '-';
      ReadSign(text, at);
      if (!ReadDigits(text, at, 4, value)) return false;
      fields.year = negative ? -value : value;
      return true;
    }
    case 'y':
      if (!ReadDigits(text, at, 2, value)) return false;
      fields.year = value + (value < 69 ? 2000 : 1900);
      return true;
    case 'm':
      return ReadInRange(text, at, 2, 1, 12, fields.month);
    case 'B':
    case 'b':
    case 'h': {
      const int month = ReadName(kMonthNames, text, at);
      fields.month = month + 1;
      return month >= 0;
    }
    case 'd':
    case 'e':
      return ReadInRange(text, at, 2, 1, 31, fields.day);
    case 'H':
      return ReadInRange(text, at, 2, 0, 23, fields.hour);
    case 'M':
      return ReadInRange(text, at, 2, 0, 59, fields.minute);
    case 'S':
      return ReadInRange(text, at, 2, 0, 60, fields.second);
    case 'N':
      if (!ReadFraction(text, at, 9, value)) return false;
      fields.nanosecond = value;
      return true;
    default:
      return ReadGemZone(text, at, fields);
  }
}

bool StrptimeFormat::ParseRubyStep(const Step& step, std::string_view text, size_t& at,
                                   TimeFields& fields) {
  int64_t value = 0;
  switch (step.code) {
    case 'A':
      fields.weekday = ReadName(kDayNames, text, at);
      return fields.weekday >= 0;
    case 'B': {
      const int month = ReadName(kMonthNames, text, at);
      fields.month = month + 1;
      return month >= 0;
    }
    case 'C':
      if (!ReadDigits(text, at, step.number_follows ? 2 : kAnyWidth, value)) return false;
      fields.century = value;
      return true;
    case 'd':
    case 'e':
      return ReadBlankPadded(text, at, 1, 31, fields.day);
    case 'G':
      if (!ReadDigits(text, at, step.number_follows ? 4 : kAnyWidth, value)) return false;
      fields.iso_year = value;
      return true;
    case 'g':
      return ReadTwoDigitYear(text, at, fields.iso_year, fields);
    case 'H':
    case 'k':
      return ReadBlankPadded(text, at, 0, 24, fields.hour);
    case 'I':
    case 'l':
      return ReadBlankPadded(text, at, 1, 12, fields.hour);
    case 'j':
      return ReadInRange(text, at, 3, 1, 366, fields.year_day);
    case 'L':
    case 'N': {
      const int sign = ReadSign(text, at);
      const size_t width = step.code == 'L' ? 3 : 9;
      if (!ReadFraction(text, at, step.number_follows ? width : kAnyWidth, value)) return false;
      fields.nanosecond = sign * value;
      return true;
    }
    case 'M':
      return ReadInRange(text, at, 2, 0, 59, fields.minute);
    case 'm':
      return ReadInRange(text, at, 2, 1, 12, fields.month);
    case 'P':
    case 'p':
      return ReadMeridian(text, at, fields);
    case 'Q':
    case 's':
      return ReadEpoch(text, at, step.code == 'Q', fields);
    case 'S':
      return ReadInRange(text, at, 2, 0, 60, fields.second);
    case 'U':
      return ReadInRange(text, at, 2, 0, 53, fields.sunday_week);
    case 'W':
      return ReadInRange(text, at, 2, 0, 53, fields.monday_week);
    case 'u':
      return ReadInRange(text, at, 1, 1, 7, fields.iso_weekday);
    case 'V':
      return ReadInRange(text, at, 2, 1, 53, fields.iso_week);
    case 'w':
      return ReadInRange(text, at, 1, 0, 6, fields.weekday);
    case 'Y':
      return ReadSignedNumber(text, at, step.number_follows ? 4 : kAnyWidth, fields.year);
    case 'y':
      return ReadTwoDigitYear(text, at, fields.year, fields);
    case 'Z':
    case 'z':
      return ReadRubyZone(text, at, fields);
    default:
      return false;
  }
}

bool StrptimeFormat::Parse(std::string_view text, TimeFields& fields) const {
  size_t at = 0;
  for (const Step& step : steps_) {
    if (step.code == '\'') {
      const auto literal = std::string_view(literals_).substr(step.literal_at, step.literal_size);
      if (text.substr(std::min(at, text.size()), literal.size()) != literal) return false;
      at += literal.size();
    } else if (step.code == ' ') {
      while (IsSpace(At(text, at))) ++at;
    } else if (!(dialect_ == Dialect::kGem ? ParseGemStep(step, text, at, fields)
                                           : ParseRubyStep(step, text, at, fields))) {
      return false;
    }
  }
  fields.leftover = text.substr(std::min(at, text.size()));
  if (fields.century) {
    if (fields.iso_year) *fields.iso_year += *fields.century * 100;
    if (fields.year) *fields.year += *fields.century * 100;
  }
  if (fields.meridian != TimeFields::kUnset && fields.hour != TimeFields::kUnset) {
    fields.hour = fields.hour % 12 + fields.meridian;
  }
  return true;
}

std::optional<int32_t> ZoneOffsetFromName(std::string_view zone) {
  const auto two = [&](size_t at) { return (zone[at] - '0') * 10 + zone[at + 1] - '0'; };
  const auto digits = [&](size_t at) { return IsDigit(At(zone, at)) && IsDigit(At(zone, at + 1)); };
  if (!zone.empty() && (zone[0] == '+' || zone[0] == '-') && digits(1)) {
    const int sign = zone[0] == '-' ? -1 : 1;
    if (zone.size() == 3) return sign * two(1) * 3600;
    const size_t colon = zone[3] == ':' ? 1 : 0;
    if (!digits(3 + colon)) return std::nullopt;
    const int32_t offset = (two(1) * 60 + two(3 + colon)) * 60;
    if (zone.size() == 5 + colon) return sign * offset;
    const bool seconds =
        zone.size() == 7 + 2 * colon && (colon == 0 || zone[6] == ':') && digits(5 + 2 * colon);
    if (!seconds) return std::nullopt;
    return sign * (offset + two(5 + 2 * colon));
  }
  if (zone.size() == 1 && IsAlpha(zone[0])) {  // military letters; J is local time
    const char letter = static_cast<char>(LowerAscii(zone[0]));
    if (letter == 'z') return 0;
    if (letter <= 'i') return (letter - 'a' + 1) * 3600;
    if (letter >= 'k' && letter <= 'm') return (letter - 'k' + 10) * 3600;
    if (letter >= 'n' && letter <= 'y') return -(letter - 'n' + 1) * 3600;
    return std::nullopt;
  }
  constexpr std::pair<std::string_view, int> kNames[] = {
      {"UTC", 0},  {"UT", 0},   {"GMT", 0},  {"EST", -5}, {"EDT", -4}, {"CST", -6},
      {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
  for (const auto& [name, hours] : kNames) {
    if (zone.size() == name.size() && StartsWithIgnoringCase(zone, 0, name)) return hours * 3600;
  }
  return std::nullopt;
}

}  // namespace tailrace::text
