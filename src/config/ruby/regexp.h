// SPDX-License-Identifier: Apache-2.0
#pragma once
// A regular expression with exactly Ruby's meaning, for embedded expressions and for checking the
// patterns of a configuration. Immutable; Search may run on several threads.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tailrace::config {

class RubyRegexp {
 public:
  // Null and an explanation when the pattern is not valid.
  static std::shared_ptr<const RubyRegexp> Compile(std::string_view source, bool ignore_case,
                                                   bool multi_line, std::string* error,
                                                   bool extended = false);
  ~RubyRegexp();
  RubyRegexp(const RubyRegexp&) = delete;
  RubyRegexp& operator=(const RubyRegexp&) = delete;

  // Byte ranges of the whole match and of its groups; -1 for a group that took no part.
  struct Match {
    std::vector<std::pair<int, int>> groups;
  };
  // The first match that begins at or after `from`.
  bool Search(std::string_view text, size_t from, Match* match) const;

  const std::string& source() const { return source_; }
  const std::string& options() const { return options_; }
  // Names of the named groups with their numbers.
  const std::vector<std::pair<std::string, int>>& names() const { return names_; }

 private:
  RubyRegexp() = default;
  std::string source_;
  std::string options_;  // "i", "m", "x" as given
  std::vector<std::pair<std::string, int>> names_;
  void* regex_ = nullptr;  // an Oniguruma regex_t, owned
};

}  // namespace tailrace::config
