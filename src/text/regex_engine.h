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
#include "text/regex.h"

namespace tailrace::text {

class RegexEngine {
 public:
  virtual ~RegexEngine() = default;
  virtual MatchResult Matches(std::string_view subject) = 0;
  // Fills all groups on kMatch. `start` <= subject.size().
  virtual MatchResult Match(std::string_view subject, size_t start, Captures& captures) = 0;
  // A copy with its own scratch space; the program itself is shared where the library allows it.
  virtual std::unique_ptr<RegexEngine> Clone() const = 0;
};

enum class OnigurumaEncoding { kUtf8, kBytes };

struct OnigurumaProgram {
  std::unique_ptr<RegexEngine> engine;
  std::vector<GroupName> names;
  size_t group_count = 0;
};

// Exactly Ruby's meaning; accepts every pattern that Ruby's syntax allows.
Result<OnigurumaProgram> MakeOniguruma(std::string_view pattern, const RegexOptions& options,
                                       OnigurumaEncoding encoding);

// Steps a backtracking engine may take on a subject before it gives up: a fixed part for short
// lines, and a part that grows with the subject so that long honest lines are not refused.
constexpr unsigned long kRegexStepsBase = 1'000'000;
constexpr unsigned long kRegexStepsPerByte = 64;

inline unsigned long RegexStepLimit(size_t subject_bytes) {
  return kRegexStepsBase + kRegexStepsPerByte * subject_bytes;
}

}  // namespace tailrace::text
