// SPDX-License-Identifier: Apache-2.0
#include "config/casts.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <limits>

#include "config/element.h"
#include "text/regex.h"

namespace tailrace::config {
namespace {

using params::Cast;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
char Lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

std::string Quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n\f\v");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n\f\v") - begin + 1);
}

struct Unit {
  char letter;
  double factor;
};

// Fluentd looks for digits directly before a unit letter, anywhere in the text, one unit after the
// other. Returns the digits, or nothing.
std::optional<std::string_view> DigitsBefore(std::string_view text, char unit, bool any_case) {
  for (size_t i = 1; i < text.size(); ++i) {
    const char c = any_case ? Lower(text[i]) : text[i];
    if (c != unit || !IsDigit(text[i - 1])) continue;
    size_t begin = i;
    while (begin > 0 && IsDigit(text[begin - 1])) --begin;
    return text.substr(begin, i - begin);
  }
  return std::nullopt;
}

// What a person means by "1.5 h": a number and a unit word. Nothing if it is not of that form.
std::optional<double> PlainReading(std::string_view text, double (*factor)(std::string_view unit)) {
  size_t consumed = 0;
  const double number = LeadingFloat(text, &consumed);
  if (consumed == 0) return std::nullopt;
  std::string unit(Trim(text.substr(consumed)));
  std::transform(unit.begin(), unit.end(), unit.begin(), Lower);
  const double scale = factor(unit);
  if (scale == 0) return std::nullopt;
  return number * scale;
}

double SizeFactor(std::string_view unit) {
  static constexpr std::array<Unit, 4> kUnits = {
      {{'k', 1024.0}, {'m', 1048576.0}, {'g', 1073741824.0}, {'t', 1099511627776.0}}};
  if (unit.empty() || unit == "b") return 1;
  if (unit != unit.substr(0, 1) && unit.substr(1) != "b" && unit.substr(1) != "ib") return 0;
  for (const auto& known : kUnits) {
    if (unit[0] == known.letter) return known.factor;
  }
  return 0;
}

double TimeFactor(std::string_view unit) {
  struct Word {
    std::string_view word;
    double factor;
  };
  static constexpr std::array<Word, 24> kWords = {
      {{"", 1},         {"s", 1},       {"sec", 1},       {"secs", 1},      {"second", 1},
       {"seconds", 1},  {"ms", 1e-3},   {"msec", 1e-3},   {"us", 1e-6},     {"ns", 1e-9},
       {"m", 60},       {"min", 60},    {"mins", 60},     {"minute", 60},   {"minutes", 60},
       {"h", 3600},     {"hour", 3600}, {"hours", 3600},  {"d", 86400},     {"day", 86400},
       {"days", 86400}, {"w", 604800},  {"week", 604800}, {"weeks", 604800}}};
  for (const auto& known : kWords) {
    if (unit == known.word) return known.factor;
  }
  return 0;
}

bool SameNumber(double a, double b) {
  return a == b || std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

std::string Number(double value) {
  if (value == std::floor(value) && std::abs(value) < 1e15) {
    return std::to_string(static_cast<int64_t>(value));
  }
  return FloatText(value);
}

// Whole numbers go up to int64 here; Fluentd's have no end.
bool FitInteger(const IntegerText& read, int64_t* out, Cast& cast) {
  if (!read.fits) return cast.Fail("the number " + read.digits + " is too large");
  *out = read.value;
  return true;
}

// Splits at commas with the blanks around them, and drops empty items at the end.
std::vector<std::string> SplitAtCommas(std::string_view text) {
  std::vector<std::string> items;
  text = Trim(text);
  size_t begin = 0;
  while (begin <= text.size()) {
    size_t end = text.find(',', begin);
    if (end == std::string_view::npos) end = text.size();
    std::string_view item = text.substr(begin, end - begin);
    if (begin > 0) item.remove_prefix(std::min(item.find_first_not_of(" \t\r\n\f\v"), item.size()));
    if (end < text.size()) {
      const size_t last = item.find_last_not_of(" \t\r\n\f\v");
      item = item.substr(0, last == std::string_view::npos ? 0 : last + 1);
    }
    items.emplace_back(item);
    begin = end + 1;
  }
  while (!items.empty() && items.back().empty()) items.pop_back();
  return items;
}

bool ParseJsonOf(std::string_view text, Value* out, Cast& cast) {
  JsonError error;
  if (ParseJson(text, out, &error)) return true;
  return cast.Fail("invalid JSON: " + error.message + " at character " +
                   std::to_string(error.offset + 1) + " of the value");
}

}  // namespace

Value AttributeValue(const Attribute& attribute) {
  if (attribute.kind == ValueKind::kText) return Value(attribute.text);
  Value value;
  if (attribute.kind == ValueKind::kTyped) ParseJson(attribute.text, &value);
  return value;
}

std::string SizeText(int64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"bytes", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  int64_t amount = bytes;
  while (unit + 1 < kUnits.size() && amount >= 1024 && amount % 1024 == 0) {
    amount /= 1024;
    ++unit;
  }
  std::string text = std::to_string(amount) + " " + kUnits[unit];
  return unit == 0 ? text : text + " (" + std::to_string(bytes) + " bytes)";
}

std::string SecondsText(double seconds) {
  for (const auto& [letter, factor] : {Unit{'d', 86400}, Unit{'h', 3600}, Unit{'m', 60}}) {
    const double amount = seconds / factor;
    if (amount >= 1 && amount == std::floor(amount)) {
      return Number(amount) + " " + letter + " (" + Number(seconds) + " s)";
    }
  }
  return Number(seconds) + " s";
}

bool CastInteger(const Value& in, int64_t* out, Cast& cast) {
  if (in.Is<int64_t>()) {
    *out = in.Get<int64_t>();
    return true;
  }
  if (in.Is<double>()) {
    const double number = in.Get<double>();
    if (!(std::abs(number) < 9.2e18)) return cast.Fail("the number is too large");
    *out = static_cast<int64_t>(number);
    return true;
  }
  if (in.Is<BigInteger>()) return cast.Fail("the number " + ToText(in) + " is too large");
  if (!in.IsText()) return cast.Fail("expected an integer, but got " + std::string(in.ClassName()));
  const std::string& text = in.text();
  if (cast.strict) {
    return WholeInteger(text, out) || cast.Fail(Quoted(text) + " is not an integer");
  }
  const IntegerText read = LeadingInteger(text);
  const bool all = read.consumed > 0 && Trim(text.substr(read.consumed)).empty();
  if (!all) cast.remarks.push_back({Quoted(text) + " is read as " + read.digits, "write a number"});
  return FitInteger(read, out, cast);
}

bool CastFloat(const Value& in, double* out, Cast& cast) {
  if (in.Is<int64_t>()) {
    *out = static_cast<double>(in.Get<int64_t>());
    return true;
  }
  if (in.Is<double>()) {
    *out = in.Get<double>();
    return true;
  }
  if (!in.IsText() && !in.Is<BigInteger>()) {
    return cast.Fail("expected a number, but got " + std::string(in.ClassName()));
  }
  const std::string text = ToText(in);
  if (cast.strict) return WholeFloat(text, out) || cast.Fail(Quoted(text) + " is not a number");
  size_t consumed = 0;
  *out = LeadingFloat(text, &consumed);
  const std::string_view rest = Trim(std::string_view(text).substr(consumed));
  if (consumed == 0 || (!rest.empty() && rest != ".")) {
    cast.remarks.push_back({Quoted(text) + " is read as " + FloatText(*out), "write a number"});
  }
  return true;
}

bool CastSize(const Value& in, int64_t* bytes, Cast& cast) {
  const std::string text = ToText(in);
  static constexpr std::array<std::pair<char, int>, 4> kShifts = {
      {{'k', 10}, {'m', 20}, {'g', 30}, {'t', 40}}};
  bool found = false;
  for (const auto& [letter, shift] : kShifts) {
    const auto digits = DigitsBefore(text, letter, true);
    if (!digits) continue;
    const IntegerText read = LeadingInteger(*digits);
    if (!read.fits || read.value > (std::numeric_limits<int64_t>::max() >> shift)) {
      return cast.Fail("the size " + Quoted(text) + " is too large");
    }
    *bytes = read.value << shift;
    found = true;
    break;
  }
  if (!found && cast.strict) {
    return WholeInteger(text, bytes) || cast.Fail(Quoted(text) + " is not a size");
  }
  if (!found && !FitInteger(LeadingInteger(text), bytes, cast)) return false;
  const auto plain = PlainReading(text, SizeFactor);
  if (!plain || !SameNumber(*plain, static_cast<double>(*bytes))) {
    std::string hint = "write a whole number with k, m, g or t";
    if (plain && *plain >= 0 && *plain == std::floor(*plain) && *plain < 9e18) {
      hint = "write '" + Number(*plain) + "' for " + SizeText(static_cast<int64_t>(*plain));
    }
    cast.remarks.push_back({"the size " + Quoted(text) + " is read as " + SizeText(*bytes), hint});
  }
  return true;
}

bool CastTime(const Value& in, double* seconds, Cast& cast) {
  const std::string text = ToText(in);
  static constexpr std::array<Unit, 4> kUnits = {{{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  bool found = false;
  for (const auto& unit : kUnits) {
    const auto digits = DigitsBefore(text, unit.letter, false);
    if (!digits) continue;
    *seconds = LeadingFloat(*digits) * unit.factor;
    found = true;
    break;
  }
  if (!found && cast.strict) {
    return WholeFloat(text, seconds) || cast.Fail(Quoted(text) + " is not a time");
  }
  size_t consumed = 0;
  if (!found) *seconds = LeadingFloat(text, &consumed);
  const bool trailing_point = !found && Trim(std::string_view(text).substr(consumed)) == ".";
  const auto plain = PlainReading(text, TimeFactor);
  if (!(consumed > 0 && trailing_point) && (!plain || !SameNumber(*plain, *seconds))) {
    std::string hint = "write a number with s, m, h or d, or seconds as a plain number";
    if (plain) hint = "write '" + Number(*plain) + "' for " + SecondsText(*plain);
    cast.remarks.push_back(
        {"the time " + Quoted(text) + " is read as " + SecondsText(*seconds), hint});
  }
  return true;
}

bool CastBool(const Value& in, std::optional<bool>* out, Cast& cast) {
  const std::string text = ToText(in);
  if (text == "true" || text == "yes" || text.empty()) {
    *out = true;
  } else if (text == "false" || text == "no") {
    *out = false;
  } else if (in.IsText() && text[0] == '#') {
    *out = true;
  } else {
    out->reset();
    const std::string wrong = Quoted(text) + " is not a boolean";
    if (cast.strict) return cast.Fail(wrong);
    cast.remarks.push_back({wrong + "; it counts as not given", "write true or false"});
  }
  return true;
}

bool CastRegexp(const Value& in, RegexpLiteral* out, Cast& cast) {
  if (!in.IsText()) {
    return cast.Fail("expected a regular expression, but got " + std::string(in.ClassName()));
  }
  const std::string& text = in.text();
  *out = RegexpLiteral{text};
  if (!text.empty() && text[0] == '/') {
    const size_t slash = text.rfind('/');
    if (text.size() >= 3 && slash < text.size() - 3) {
      return cast.Fail("the regular expression " + text +
                       " does not end with a slash and at most two options");
    }
    const std::string_view options = std::string_view(text).substr(slash + 1);
    out->source = slash == 0 ? "" : text.substr(1, slash - 1);
    out->ignore_case = options.find('i') != std::string_view::npos;
    out->multi_line = options.find('m') != std::string_view::npos;
    const size_t odd = options.find_first_not_of("im");
    if (odd != std::string_view::npos) {
      cast.remarks.push_back({"the option '" + std::string(1, options[odd]) + "' of the regular " +
                                  "expression " + text + " has no effect",
                              "only i and m are known"});
    }
  }
  text::RegexOptions flags;
  flags.ignore_case = out->ignore_case;
  flags.multiline = out->multi_line;
  if (const auto compiled = text::Regex::Compile(out->source, flags); !compiled) {
    return cast.Fail("the regular expression " + text +
                     " is not valid: " + compiled.error().message);
  }
  return true;
}

bool CastArray(const Value& in, Array* out, Cast& cast) {
  if (in.IsArray()) {
    *out = in.array();
    return true;
  }
  if (!in.IsText()) return cast.Fail("expected an array, but got " + std::string(in.ClassName()));
  if (!in.text().empty() && in.text()[0] == '[') {
    Value parsed;
    if (!ParseJsonOf(in.text(), &parsed, cast)) return false;
    *out = parsed.array();
    return true;
  }
  for (auto& item : SplitAtCommas(in.text())) out->emplace_back(std::move(item));
  return true;
}

bool CastHash(const Value& in, HashItems* out, Cast& cast) {
  if (in.IsHash()) {
    *out = in.hash().items();
    return true;
  }
  if (!in.IsText()) return cast.Fail("expected a hash, but got " + std::string(in.ClassName()));
  if (!in.text().empty() && in.text()[0] == '{') {
    Value parsed;
    if (!ParseJsonOf(in.text(), &parsed, cast)) return false;
    *out = parsed.hash().items();
    return true;
  }
  HashValue items;
  for (const auto& item : SplitAtCommas(in.text())) {
    if (item.empty()) return cast.Fail("an empty item in the list " + Quoted(in.text()));
    const size_t colon = item.find(':');
    if (colon == std::string::npos) {
      cast.remarks.push_back({"the item " + Quoted(item) + " has no value", "write key:value"});
      items.Set(item, Value());
    } else {
      items.Set(item.substr(0, colon), item.substr(colon + 1));
    }
  }
  *out = items.items();
  return true;
}

}  // namespace tailrace::config
