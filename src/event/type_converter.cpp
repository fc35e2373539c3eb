// SPDX-License-Identifier: Apache-2.0
#include "event/type_converter.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "event/json_writer.h"
#include "event/value.h"
#include "text/charset.h"
#include "text/time_zone.h"
#include "text/utf8.h"

namespace tailrace {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The digits that String#to_i sees, without underscores and leading zeros, sign first.
std::string_view IntegerDigits(std::string_view text, Arena& arena) {
  size_t at = 0;
  while (at < text.size() && IsBlank(text[at])) ++at;
  const bool negative = at < text.size() && text[at] == '-';
  if (negative || (at < text.size() && text[at] == '+')) ++at;
  const size_t room = text.size() - at + 2;
  char* const begin = arena.Allocate(room);
  char* out = begin;
  if (negative) *out++ = '-';
  char* const digits = out;
  for (; at < text.size(); ++at) {
    if (text[at] == '_' && at + 1 < text.size() && IsDigit(text[at + 1]) && at > 0 &&
        IsDigit(text[at - 1])) {
      continue;
    }
    if (!IsDigit(text[at])) break;
    if (out == digits + 1 && *digits == '0') --out;
    *out++ = text[at];
  }
  if (out == digits || (out == digits + 1 && *digits == '0')) {
    *begin = '0';
    out = begin + 1;
  }
  const auto size = static_cast<size_t>(out - begin);
  arena.Shrink(room, size);
  return {begin, size};
}

// The longest beginning of `text` that String#to_f reads, without underscores, in `scratch`.
double FloatPrefix(std::string_view text, std::string& scratch) {
  scratch.clear();
  size_t at = 0;
  const auto peek = [&](size_t i) { return i < text.size() ? text[i] : '\0'; };
  const auto digits = [&] {
    const size_t before = scratch.size();
    while (IsDigit(peek(at)) ||
           (peek(at) == '_' && scratch.size() > before && IsDigit(peek(at + 1)))) {
      if (text[at] != '_') scratch += text[at];
      ++at;
    }
    return scratch.size() > before;
  };
  while (at < text.size() && IsBlank(text[at])) ++at;
  if (peek(at) == '-' || peek(at) == '+') {
    if (text[at] == '-') scratch += '-';
    ++at;
  }
  const size_t number = scratch.size();
  digits();
  if (peek(at) == '.' && IsDigit(peek(at + 1))) {
    if (scratch.size() == number) scratch += '0';
    scratch += '.';
    ++at;
    digits();
  }
  if (scratch.size() == number) return 0;
  if (peek(at) == 'e' || peek(at) == 'E') {
    const bool sign = peek(at + 1) == '-' || peek(at + 1) == '+';
    if (IsDigit(peek(at + (sign ? 2 : 1)))) {
      scratch += 'e';
      if (sign) scratch += text[at + 1];
      at += sign ? 2 : 1;
      digits();
    }
  }
  return std::strtod(scratch.c_str(), nullptr);
}

// An integer of any size as digits.
Value TruncatedFloat(double number, Arena& arena) {
  number = std::trunc(number);
  if (number == 0) return Value::Of(Kind::kNumber, "0");
  constexpr size_t kRoom = 330;  // the digits of the largest double
  char* const out = arena.Allocate(kRoom);
  const auto end = std::to_chars(out, out + kRoom, number, std::chars_format::fixed, 0);
  const auto size = static_cast<size_t>(end.ptr - out);
  arena.Shrink(kRoom, size);
  return Value::Of(Kind::kNumber, {out, size});
}

constexpr std::array<std::string_view, 4> kTimeTypes = {"string", "unixtime", "float", "mixed"};
constexpr std::array<text::TimeType, 4> kTimeTypeValues = {
    text::TimeType::kString, text::TimeType::kUnixtime, text::TimeType::kFloat,
    text::TimeType::kMixed};

// time[:timezone][:format], where the format may be the name of a time type.
text::TimeOptions TimeOptionsOf(std::string_view option, bool given,
                                const text::TimeOptions& defaults) {
  text::TimeOptions options = defaults;
  options.type = text::TimeType::kString;
  options.format.reset();
  options.timezone.reset();
  if (!given) return options;
  const size_t colon = option.find(':');
  const std::string_view zone = option.substr(0, colon);
  if (text::TimeZone::FromParameter(zone)) {
    options.timezone = std::string(zone);
    if (colon != std::string_view::npos) options.format = std::string(option.substr(colon + 1));
  } else {
    options.format = std::string(option);
  }
  const auto type = std::find(kTimeTypes.begin(), kTimeTypes.end(), options.format.value_or(""));
  if (type != kTimeTypes.end()) {
    options.type = kTimeTypeValues[static_cast<size_t>(type - kTimeTypes.begin())];
    options.format.reset();
  }
  return options;
}

}  // namespace

Result<TypeConverter> TypeConverter::Create(std::string_view key, std::string_view definition,
                                            const text::TimeOptions& defaults, text::Clock clock) {
  static constexpr std::pair<std::string_view, Type> kTypes[] = {
      {"string", Type::kString}, {"integer", Type::kInteger}, {"float", Type::kFloat},
      {"bool", Type::kBool},     {"time", Type::kTime},       {"array", Type::kArray}};
  const size_t colon = definition.find(':');
  const bool has_option = colon != std::string_view::npos;
  const std::string_view name = definition.substr(0, colon);
  const std::string_view option = has_option ? definition.substr(colon + 1) : std::string_view();
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes),
                                   [&](const auto& entry) { return entry.first == name; });
  if (found == std::end(kTypes)) {
    return Fail("unknown value conversion for key:'" + std::string(key) + "', type:'" +
                std::string(name) + "' (known: string, integer, float, bool, time, array)");
  }
  TypeConverter converter;
  converter.key_ = std::string(key);
  converter.type_ = found->second;
  if (found->second == Type::kArray) converter.delimiter_ = has_option ? std::string(option) : ",";
  if (found->second == Type::kTime) {
    auto parser =
        text::TimeParser::Create(TimeOptionsOf(option, has_option, defaults), std::move(clock));
    if (!parser) return tl::unexpected(parser.error());
    converter.time_parser_.emplace(std::move(*parser));
  }
  return converter;
}

Value TypeConverter::Convert(const Value& value, Arena& arena) {
  switch (type_) {
    case Type::kString:
      return value.is_string() ? value : Value::Text(ToText(value, arena));
    case Type::kInteger:
      return ToRubyInteger(value, arena);
    case Type::kFloat:
      return ToRubyFloat(value, arena);
    case Type::kBool: {
      scratch_.clear();
      text::AppendLowerCase(ToText(value, arena), scratch_);
      return Value::Bool(scratch_ == "true" || scratch_ == "yes" || scratch_ == "1");
    }
    case Type::kTime:
      return ToTime(value, arena);
    case Type::kArray:
      return ToArray(value, arena);
  }
  return value;
}

Value TypeConverter::ToTime(const Value& value, Arena& arena) {
  EventTime time;
  bool read = false;
  if (value.is_string()) {
    read = time_parser_->Parse(ToText(value, arena), time);
  } else if (const auto integer = ToInteger(value); integer && IsInteger(value)) {
    read = time_parser_->Parse(*integer, time);
  } else if (const auto number = ToDouble(value)) {
    read = time_parser_->Parse(*number, time);
  }
  return read ? TimeValue(time, arena) : Value{};
}

Value TypeConverter::ToArray(const Value& value, Arena& arena) {
  std::string_view text = ToText(value, arena);
  if (!text::IsValidUtf8(text)) {
    scratch_.clear();
    text::AppendScrubbed(text, "?", scratch_);
    text = arena.Store(scratch_);
  }
  return SplitText(text, delimiter_, arena);
}

Value ToRubyInteger(const Value& value, Arena& arena) {
  if (value.kind == Kind::kNumber) {
    if (IsInteger(value)) return value;
    const auto number = ToDouble(value);
    if (!number || !std::isfinite(*number)) return Value::Of(Kind::kNumber, "0");
    return TruncatedFloat(*number, arena);
  }
  if (value.kind == Kind::kTime) return IntegerValue(TimeOf(value).sec, arena);
  return Value::Of(Kind::kNumber, IntegerDigits(ToText(value, arena), arena));
}

Value ToRubyFloat(const Value& value, Arena& arena) {
  if (value.kind == Kind::kSpecial) return value;
  if (value.kind == Kind::kNumber) {
    return DoubleValue(ToDouble(value).value_or(0), arena);
  }
  if (value.kind == Kind::kTime) {
    const EventTime time = TimeOf(value);
    return DoubleValue(static_cast<double>(time.sec) + time.nsec / 1e9, arena);
  }
  static thread_local std::string scratch;
  return DoubleValue(FloatPrefix(ToText(value, arena), scratch), arena);
}

Value SplitText(std::string_view text, std::string_view delimiter, Arena& arena) {
  static thread_local std::vector<Value> parts;
  parts.clear();
  if (delimiter == " ") {
    for (size_t at = 0; at < text.size();) {
      while (at < text.size() && (IsBlank(text[at]) || text[at] == '\0')) ++at;
      const size_t begin = at;
      while (at < text.size() && !IsBlank(text[at]) && text[at] != '\0') ++at;
      if (at > begin) parts.push_back(Value::Text(text.substr(begin, at - begin)));
    }
  } else if (delimiter.empty()) {
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::max<size_t>(text::ReadUtf8(text, at).size, 1);
      parts.push_back(Value::Text(text.substr(at, size)));
      at += size;
    }
  } else {
    size_t at = 0;
    for (size_t found = text.find(delimiter); found != std::string_view::npos;
         found = text.find(delimiter, at)) {
      parts.push_back(Value::Text(text.substr(at, found - at)));
      at = found + delimiter.size();
    }
    parts.push_back(Value::Text(text.substr(at)));
  }
  while (!parts.empty() && parts.back().size == 0) parts.pop_back();
  return json::ArrayOf(parts, arena);
}

}  // namespace tailrace
