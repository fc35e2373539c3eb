// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the Regex class asks of an engine. Internal to text/.
//
// An engine owns one compiled program and its scratch space: one thread at a time. Subjects are
// valid UTF-8 unless the engine was made for bytes.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"
#include "text/pattern_writer.h"
#include "text/regex.h"

namespace tailrace::text {

class RegexEngine {
 public:
  virtual ~RegexEngine() = default;
  virtual MatchResult Matches(std::string_view subject) = 0;
  // Fills all groups on kMatch. `start` <= subject.size().
  virtual MatchResult Match(std::string_view subject, size_t start, Captures& captures) = 0;
  // Whether the last answer was kGaveUp for want of memory; another engine may then try.
  virtual bool lacked_memory() const { return false; }
  // A copy with its own scratch space; the program itself is shared where the library allows it.
  virtual std::unique_ptr<RegexEngine> Clone() const = 0;
};

enum class OnigurumaEncoding { kUtf8, kBytes };

// A pattern written by WriteForOniguruma; an error is Oniguruma's message.
Result<std::unique_ptr<RegexEngine>> MakeOniguruma(const OnigurumaPattern& pattern,
                                                   OnigurumaEncoding encoding);
// Patterns written by WriteForRe2 and WriteForPcre2; null if the library cannot hold them.
std::unique_ptr<RegexEngine> MakeRe2(const std::string& pattern);
std::unique_ptr<RegexEngine> MakePcre2(const std::string& pattern);

// Steps a backtracking engine may take on a subject before it gives up: a fixed part for short
// lines, and a part that grows with the subject so that long honest lines are not refused.
constexpr unsigned long kRegexStepsBase = 1'000'000;
constexpr unsigned long kRegexStepsPerByte = 64;

inline unsigned long RegexStepLimit(size_t subject_bytes) {
  return kRegexStepsBase + kRegexStepsPerByte * subject_bytes;
}

}  // namespace tailrace::text
