// SPDX-License-Identifier: Apache-2.0
#include "text/time_guess.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "text/regex.h"
#include "text/strptime_words.h"

namespace tailrace::text {
namespace {

constexpr size_t kBytesMax = 128;  // Ruby refuses longer texts
constexpr int32_t kUnset = TimeFields::kUnset;

#define TAILRACE_MONTH "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
#define TAILRACE_ERA R"(c(?:e|\.e\.)|b(?:ce|\.c\.e\.)|a(?:d|\.d\.)|b(?:c|\.c\.))"
#define TAILRACE_MERIDIAN R"([ap](?:m\b|\.m\.))"

constexpr unsigned kAlpha = 1;
constexpr unsigned kDigit = 2;
constexpr unsigned kDash = 4;
constexpr unsigned kDot = 8;
constexpr unsigned kSlash = 16;

using Text = std::optional<std::string>;

int64_t Number(std::string_view text) {
  size_t at = 0;
  const bool negative = At(text, at) == '-';
  if (negative || At(text, at) == '+') ++at;
  int64_t value = 0;
  ReadDigits(text, at, SIZE_MAX, value);
  return negative ? -value : value;
}

int32_t SmallNumber(std::string_view text) {
  return static_cast<int32_t>(std::clamp<int64_t>(Number(text), -1'000'000, 1'000'000));
}

int64_t Fraction(std::string_view digits) {
  size_t at = 0;
  int64_t nanosecond = 0;
  ReadFraction(digits, at, SIZE_MAX, nanosecond);
  return nanosecond;
}

// What is known while a text is taken apart.
struct Guessing {
  TimeFields fields;
  bool before_christ = false;
  bool short_year = true;  // a year of two digits gets a century
  std::string zone;
  bool has_zone = false;

  void SetZone(std::string_view text) {
    zone = text;
    has_zone = true;
  }
};

Text Group(const Captures& captures, size_t group) {
  if (!captures.matched(group)) return std::nullopt;
  return std::string(captures[group]);
}

bool LooksLikeYear(const Text& part) {
  return part && (part->size() > 2 || part->starts_with('\''));
}

// Decides which of three parts is the year, the month and the day of the month.
void SetDate(Guessing& guess, Text year, Text month, Text day, bool before_christ) {
  if (year && month && !day) {
    day = std::move(month);
    month = std::move(year);
    year.reset();
  }
  if (!year && LooksLikeYear(day)) std::swap(year, day);
  if (year) {  // "3rd": digits followed by something are a day
    const size_t begin = year->find_first_of("+-0123456789");
    if (begin != std::string::npos) {
      const bool sign = !IsDigit((*year)[begin]);
      const size_t end = year->find_first_not_of("0123456789", begin + (sign ? 1 : 0));
      if (end != std::string::npos) {
        Text digits = year->substr(begin, end - begin);
        year = std::move(day);
        day = std::move(digits);
      }
    }
  }
  if (LooksLikeYear(month)) {  // month/day/year
    std::swap(year, month);    // year = month, month = year
    std::swap(month, day);     // month = day, day = year
  }
  if (LooksLikeYear(day)) std::swap(year, day);
  if (year) {
    const size_t begin = std::min(year->find_first_of("+-0123456789"), year->size());
    const bool sign = begin < year->size() && !IsDigit((*year)[begin]);
    const size_t end =
        std::min(year->find_first_not_of("0123456789", begin + (sign ? 1 : 0)), year->size());
    if (sign || end - begin > 2) guess.short_year = false;
    guess.fields.year = Number(std::string_view(*year).substr(begin, end - begin));
  }
  if (before_christ) guess.before_christ = true;
  const auto digits_of = [](const std::string& part) {
    return SmallNumber(
        std::string_view(part).substr(std::min(part.find_first_of("0123456789"), part.size())));
  };
  if (month) guess.fields.month = digits_of(*month);
  if (day) guess.fields.day = digits_of(*day);
}

Text MonthDigits(const Captures& captures, size_t group) {
  size_t at = 0;
  return std::to_string(ReadName(kMonthNames, captures[group].substr(0, 3), at) + 1);
}

bool IsBeforeChrist(const Captures& captures, size_t group) {
  return captures.matched(group) && LowerAscii(captures[group][0]) == 'b';
}

void TakeWeekday(Guessing& guess, const Captures& m) {
  size_t at = 0;
  guess.fields.weekday = ReadName(kDayNames, m[1].substr(0, 3), at);
}
void TakeEuropean(Guessing& guess, const Captures& m) {
  SetDate(guess, Group(m, 4), MonthDigits(m, 2), Group(m, 1), IsBeforeChrist(m, 3));
}
void TakeAmerican(Guessing& guess, const Captures& m) {
  SetDate(guess, Group(m, 4), MonthDigits(m, 1), Group(m, 2), IsBeforeChrist(m, 3));
}
void TakeYearMonthDay(Guessing& guess, const Captures& m) {
  SetDate(guess, Group(m, 1), Group(m, 2), Group(m, 3), false);
}
void TakeDayMonthYear(Guessing& guess, const Captures& m) {
  SetDate(guess, Group(m, 3), MonthDigits(m, 2), Group(m, 1), false);
}
void TakeMonthDayYear(Guessing& guess, const Captures& m) {
  SetDate(guess, Group(m, 3), MonthDigits(m, 1), Group(m, 2), false);
}
void TakeIsoWeek(Guessing&, const Captures&) {}  // Time.parse makes nothing of week dates
void TakeMonthDay(Guessing& guess, const Captures& m) {
  if (m.matched(1)) guess.fields.month = SmallNumber(m[1]);
  if (m.matched(2)) guess.fields.day = SmallNumber(m[2]);
}
void TakeYearDay(Guessing& guess, const Captures& m) {
  guess.fields.year = Number(m[1]);
  guess.fields.year_day = SmallNumber(m[2]);
}
void TakeDayOfYear(Guessing& guess, const Captures& m) {
  guess.fields.year_day = SmallNumber(m[1]);
}
void TakeJapanese(Guessing& guess, const Captures& m) {
  const char era = LowerAscii(m[1][0]);
  const int first = era == 'm' ? 1867 : era == 't' ? 1911 : era == 's' ? 1925 : 1988;
  guess.fields.year = Number(m[2]) + first;
  guess.fields.month = SmallNumber(m[3]);
  guess.fields.day = SmallNumber(m[4]);
}
void TakeYear(Guessing& guess, const Captures& m) { guess.fields.year = Number(m[1]); }
void TakeMonth(Guessing& guess, const Captures& m) {
  guess.fields.month = static_cast<int32_t>(Number(*MonthDigits(m, 1)));
}
void TakeDay(Guessing& guess, const Captures& m) { guess.fields.day = SmallNumber(m[1]); }
void TakeBeforeChrist(Guessing& guess, const Captures&) { guess.before_christ = true; }
void TakeLoneNumber(Guessing& guess, const Captures& m) {
  TimeFields& f = guess.fields;
  const int32_t number = SmallNumber(m[1]);
  if (f.hour != kUnset && f.day == kUnset && number >= 1 && number <= 31) f.day = number;
  if (f.day != kUnset && f.hour == kUnset && number <= 24) f.hour = number;
}

// Cuts numbers of fixed width from the left or from the right of a run of digits.
class DigitRun {
 public:
  explicit DigitRun(std::string_view digits) : digits_(digits) {}
  bool empty() const { return digits_.empty(); }
  int32_t Front(size_t width) {
    const std::string_view part = digits_.substr(0, width);
    digits_.remove_prefix(part.size());
    return SmallNumber(part);
  }
  int32_t Back(size_t width) {
    const std::string_view part = digits_.substr(digits_.size() - std::min(width, digits_.size()));
    digits_.remove_suffix(part.size());
    return SmallNumber(part);
  }

 private:
  std::string_view digits_;
};

// A run of digits that ends in a fraction is read from its end: ...hhmmss.
void TakeDigitsFromEnd(Guessing& guess, std::string_view digits, int sign) {
  TimeFields& f = guess.fields;
  if (digits.size() > 8 && digits.size() % 2 != 0) return;
  DigitRun run(digits);
  f.second = run.Back(2);
  if (!run.empty()) f.minute = run.Back(2);
  if (!run.empty()) f.hour = run.Back(2);
  if (!run.empty()) f.day = run.Back(2);
  if (!run.empty()) f.month = run.Back(2);
  if (digits.size() == 12) f.year = sign * run.Back(2);
  if (digits.size() == 14) {
    f.year = sign * run.Back(4);
    guess.short_year = false;
  }
}

void TakeDigitsFromBegin(Guessing& guess, std::string_view digits, int sign) {
  TimeFields& f = guess.fields;
  DigitRun run(digits);
  switch (digits.size()) {
    case 2:
      f.day = run.Front(2);
      return;
    case 3:
      f.year_day = run.Front(3);
      return;
    case 4:
      f.month = run.Front(2);
      f.day = run.Front(2);
      return;
    case 5:
    case 7:
      f.year = sign * run.Front(digits.size() - 3);
      f.year_day = run.Front(3);
      return;
    case 6:
      f.year = sign * run.Front(2);
      f.month = run.Front(2);
      f.day = run.Front(2);
      return;
    case 8:
    case 10:
    case 12:
    case 14:
      f.year = sign * run.Front(4);
      f.month = run.Front(2);
      f.day = run.Front(2);
      if (!run.empty()) f.hour = run.Front(2);
      if (!run.empty()) f.minute = run.Front(2);
      if (!run.empty()) f.second = run.Front(2);
      guess.short_year = false;
      return;
    default:
      return;
  }
}

void TakeTimeDigits(Guessing& guess, std::string_view digits, bool from_end) {
  if (digits.size() % 2 != 0) return;
  TimeFields& f = guess.fields;
  DigitRun run(digits);
  if (from_end) {
    f.second = run.Back(2);
    if (!run.empty()) f.minute = run.Back(2);
    if (!run.empty()) f.hour = run.Back(2);
  } else {
    f.hour = run.Front(2);
    if (!run.empty()) f.minute = run.Front(2);
    if (!run.empty()) f.second = run.Front(2);
  }
}

// 20250203T040506.5+09 and shorter ones.
void TakeDigits(Guessing& guess, const Captures& m) {
  const int sign = m[1] == "-" ? -1 : 1;
  const bool has_time = m.matched(3);
  const bool has_fraction = m.matched(4);
  if (!has_time && has_fraction) {
    TakeDigitsFromEnd(guess, m[2], sign);
  } else {
    TakeDigitsFromBegin(guess, m[2], sign);
  }
  if (has_time) TakeTimeDigits(guess, m[3], has_fraction);
  if (has_fraction) guess.fields.nanosecond = Fraction(m[4]);
  if (m.matched(5)) {
    std::string_view zone = m[5];
    if (zone.starts_with('[')) {
      zone = zone.substr(1, zone.size() - 2);
      const size_t colon = zone.find(':');
      if (colon != std::string_view::npos) zone = zone.substr(colon + 1);
    }
    guess.SetZone(zone);
  }
}

struct Rule {
  unsigned needs;  // kinds of characters the text must have
  bool ignore_case;
  const char* pattern;
  void (*take)(Guessing&, const Captures&);
  const char* unless = nullptr;  // a pattern that must not match
};

// The first of these that matches gives the date.
constexpr Rule kDateRules[] = {
    {kAlpha | kDigit, true,
     R"(('?\d+)[^-\d\s]*\s*()" TAILRACE_MONTH R"()[^-\d\s']*(?:\s*()" TAILRACE_ERA
     R"()?\s*('?-?\d+(?:(?:st|nd|rd|th)\b)?))?)",
     &TakeEuropean},
    {kAlpha | kDigit, true,
     R"(\b()" TAILRACE_MONTH R"()[^-\d\s']*\s*('?\d+)[^-\d\s']*(?:\s*,?\s*()" TAILRACE_ERA
     R"()?\s*('?-?\d+))?)",
     &TakeAmerican},
    {kDigit | kDash, false, R"(('?[-+]?\d+)-(\d+)-('?-?\d+))", &TakeYearMonthDay},
    {kDigit | kDot, true, R"(\b([mtsh])(\d+)\.(\d+)\.(\d+))", &TakeJapanese},
    {kAlpha | kDigit | kDash, true, R"(('?-?\d+)-()" TAILRACE_MONTH R"()[^-/.]*-('?-?\d+))",
     &TakeDayMonthYear},
    {kAlpha | kDigit | kDash, true, R"(\b()" TAILRACE_MONTH R"()[^-/.]*-('?-?\d+)(?:-('?-?\d+))?)",
     &TakeMonthDayYear},
    {kDigit | kSlash, true, R"(('?-?\d+)/\s*('?\d+)(?:\D\s*('?-?\d+))?)", &TakeYearMonthDay},
    {kDigit | kDot, true, R"(('?-?\d+)\.\s*('?\d+)\.\s*('?-?\d+))", &TakeYearMonthDay},
    {kDigit, true, R"(\b(\d{2}|\d{4})?-?w(\d{2})(?:-?(\d))?\b)", &TakeIsoWeek},
    {kDigit, true, R"(-w-(\d)\b)", &TakeIsoWeek},
    {kDigit, false, R"(--(\d{2})?-(\d{2})\b)", &TakeMonthDay},
    {kDigit, false, R"(--(\d{2})(\d{2})?\b)", &TakeMonthDay},
    {kDigit, false, R"(\b(\d{2}|\d{4})-(\d{3})\b)", &TakeYearDay, R"([,.](\d{2}|\d{4})-\d{3}\b)"},
    {kDigit, false, R"(\b-(\d{3})\b)", &TakeDayOfYear, R"(\d-\d{3}\b)"},
    {kDigit, false, R"('(\d+)\b)", &TakeYear},
    {kAlpha, true, R"(\b()" TAILRACE_MONTH R"()\S*)", &TakeMonth},
    {kDigit, true, R"((\d+)(st|nd|rd|th)\b)", &TakeDay},
    {kDigit, true,
     R"(([-+]?)(\d{2,14})(?:\s*t?\s*(\d{2,6})?(?:[,.](\d*))?)?)"
     R"((?:\s*(z\b|[-+]\d{1,4}\b|\[[-+]?\d[^\]]*\]))?)",
     &TakeDigits},
};

constexpr Rule kWeekdayRule = {kAlpha, true, R"(\b(sun|mon|tue|wed|thu|fri|sat)[^-/\d\s]*)",
                               &TakeWeekday};
constexpr Rule kEraRule = {kAlpha, true, R"(\b(bc\b|bce\b|b\.c\.|b\.c\.e\.))", &TakeBeforeChrist};
constexpr Rule kLoneNumberRule = {kDigit, true, R"(\A\s*(\d{1,2})\s*\z)", &TakeLoneNumber};

constexpr const char* kTimePattern =
    R"(((?:\d+\s*:\s*\d+(?:\s*:\s*\d+(?:[,.]\d*)?)?|\d+\s*h(?:\s*\d+m?(?:\s*\d+s?)?)?)(?:\s*)" TAILRACE_MERIDIAN
    R"()?|\d+\s*)" TAILRACE_MERIDIAN R"()(?:\s*((?:gmt|utc?)?[-+]\d+(?:[,.:]\d+(?::\d+)?)?)"
    R"(|(?-i:[[:alpha:].\s]+)(?:standard|daylight)\stime\b|(?-i:[[:alpha:]]+)(?:\sdst)?\b))?)";
constexpr const char* kClockPattern =
    R"(\A(\d+)h?(?:\s*:?\s*(\d+)m?(?:\s*:?\s*(\d+)(?:[,.](\d+))?s?)?)?(?:\s*([ap])(?:m\b|\.m\.))?)";
// Everything that no form contains becomes a blank.
constexpr const char* kOtherPattern = R"([^-+',./:@[:alnum:]\[\]]+)";

Regex Pattern(const char* pattern, bool ignore_case) {
  return std::move(*Regex::Compile(pattern, {.ignore_case = ignore_case}));
}

unsigned KindsOf(std::string_view text) {
  unsigned kinds = 0;
  for (const char c : text) {
    if (IsAlpha(c)) kinds |= kAlpha;
    if (IsDigit(c)) kinds |= kDigit;
    if (c == '-') kinds |= kDash;
    if (c == '.') kinds |= kDot;
    if (c == '/') kinds |= kSlash;
  }
  return kinds;
}

}  // namespace

struct TimeGuesser::Impl {
  struct CompiledRule {
    explicit CompiledRule(const Rule& source)
        : rule(source), pattern(Pattern(source.pattern, source.ignore_case)) {
      if (source.unless != nullptr) unless = Pattern(source.unless, false);
    }
    Rule rule;
    Regex pattern;
    std::optional<Regex> unless;
  };

  Impl() {
    dates.reserve(std::size(kDateRules));
    for (const Rule& rule : kDateRules) dates.emplace_back(rule);
  }

  // Applies a rule; what matched becomes a blank, so that no later rule sees it again.
  bool Apply(const CompiledRule& rule) {
    if ((KindsOf(rest) & rule.rule.needs) != rule.rule.needs) return false;
    if (rule.unless && rule.unless->Matches(rest)) return false;
    if (!rule.pattern.Match(rest, captures)) return false;
    rule.rule.take(guess, captures);
    Blank();
    return true;
  }

  void Blank() {
    const auto begin = static_cast<size_t>(captures.begin(0));
    rest.replace(begin, static_cast<size_t>(captures.end(0)) - begin, " ");
  }

  void TakeTime() {
    if ((KindsOf(rest) & kDigit) == 0 || !time.Match(rest, captures)) return;
    if (captures.matched(2)) guess.SetZone(captures[2]);
    Captures clock_parts;
    if (clock.Match(captures[1], clock_parts)) {
      TimeFields& f = guess.fields;
      f.hour = SmallNumber(clock_parts[1]);
      if (clock_parts.matched(2)) f.minute = SmallNumber(clock_parts[2]);
      if (clock_parts.matched(3)) f.second = SmallNumber(clock_parts[3]);
      if (clock_parts.matched(4)) f.nanosecond = Fraction(clock_parts[4]);
      if (clock_parts.matched(5)) {
        f.hour = f.hour % 12 + (LowerAscii(clock_parts[5][0]) == 'p' ? 12 : 0);
      }
    }
    Blank();
  }

  CompiledRule weekday{kWeekdayRule};
  CompiledRule era{kEraRule};
  CompiledRule lone_number{kLoneNumberRule};
  std::vector<CompiledRule> dates;
  Regex time = Pattern(kTimePattern, true);
  Regex clock = Pattern(kClockPattern, true);
  Regex other = Pattern(kOtherPattern, false);
  Captures captures;
  Guessing guess;
  std::string rest;
};

TimeGuesser::TimeGuesser() = default;
TimeGuesser::TimeGuesser(TimeGuesser&&) noexcept = default;
TimeGuesser::~TimeGuesser() = default;

void TimeGuesser::Guess(std::string_view text, TimeFields& fields) {
  if (text.size() > kBytesMax) return;
  if (!impl_) impl_ = std::make_unique<Impl>();
  Impl& impl = *impl_;
  impl.guess = Guessing{};
  impl.rest = text;
  if (GsubExpand(impl.other, text, " ", Replace::kAll, impl.rest).invalid_utf8()) return;
  impl.Apply(impl.weekday);
  impl.TakeTime();
  for (const auto& rule : impl.dates) {
    if (impl.Apply(rule)) break;
  }
  impl.Apply(impl.era);
  impl.Apply(impl.lone_number);
  Guessing& guess = impl.guess;
  if (auto& year = guess.fields.year) {
    if (guess.before_christ) year = 1 - *year;
    if (guess.short_year && *year >= 0 && *year <= 99) *year += *year >= 69 ? 1900 : 2000;
  }
  fields = guess.fields;
  if (guess.has_zone) fields.zone = guess.zone;
}

}  // namespace tailrace::text
