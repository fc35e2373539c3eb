// SPDX-License-Identifier: Apache-2.0
// The Regex class against answers recorded from Ruby (regex_probes.tsv, regex_answers.tsv), and
// every engine against Oniguruma on generated lines.
#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "source_dir.h"
#include "text/regex.h"
#include "text/regex_engine.h"
#include "text/ruby_pattern.h"

namespace tailrace::text {
namespace {

struct Probe {
  std::string pattern;
  RegexOptions options;
  std::string subject;
  std::string answer;
};

std::string Unescaped(std::string text) {
  for (char& c : text) {
    if (c == '\x01') c = '\n';
    if (c == '\x02') c = '\t';
  }
  return text;
}

std::vector<Probe> ReadProbes() {
  std::ifstream probes(SourcePath("tests/text/regex_probes.tsv"));
  std::ifstream answers(SourcePath("tests/text/regex_answers.tsv"));
  std::vector<Probe> out;
  std::string line;
  std::string answer;
  while (std::getline(probes, line) && std::getline(answers, answer)) {
    const size_t first = line.find('\t');
    const size_t second = line.find('\t', first + 1);
    const std::string flags = line.substr(first + 1, second - first - 1);
    Probe probe;
    probe.pattern = Unescaped(line.substr(0, first));
    probe.options.ignore_case = flags.find('i') != std::string::npos;
    probe.options.multiline = flags.find('m') != std::string::npos;
    probe.options.extended = flags.find('x') != std::string::npos;
    probe.subject = Unescaped(line.substr(second + 1));
    probe.answer = answer;
    out.push_back(std::move(probe));
  }
  return out;
}

std::string InWords(MatchResult result, const Captures& captures) {
  if (result.gave_up()) return "gave up";
  if (!result) return "N";
  std::string out;
  for (size_t i = 0; i < captures.size(); ++i) {
    if (i > 0) out += ' ';
    out += captures.matched(i)
               ? std::to_string(captures.begin(i)) + "-" + std::to_string(captures.end(i))
               : "-";
  }
  return out;
}

TEST(RegexAnswersTest, AgreesWithRuby) {
  const std::vector<Probe> probes = ReadProbes();
  ASSERT_GT(probes.size(), 2000u);
  for (const Probe& probe : probes) {
    auto regex = Regex::Compile(probe.pattern, probe.options);
    if (!regex) {
      EXPECT_EQ(probe.answer, "E") << probe.pattern << ": " << regex.error().message;
      continue;
    }
    Captures captures;
    const MatchResult result = regex->Match(probe.subject, captures);
    EXPECT_EQ(InWords(result, captures), probe.answer)
        << '/' << probe.pattern << "/ on '" << probe.subject << "': " << regex->engine_reason();
    EXPECT_EQ(regex->Matches(probe.subject).outcome(), result.outcome())
        << '/' << probe.pattern << "/ on '" << probe.subject << "': " << regex->engine_reason();
  }
}

// Lines made of pieces that patterns care about.
std::string GeneratedLine(std::mt19937& random) {
  static const std::array<std::string, 28> pieces = {
      "a",  "b",    "ab",   "aa",     " ",      "  ", "\n",    "\t",    ".",  "-",
      "12", "2024", "k",    "K",      "stdout", "F ", "error", "panic", "\"", "[",
      "]",  "é",    "日本", "\u017F", "\u212A", "ß",  "ss",    "_"};
  std::string line;
  const size_t count = random() % 9;
  for (size_t i = 0; i < count; ++i) line += pieces[random() % pieces.size()];
  return line;
}

TEST(RegexAnswersTest, EveryEngineAgreesWithOniguruma) {
  std::mt19937 random(20240115);
  std::string last_pattern;
  size_t fast = 0;
  for (const Probe& probe : ReadProbes()) {
    if (probe.pattern == last_pattern) continue;
    last_pattern = probe.pattern;
    auto regex = Regex::Compile(probe.pattern, probe.options);
    if (!regex) continue;
    auto parsed = RubyPattern::Parse(probe.pattern, probe.options);
    auto exact = MakeOniguruma(WriteForOniguruma(parsed->root), OnigurumaEncoding::kUtf8);
    ASSERT_TRUE(exact.has_value());
    if (regex->capture_engine() != "Oniguruma") ++fast;
    // RE2 is asked even where the class would not choose it.
    const Translation for_re2 = WriteForRe2(parsed->root);
    const auto re2 = for_re2.ok() ? MakeRe2(for_re2.pattern) : nullptr;
    Captures ours;
    Captures theirs;
    for (int i = 0; i < 150; ++i) {
      const std::string line = GeneratedLine(random);
      const MatchResult want = (*exact)->Match(line, 0, theirs);
      const MatchResult got = regex->Match(line, ours);
      ASSERT_EQ(InWords(got, ours), InWords(want, theirs))
          << '/' << probe.pattern << "/ on '" << line << "': " << regex->engine_reason();
      ASSERT_EQ(regex->Matches(line).outcome(), want.outcome()) << probe.pattern << " on " << line;
      const bool ascii = line.find_first_of("\xC3\xC5\xE2\xE6") == std::string::npos;
      const bool in_scope =
          (ascii || !for_re2.ascii_only) && !(for_re2.no_final_newline && line.ends_with('\n'));
      if (re2 && in_scope) {
        ASSERT_EQ(re2->Matches(line).outcome(), want.outcome()) << probe.pattern << " on " << line;
      }
    }
  }
  EXPECT_GT(fast, 100u);  // the comparison would be empty if Oniguruma ran everything
}

TEST(RegexAnswersTest, ChoosesTheEngineByWhatThePatternContains) {
  struct Choice {
    const char* pattern;
    const char* capture;
    const char* test;
  };
  for (const Choice& choice :
       {Choice{"panic|fatal", "PCRE2", "PCRE2"}, Choice{"(a+)+b", "PCRE2", "RE2"},
        Choice{"(a*)*b", "Oniguruma", "RE2"}, Choice{"\\p{Han}", "Oniguruma", "Oniguruma"},
        Choice{"(?<x>a)\\k<x>", "Oniguruma", "Oniguruma"}}) {
    auto regex = Regex::Compile(choice.pattern);
    ASSERT_TRUE(regex.has_value());
    EXPECT_EQ(regex->capture_engine(), choice.capture) << choice.pattern;
    EXPECT_EQ(regex->engine(), choice.test) << choice.pattern;
    EXPECT_TRUE(regex->engine_reason().ends_with('.')) << regex->engine_reason();
  }
}

}  // namespace
}  // namespace tailrace::text
