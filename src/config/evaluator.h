// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the grammar asks of whoever evaluates "#{...}".

#include <string>
#include <string_view>

namespace tailrace::config {

class RubyEvaluator {
 public:
  enum class Outcome { kText, kNil, kDefault, kError };
  struct Result {
    Outcome outcome = Outcome::kError;
    std::string text;         // the text that takes the place of "#{...}"
    size_t length = 0;        // bytes of the expression, without the closing brace
    std::string error;        // why it was refused or failed
    size_t error_offset = 0;  // where in `rest`
  };

  virtual ~RubyEvaluator() = default;
  // `rest` begins after "#{" and runs to the end of the file; the expression ends before the brace
  // that closes it.
  virtual Result Evaluate(std::string_view rest) = 0;
};

}  // namespace tailrace::config
