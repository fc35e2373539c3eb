// SPDX-License-Identifier: Apache-2.0
#pragma once
// Tells the lines of stack traces from others, for the languages that
// fluent-plugin-detect-exceptions knows
// (github.com/GoogleCloudPlatform/fluent-plugin-detect-exceptions): a state machine whose
// transitions are patterns. The rules stand in trace_rules.cpp.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"
#include "text/regex.h"

namespace tailrace {

// What a line is in the trace that it stands in.
enum class TraceLine : uint8_t {
  kNone,    // no part of a trace
  kStart,   // begins a trace (and ends the one before)
  kInside,  // belongs to the trace
  kEnd,     // its last line
};

// The rules of some languages. One per worker; each stream has a state of its own.
class TraceRules {
 public:
  using State = uint8_t;
  static constexpr State kStartState = 0;

  // java, javascript, js, csharp, python, py, php, go, ruby, rb, dart, all; none means all. An
  // error names the one that is not known.
  static Result<TraceRules> Create(const std::vector<std::string>& languages);

  TraceLine Advance(std::string_view line, State* state);

 private:
  struct Transition {
    text::Regex pattern;
    State to;
  };
  // Follows the first rule whose pattern matches. Back to the start and false if none does.
  bool Follow(std::string_view line, State* state);

  std::vector<std::vector<Transition>> transitions_;  // by state
  std::vector<text::Regex> start_;                    // one pattern for all ways out of the start
};

}  // namespace tailrace
