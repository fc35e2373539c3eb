// SPDX-License-Identifier: Apache-2.0
#pragma once
// `types` of <parse>: `key:type[:option]`, with Ruby's conversions. The same conversions serve
// whoever turns text into values as Fluentd does.

#include <optional>
#include <string>
#include <string_view>

#include "tailrace/arena.h"
#include "tailrace/batch.h"
#include "tailrace/result.h"
#include "text/time_format.h"

namespace tailrace {

class TypeConverter {
 public:
  // `definition` is `integer`, `array:;`, `time:Asia/Tokyo:%Y-%m-%d` ...; `defaults` are the time
  // parameters of the section. An unknown type is an error in Fluentd's words.
  static Result<TypeConverter> Create(std::string_view key, std::string_view definition,
                                      const text::TimeOptions& defaults, text::Clock clock);

  const std::string& key() const { return key_; }
  // New bytes are in the arena. `value` is neither null nor false: those are never converted.
  Value Convert(const Value& value, Arena& arena);

 private:
  enum class Type : uint8_t { kString, kInteger, kFloat, kBool, kTime, kArray };

  TypeConverter() = default;
  Value ToTime(const Value& value, Arena& arena);
  Value ToArray(const Value& value, Arena& arena);

  std::string key_;
  Type type_ = Type::kString;
  std::string delimiter_;
  std::optional<text::TimeParser> time_parser_;
  std::string scratch_;
};

// String#to_i / #to_f of any value (`v.to_i rescue v.to_s.to_i`), with all their digits.
Value ToRubyInteger(const Value& value, Arena& arena);
Value ToRubyFloat(const Value& value, Arena& arena);
// String#split with a text: trailing empty parts are left out, " " splits at runs of blanks, "" at
// every character. An array in the arena.
Value SplitText(std::string_view text, std::string_view delimiter, Arena& arena);

}  // namespace tailrace
