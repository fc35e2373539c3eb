// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values as Ruby 3.4 writes them: Float#to_s, String#inspect, Array#inspect, Hash#inspect.

#include <optional>
#include <string>
#include <string_view>

#include "tailrace/arena.h"
#include "tailrace/batch.h"

namespace tailrace::ruby {

// Shortest digits that read back: "1.0", "0.0001", "1.0e-05", "1.0e+20". Finite numbers only.
void AppendFloat(double number, std::string& out);

// A string in double quotes as Ruby's inspect shows one that is tagged UTF-8.
void AppendQuoted(std::string_view raw, std::string& out);

// Any value as `inspect` shows it: nil, true, 1.0, "text", [1, nil], {"a" => 1}.
void AppendInspect(const Value& value, Arena& scratch, std::string& out);

// What a valid JSON number that no double can hold reads as: 0.0 or an infinity.
double OutOfRange(std::string_view number);

}  // namespace tailrace::ruby
