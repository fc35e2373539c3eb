// SPDX-License-Identifier: Apache-2.0
// A pattern and a subject, separated by the first newline: the chosen engines must agree with
// Oniguruma, and none may run away.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "text/regex.h"
#include "text/regex_engine.h"
#include "text/ruby_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace text = tailrace::text;
  if (size < 2 || size > 512) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  text::RegexOptions options;
  options.ignore_case = (input[0] & 1) != 0;
  options.multiline = (input[0] & 2) != 0;
  options.extended = (input[0] & 4) != 0;
  const size_t split = input.find('\n', 1);
  if (split == std::string_view::npos) return 0;
  const std::string_view pattern = input.substr(1, split - 1);
  const std::string_view subject = input.substr(split + 1);

  auto regex = text::Regex::Compile(pattern, options);
  if (!regex) return 0;
  text::Captures captures;
  const text::MatchResult match = regex->Match(subject, captures);
  const text::MatchResult test = regex->Matches(subject);
  if (match.invalid_utf8() || match.gave_up() || test.gave_up()) return 0;
  if (match.outcome() != test.outcome()) std::abort();

  const auto parsed = text::RubyPattern::Parse(pattern, options);
  auto exact =
      text::MakeOniguruma(text::WriteForOniguruma(parsed->root), text::OnigurumaEncoding::kUtf8);
  text::Captures expected;
  const text::MatchResult want = (*exact)->Match(subject, 0, expected);
  if (want.gave_up()) return 0;
  if (want.outcome() != match.outcome()) std::abort();
  if (!want) return 0;
  if (expected.size() != captures.size()) std::abort();
  for (size_t i = 0; i < expected.size(); ++i) {
    if (expected.begin(i) != captures.begin(i) || expected.end(i) != captures.end(i)) std::abort();
  }
  return 0;
}
