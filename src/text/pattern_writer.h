// SPDX-License-Identifier: Apache-2.0
#pragma once
// Writes a Ruby pattern in the notation of an engine, where the engine can give it Ruby's meaning.
// Internal to text/.

#include <string>

#include "text/ruby_pattern.h"

namespace tailrace::text {

// For Oniguruma everything can be written. Its Ruby syntax of 6.9 is not quite Ruby's: \w, \s and
// (?u) differ, and so do [[:punct:]], \u{..} and \y; those are spelled out.
struct OnigurumaPattern {
  std::string text;
  bool ignore_case = false;  // an option of the whole pattern
};
OnigurumaPattern WriteForOniguruma(const PatternNode& root);

// A pattern for RE2 or PCRE2, or the reason why there is none.
struct Translation {
  std::string pattern;
  std::string refusal;  // empty: `pattern` is good
  // Where it means the same: for subjects of ASCII only, and (RE2's ^ matches behind a newline at
  // the end of the text, Ruby's does not) for subjects that do not end with a newline.
  bool ascii_only = false;
  bool no_final_newline = false;

  bool ok() const { return refusal.empty(); }
};

// For yes or no only: groups do not capture.
Translation WriteForRe2(const PatternNode& root);
// With captures.
Translation WriteForPcre2(const PatternNode& root);

// Whether a backtracking engine could need more than linear time: an unlimited repetition inside
// another one.
bool CanExplode(const PatternNode& root);

}  // namespace tailrace::text
