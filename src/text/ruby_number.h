// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ruby's readings of numbers in text, where Fluentd relies on them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::text {

// String#to_i: blanks, a sign, digits with single underscores between; anything else ends the
// number, nothing at all is 0. No value if it does not fit in 64 bits.
std::optional<int64_t> RubyToInteger(std::string_view text);

// Whether Kernel#Float accepts the text (Ruby 3.4).
bool RubyFloatAccepts(std::string_view text);

// Float#to_s: 1.0, 1.0e+20, NaN, Infinity.
std::string RubyFloatToString(double value);

}  // namespace tailrace::text
