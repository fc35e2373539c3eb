// SPDX-License-Identifier: Apache-2.0
#pragma once
// Everything that is wrong with a configuration, collected, so that one run shows it all.

#include <string>
#include <string_view>
#include <vector>

#include "config/element.h"

namespace tailrace::config {

enum class Severity { kError, kWarning };

struct Problem {
  Severity severity = Severity::kError;
  Location location{};
  std::string message;     // one sentence, no full stop, no secret values
  std::string suggestion;  // what to write instead; may be empty
};

class Problems {
 public:
  void Error(const Location& location, std::string message, std::string suggestion = {});
  void Warning(const Location& location, std::string message, std::string suggestion = {});
  void Add(Problem problem) { list_.push_back(std::move(problem)); }

  bool HasErrors() const { return errors_in(list_) > 0; }
  size_t ErrorCount() const { return errors_in(list_); }
  bool empty() const { return list_.empty(); }
  const std::vector<Problem>& list() const { return list_; }

 private:
  static size_t errors_in(const std::vector<Problem>& list);
  std::vector<Problem> list_;
};

// One problem for people:
//   fluent.conf:7:3: error: unknown parameter 'read_form_head' in <source>; did you mean
//   'read_from_head'?
// (on one line), then the line of the file with a caret below the place. Lines that hold secrets
// are shown with their values masked. Ends with a newline.
std::string Format(const Problem& problem);
// All of them, in order of file and line within each file as far as they have a place.
std::string Format(const Problems& problems);

// The candidate that `word` was probably meant to be, or empty if none is near.
std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// True for parameter names whose values must not be shown (password, shared_key, token ...).
bool LooksSecret(std::string_view parameter);

}  // namespace tailrace::config
