// SPDX-License-Identifier: Apache-2.0
#pragma once
// Tag patterns of <match> and <filter>: a.*, a.**, **.c, a.{b,c}, /regex/, several separated by
// blanks. Same language as Fluentd's, corner cases included: a dot at the end of a pattern counts
// for nothing, a leading blank adds an empty pattern, and a tag may end in a newline.
//
// Compiled when the configuration is read; routing remembers its answers per tag, so matching is
// not on the hot path. A matcher keeps scratch space: one per thread (Clone()).

#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"
#include "text/regex.h"

namespace tailrace::text {

class TagMatcher {
 public:
  // `patterns` is the argument of the section; the empty text stands for **.
  static Result<TagMatcher> Compile(std::string_view patterns);

  bool Matches(std::string_view tag) const;
  TagMatcher Clone() const;
  const std::string& source() const { return source_; }

 private:
  TagMatcher() = default;

  std::string source_;
  bool matches_all_ = false;
  std::vector<Regex> alternatives_;
};

// The regular expression that a single glob pattern stands for, without anchors.
std::string TagGlobToRegex(std::string_view glob);

}  // namespace tailrace::text
