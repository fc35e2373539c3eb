// SPDX-License-Identifier: Apache-2.0
#include <re2/re2.h>

#include "text/regex_engine.h"

namespace tailrace::text {
namespace {

// Compiled program and lazily built automaton together; RE2's default.
constexpr int64_t kMemoryMax = 8 << 20;

class Re2Engine : public RegexEngine {
 public:
  explicit Re2Engine(const std::string& pattern) : pattern_(pattern), regex_(pattern, Settings()) {}

  bool ok() const { return regex_.ok(); }

  MatchResult Matches(std::string_view subject) override {
    const re2::StringPiece text(subject.data(), subject.size());
    return regex_.Match(text, 0, text.size(), RE2::UNANCHORED, nullptr, 0) ? MatchResult::kMatch
                                                                           : MatchResult::kNoMatch;
  }

  // Never chosen for captures; answers with the whole match only.
  MatchResult Match(std::string_view subject, size_t start, Captures& captures) override {
    const re2::StringPiece text(subject.data(), subject.size());
    re2::StringPiece whole;
    if (!regex_.Match(text, start, text.size(), RE2::UNANCHORED, &whole, 1)) {
      return MatchResult::kNoMatch;
    }
    captures.Reset(subject, 1);
    const auto begin = static_cast<int32_t>(whole.data() - text.data());
    captures.Set(0, begin, begin + static_cast<int32_t>(whole.size()));
    return MatchResult::kMatch;
  }

  // A shared RE2 takes a lock per search, so copies are compiled anew.
  std::unique_ptr<RegexEngine> Clone() const override {
    return std::make_unique<Re2Engine>(pattern_);
  }

 private:
  static RE2::Options Settings() {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMemoryMax);
    options.set_never_capture(true);
    return options;
  }

  std::string pattern_;
  RE2 regex_;
};

}  // namespace

std::unique_ptr<RegexEngine> MakeRe2(const std::string& pattern) {
  auto engine = std::make_unique<Re2Engine>(pattern);
  if (!engine->ok()) return nullptr;
  return engine;
}

}  // namespace tailrace::text
