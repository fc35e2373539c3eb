// SPDX-License-Identifier: Apache-2.0
#pragma once
// Time.parse: a time in whatever form, guessed as Ruby's Date._parse guesses it. Internal to text/.

#include <memory>
#include <string_view>

#include "text/strptime.h"

namespace tailrace::text {

// Keeps compiled patterns; one object per thread. Not for hot paths: a format is ten times faster.
class TimeGuesser {
 public:
  TimeGuesser();
  TimeGuesser(TimeGuesser&&) noexcept;
  ~TimeGuesser();

  // Fills in what it finds; nothing found is no error here. Views point into `text` or into this
  // object and die with the next call.
  void Guess(std::string_view text, TimeFields& fields);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tailrace::text
