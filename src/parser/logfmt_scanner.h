// SPDX-License-Identifier: Apache-2.0
#pragma once
// The pairs of a logfmt line (https://brandur.org/logfmt), as views.

#include <string_view>

namespace tailrace::parser {

struct LogfmtPair {
  std::string_view key;
  std::string_view value;  // between its quotes, escapes as written
  bool has_value = false;
  bool quoted = false;
  bool has_escape = false;  // the quoted value has a backslash
};

class LogfmtScanner {
 public:
  explicit LogfmtScanner(std::string_view line) : line_(line) {}
  // False at the end.
  bool Next(LogfmtPair* pair);

 private:
  std::string_view line_;
  size_t at_ = 0;
};

// Whether the text is a number as JSON writes it.
bool IsJsonNumber(std::string_view text);

}  // namespace tailrace::parser
