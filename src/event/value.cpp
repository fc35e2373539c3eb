// SPDX-License-Identifier: Apache-2.0
#include "event/value.h"

#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "event/json.h"
#include "event/ruby_text.h"

namespace tailrace {
namespace {

Value StoredNumber(std::string_view text, Arena& arena) {
  return Value::Of(Kind::kNumber, arena.Store(text));
}

template <typename Integer>
Value IntegerText(Integer number, Arena& arena) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return StoredNumber({text, static_cast<size_t>(end - text)}, arena);
}

std::string_view SpecialText(const Value& value) { return value.bytes(); }

bool EqualStrings(const Value& a, const Value& b, Arena& scratch) {
  return ToText(a, scratch) == ToText(b, scratch);
}

bool EqualNumbers(const Value& a, const Value& b) {
  if (a.bytes() == b.bytes()) return true;
  if (IsInteger(a) && IsInteger(b)) {
    const auto left = ToInteger(a);
    const auto right = ToInteger(b);
    if (left && right) return *left == *right;
    if (left || right) return false;
    // Both beyond 64 bits, written differently: JSON has no leading zeros, so they differ.
    return false;
  }
  const auto left = ToDouble(a);
  const auto right = ToDouble(b);
  return left && right && *left == *right;
}

bool EqualArrays(const Value& a, const Value& b, Arena& scratch) {
  json::ElementCursor left(a.bytes());
  json::ElementCursor right(b.bytes());
  Value x;
  Value y;
  while (true) {
    const bool more = left.Next(&x);
    if (more != right.Next(&y)) return false;
    if (!more) return true;
    if (!Equal(x, y, scratch)) return false;
  }
}

std::vector<Field> MembersOf(const Value& object, Arena& scratch) {
  std::vector<Field> members;
  json::ForEachMember(object.bytes(), scratch, [&](const Field& field) {
    members.push_back(field);
    return true;
  });
  return members;
}

// Ruby's Hash#== does not look at the order.
bool EqualObjects(const Value& a, const Value& b, Arena& scratch) {
  const std::vector<Field> left = MembersOf(a, scratch);
  const std::vector<Field> right = MembersOf(b, scratch);
  if (left.size() != right.size()) return false;
  for (const Field& field : left) {
    const Field* other = nullptr;
    for (const Field& candidate : right) {
      if (candidate.key() == field.key()) other = &candidate;
    }
    if (other == nullptr || !Equal(field.value(), other->value(), scratch)) return false;
  }
  return true;
}

}  // namespace

std::string_view ToText(const Value& value, Arena& arena) {
  switch (value.kind) {
    case Kind::kNull:
      return {};
    case Kind::kTrue:
      return "true";
    case Kind::kFalse:
      return "false";
    case Kind::kText:
    case Kind::kClean:
      return value.bytes();
    case Kind::kEscaped:
      return json::Unescape(value.bytes(), arena);
    case Kind::kSpecial:
      return SpecialText(value);
    case Kind::kNumber:
      if (IsInteger(value) && value.bytes() != "-0") return value.bytes();
      break;
    default:
      break;
  }
  std::string text;
  ruby::AppendInspect(value, arena, text);
  return arena.Store(text);
}

bool IsInteger(const Value& value) {
  return value.kind == Kind::kNumber &&
         value.bytes().find_first_of(".eE") == std::string_view::npos;
}

std::optional<int64_t> ToInteger(const Value& value) {
  if (value.kind != Kind::kNumber) return std::nullopt;
  const char* const end = value.data + value.size;
  if (IsInteger(value)) {
    int64_t number = 0;
    const auto [at, error] = std::from_chars(value.data, end, number);
    if (error != std::errc() || at != end) return std::nullopt;
    return number;
  }
  const auto number = ToDouble(value);
  // 2^63 is the first double that does not fit.
  if (!number || !(*number >= -0x1p63 && *number < 0x1p63)) return std::nullopt;
  return static_cast<int64_t>(*number);
}

std::optional<double> ToDouble(const Value& value) {
  if (value.kind == Kind::kSpecial) {
    if (value.bytes() == "NaN") return std::nan("");
    return value.bytes().front() == '-' ? -HUGE_VAL : HUGE_VAL;
  }
  if (value.kind != Kind::kNumber) return std::nullopt;
  double number = 0;
  const auto [at, error] = std::from_chars(value.data, value.data + value.size, number);
  if (error == std::errc::result_out_of_range) return ruby::OutOfRange(value.bytes());
  if (error != std::errc() || at != value.data + value.size) return std::nullopt;
  return number;
}

Value IntegerValue(int64_t number, Arena& arena) { return IntegerText(number, arena); }
Value UnsignedValue(uint64_t number, Arena& arena) { return IntegerText(number, arena); }

Value DoubleValue(double number, Arena& arena) {
  if (std::isnan(number)) return Value::Of(Kind::kSpecial, "NaN");
  if (std::isinf(number)) return Value::Of(Kind::kSpecial, number < 0 ? "-Infinity" : "Infinity");
  std::string text;
  ruby::AppendFloat(number, text);
  return StoredNumber(text, arena);
}

Value TimeValue(EventTime time, Arena& arena) {
  char* bytes = arena.Allocate(16);
  const int64_t nsec = time.nsec;
  std::memcpy(bytes, &time.sec, 8);
  std::memcpy(bytes + 8, &nsec, 8);
  return Value::Of(Kind::kTime, {bytes, 16});
}

EventTime TimeOf(const Value& value) {
  EventTime time;
  int64_t nsec;
  std::memcpy(&time.sec, value.data, 8);
  std::memcpy(&nsec, value.data + 8, 8);
  time.nsec = static_cast<int32_t>(nsec);
  return time;
}

bool Equal(const Value& a, const Value& b, Arena& scratch) {
  if (a.is_string() || b.is_string()) {
    return a.is_string() && b.is_string() && EqualStrings(a, b, scratch);
  }
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kNumber:
      return EqualNumbers(a, b);
    case Kind::kSpecial:
      return a.bytes() == b.bytes() && a.bytes() != "NaN";
    case Kind::kArray:
      return EqualArrays(a, b, scratch);
    case Kind::kObject:
      return EqualObjects(a, b, scratch);
    case Kind::kTime:
      return TimeOf(a) == TimeOf(b);
    default:
      return true;
  }
}

}  // namespace tailrace
