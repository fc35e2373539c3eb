// SPDX-License-Identifier: Apache-2.0
#pragma once
// Compiled strptime formats, in the two dialects that Fluentd uses:
//  * the strptime gem (0.2), for formats made only of %Y %y %m %b %B %h %d %e %H %M %S %N %z %n,
//    blanks and text. It reads greedily, ignores what follows the last directive and lets days roll
//    over (Feb 30 is Mar 2);
//  * Ruby's Time.strptime (date library), for every other format.
//
// Compiled once; parsing allocates nothing. A compiled format is immutable and may be shared.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::text {

// What a format found in a text, before missing parts are filled in.
struct TimeFields {
  static constexpr int32_t kUnset = INT32_MIN;

  std::optional<int64_t> year;
  int32_t month = kUnset;
  int32_t day = kUnset;
  int32_t hour = kUnset;
  int32_t minute = kUnset;
  int32_t second = kUnset;
  std::optional<int64_t> nanosecond;  // signed: "%S.-5" is possible in Ruby's dialect
  int32_t year_day = kUnset;
  int32_t weekday = kUnset;  // 0..6, Sunday first
  std::optional<int64_t> iso_year;
  int32_t iso_week = kUnset;
  int32_t iso_weekday = kUnset;  // 1..7, Monday first
  int32_t sunday_week = kUnset;  // %U
  int32_t monday_week = kUnset;  // %W
  std::optional<int64_t> epoch_seconds;
  int32_t epoch_milliseconds = 0;
  std::optional<int64_t> century;
  int32_t meridian = kUnset;  // 0 or 12
  std::string_view zone;      // as written; null data() if the format has none
  bool zone_is_z = false;     // gem dialect: the letter Z
  int32_t zone_offset = 0;    // gem dialect: seconds
  std::string_view leftover;  // what follows the last directive
};

class StrptimeFormat {
 public:
  enum class Dialect : uint8_t { kGem, kRuby };

  // The gem's dialect if it knows the format, else Ruby's.
  static StrptimeFormat Compile(std::string_view format);
  static StrptimeFormat CompileRuby(std::string_view format);

  Dialect dialect() const { return dialect_; }
  const std::string& source() const { return source_; }
  // Whether `text` has this form. `fields` must be fresh.
  bool Parse(std::string_view text, TimeFields& fields) const;

 private:
  struct Step {
    char code = 0;  // a directive letter, ' ' for blanks, '\'' for literal text
    bool number_follows = false;
    uint32_t literal_at = 0;
    uint32_t literal_size = 0;
  };

  bool CompileGem(std::string_view format);
  void CompileRubySteps(std::string_view format);
  void AddLiteral(std::string_view text);
  void AddRubyDirective(std::string_view format, size_t& i);
  static bool ParseGemStep(const Step& step, std::string_view text, size_t& at, TimeFields& fields);
  static bool ParseRubyStep(const Step& step, std::string_view text, size_t& at,
                            TimeFields& fields);

  Dialect dialect_ = Dialect::kRuby;
  std::string source_;
  std::string literals_;
  std::vector<Step> steps_;
};

// "+09:00", "EST", "Z" ... as seconds east of UTC, the way Ruby's Time.strptime and Time.parse know
// zones; nothing for a name they do not know.
std::optional<int32_t> ZoneOffsetFromName(std::string_view zone);

}  // namespace tailrace::text
