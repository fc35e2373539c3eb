// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the grammar asks of whoever evaluates "#{...}".

#include <string>
#include <string_view>

#include "config/ruby/program.h"

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
  // What stands between the quotes of a double-quoted Ruby text, with its escapes and "#{}".
  virtual Result EvaluateText(std::string_view text) = 0;
};

// The one for configuration files: knows hostname, worker_id, use_nil and use_default.
class ConfigEvaluator : public RubyEvaluator {
 public:
  explicit ConfigEvaluator(ruby::Host host);
  Result Evaluate(std::string_view rest) override;
  Result EvaluateText(std::string_view text) override;

 private:
  std::string WorkerId() const;
  Result Run(const ruby::Program& program) const;
  ruby::Host host_;
};

}  // namespace tailrace::config
