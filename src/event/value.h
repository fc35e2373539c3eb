// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading and making single values: what filters, parsers and formatters need beyond copying.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tailrace/arena.h"
#include "tailrace/batch.h"

namespace tailrace {

// The bytes of a string value as Ruby would have them; for other kinds what to_s gives: "" for nil,
// "true", numbers as Ruby prints them, Hash#inspect / Array#inspect (Ruby 3.4) for nested values.
// The result points into the value or into the arena.
std::string_view ToText(const Value& value, Arena& arena);

// Numbers; nothing if the value is not a number that fits.
std::optional<int64_t> ToInteger(const Value& value);
std::optional<double> ToDouble(const Value& value);
// True for a number that Ruby would read as Integer: no point, no exponent.
bool IsInteger(const Value& value);

// New values, bytes in the arena.
Value IntegerValue(int64_t number, Arena& arena);
Value UnsignedValue(uint64_t number, Arena& arena);
// As Ruby prints a Float: shortest digits that read back, "1.0", "1.0e+20"; kSpecial where JSON has
// no such number.
Value DoubleValue(double number, Arena& arena);
Value TimeValue(EventTime time, Arena& arena);
EventTime TimeOf(const Value& value);  // kind must be kTime

// Ruby's truth: everything but nil and false.
inline bool Truthy(const Value& value) {
  return value.kind != Kind::kNull && value.kind != Kind::kFalse;
}
// Same kind of thing and same content, as Ruby's == has it (1 == 1.0, strings by bytes, nested
// deep).
bool Equal(const Value& a, const Value& b, Arena& scratch);

}  // namespace tailrace
