// SPDX-License-Identifier: Apache-2.0
#pragma once
// A regular expression as a value of the expression language. The engine keeps scratch space, so an
// object belongs to one thread, as the program that it is part of does.

#include <memory>
#include <string>
#include <string_view>

#include "tailrace/result.h"
#include "text/regex.h"

namespace tailrace::config {

class RubyRegexp {
 public:
  // `options` is any of "i", "m", "x".
  static Result<std::shared_ptr<const RubyRegexp>> Compile(std::string_view source,
                                                           std::string_view options);
  RubyRegexp(text::Regex regex, std::string source, std::string options)
      : regex_(std::move(regex)), source_(std::move(source)), options_(std::move(options)) {}

  const text::Regex& regex() const { return regex_; }
  const std::string& source() const { return source_; }
  const std::string& options() const { return options_; }

 private:
  text::Regex regex_;
  std::string source_;
  std::string options_;  // in Ruby's order: m, i, x
};

}  // namespace tailrace::config
