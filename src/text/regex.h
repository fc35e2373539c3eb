// SPDX-License-Identifier: Apache-2.0
#pragma once
// Regular expressions that mean what Ruby means (Onigmo as of Ruby 3.4), because every pattern in a
// Fluentd configuration was written for Ruby.
//
// A pattern is parsed once, when the configuration is read; what it contains decides which engine
// runs it: RE2 for yes/no and PCRE2's JIT for captures where the translation provably means the
// same, Oniguruma for everything else. An engine is never chosen by trying whether it compiles.
// The reasons and figures: docs/decisions/0010-regex-engines.md.
//
// Time: bounded. RE2 is linear; the other two stop after a number of steps that grows with the
// subject, and say so (kGaveUp). Memory: no allocation per match once the Captures have grown.
// Threads: an object keeps scratch space, so each worker has its own (Clone()).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::text {

struct RegexOptions {
  bool ignore_case = false;  // Ruby's i: Unicode case folding
  bool multiline = false;    // Ruby's m: the dot matches a newline too
  bool extended = false;     // Ruby's x: blanks and comments in the pattern are ignored
  // A subject that is not valid UTF-8: Ruby raises for a UTF-8 string and matches byte by byte for
  // a binary one (what Fluentd's in_tail reads unless `encoding` is set). false: kInvalidUtf8.
  bool match_invalid_utf8_as_bytes = false;
};

// What a match came to. Converts to true only for a match, so `if (regex.Matches(line))` reads
// well; the caller counts gave_up() apart from "no match".
class MatchResult {
 public:
  enum Outcome : uint8_t {
    kNoMatch,
    kMatch,
    kGaveUp,       // the step limit was reached: neither yes nor no is known
    kInvalidUtf8,  // the subject is not UTF-8 (Ruby raises ArgumentError here)
  };

  constexpr MatchResult(Outcome outcome)
      : outcome_(outcome) {}         // NOLINT(google-explicit-constructor)
  constexpr operator bool() const {  // NOLINT(google-explicit-constructor)
    return outcome_ == kMatch;
  }
  constexpr Outcome outcome() const { return outcome_; }
  constexpr bool gave_up() const { return outcome_ == kGaveUp; }
  constexpr bool invalid_utf8() const { return outcome_ == kInvalidUtf8; }

 private:
  Outcome outcome_;
};

// The groups of one match, as byte ranges of the subject; group 0 is the whole match. Reused from
// match to match. Views die with the subject.
class Captures {
 public:
  static constexpr int32_t kUnmatched = -1;

  size_t size() const { return spans_.size(); }
  bool matched(size_t group) const {
    return group < spans_.size() && spans_[group].begin != kUnmatched;
  }
  // Byte offsets into the subject; kUnmatched if the group took no part.
  int32_t begin(size_t group) const { return spans_[group].begin; }
  int32_t end(size_t group) const { return spans_[group].end; }
  // The text of a group; a view with a null data() if the group took no part (Ruby's nil).
  std::string_view operator[](size_t group) const {
    if (!matched(group)) return {};
    const Span& span = spans_[group];
    return subject_.substr(static_cast<size_t>(span.begin),
                           static_cast<size_t>(span.end - span.begin));
  }
  std::string_view subject() const { return subject_; }

  // For the engines.
  void Reset(std::string_view subject, size_t groups) {
    subject_ = subject;
    spans_.assign(groups, Span{});
  }
  void Set(size_t group, int32_t begin, int32_t end) { spans_[group] = Span{begin, end}; }

 private:
  struct Span {
    int32_t begin = kUnmatched;
    int32_t end = kUnmatched;
  };
  std::string_view subject_;
  std::vector<Span> spans_;
};

// A named group. A name given more than once has several numbers; the last one that matched wins.
struct GroupName {
  std::string name;
  std::vector<int> groups;  // ascending
};

class Regex {
 public:
  using Options = RegexOptions;

  // An error says what is wrong with the pattern and where. Oniguruma must accept the pattern too.
  static Result<Regex> Compile(std::string_view pattern, Options options = {});
  // The pattern between \A and \Z, as Fluentd does for /.../ in tags: no group is put around it, so
  // an alternative applies to the whole.
  static Result<Regex> CompileAnchored(std::string_view pattern, Options options = {});

  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();
  // An equal object for another worker.
  Regex Clone() const;

  // Is there a match anywhere in the subject? (Ruby's match?)
  MatchResult Matches(std::string_view subject) const;
  // The leftmost match at or after byte `start` (Ruby's match). `captures` is filled only on
  // kMatch.
  MatchResult Match(std::string_view subject, Captures& captures, size_t start = 0) const;

  // Named groups in the order of their first appearance in the pattern. If there is one, plain
  // groups do not capture.
  const std::vector<GroupName>& names() const;
  // The text of a named group: the last of its groups that matched, or a null view.
  std::string_view Named(const Captures& captures, const GroupName& name) const;
  // Groups without group 0.
  size_t group_count() const;

  const std::string& pattern() const;
  const Options& options() const;

  // Which engine answers Matches / Match ("RE2", "PCRE2", "Oniguruma"), for `check` and tests.
  std::string_view engine() const;
  std::string_view capture_engine() const;
  // A sentence that says which engine was chosen and why.
  const std::string& engine_reason() const;

 private:
  struct Impl;
  explicit Regex(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// String#sub and String#gsub with a replacement text: \0..\9, \&, \`, \', \\ and \k<name> are
// expanded. A give-up or invalid UTF-8 leaves `out` untouched and is returned.
enum class Replace { kFirst, kAll };
MatchResult GsubExpand(const Regex& regex, std::string_view subject, std::string_view replacement,
                       Replace replace, std::string& out);

}  // namespace tailrace::text
