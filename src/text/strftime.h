// SPDX-License-Identifier: Apache-2.0
#pragma once
// Compiled strftime formats with the meaning of Ruby's Time#strftime: every directive, the flags
// - 0 _ ^ # :, widths, and the E and O modifiers. What Ruby does not know stands in the output as
// it stands in the format.
//
// A compiled format is immutable and may be shared. Appending allocates only what the output needs.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/time.h"
#include "text/civil_time.h"
#include "text/time_zone.h"

namespace tailrace::text {

// A moment as a clock on the wall shows it.
struct WallTime {
  CivilTime civil;
  int64_t epoch_seconds = 0;
  int32_t nanosecond = 0;
  int32_t offset = 0;          // seconds east of UTC
  bool utc = false;            // Ruby's Time#utc?: %Z is UTC
  std::string_view zone_name;  // %Z otherwise; empty for a plain offset
};

class StrftimeFormat {
 public:
  static StrftimeFormat Compile(std::string_view format);

  const std::string& source() const { return source_; }
  void Append(const WallTime& time, std::string& out) const;

  // Whether the output depends on less than seconds.
  bool has_subseconds() const { return has_subseconds_; }
  // Whether the strptime gem's Strftime class knows the format. Formatters that use that class
  // directly (stdout, out_file) refuse any other in Fluentd.
  static bool GemAccepts(std::string_view format);

 private:
  struct Directive {
    char code = '\'';          // '\'' is literal text
    char padding = 0;          // '_', '0' or none
    bool left = false;         // -
    bool upper = false;        // ^
    bool change_case = false;  // #
    uint8_t colons = 0;
    int16_t width = 0;
    uint32_t literal_at = 0;
    uint32_t literal_size = 0;
  };

  bool ParseDirective(std::string_view format, size_t& i);
  void AddLiteral(std::string_view text);
  void AppendDirective(const Directive& d, const WallTime& time, std::string& out) const;
  static void AppendNumber(const Directive& d, const WallTime& time, std::string& out);

  std::string source_;
  std::string literals_;
  std::vector<Directive> directives_;
  bool has_subseconds_ = false;
};

}  // namespace tailrace::text
