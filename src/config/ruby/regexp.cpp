// SPDX-License-Identifier: Apache-2.0
#include "config/ruby/regexp.h"

#include <utility>

namespace tailrace::config {

Result<std::shared_ptr<const RubyRegexp>> RubyRegexp::Compile(std::string_view source,
                                                              std::string_view options) {
  auto given = [&](char option) { return options.find(option) != std::string_view::npos; };
  text::RegexOptions flags;
  flags.ignore_case = given('i');
  flags.multiline = given('m');
  flags.extended = given('x');
  flags.match_invalid_utf8_as_bytes = true;
  auto regex = text::Regex::Compile(source, flags);
  if (!regex) return tl::unexpected(regex.error());
  std::string ordered;
  for (const char option : std::string_view("mix")) {
    if (given(option)) ordered.push_back(option);
  }
  return std::make_shared<const RubyRegexp>(std::move(*regex), std::string(source),
                                            std::move(ordered));
}

}  // namespace tailrace::config
