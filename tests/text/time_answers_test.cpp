// SPDX-License-Identifier: Apache-2.0
// Formatting and parsing of times against answers recorded from Ruby (record_time_answers.rb).
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>
#include <vector>

#include "source_dir.h"
#include "text/time_format.h"
#include "text/time_guess.h"
#include "text/time_resolver.h"

namespace tailrace::text {
namespace {

std::vector<std::string> SplitAtTabs(const std::string& line) {
  std::vector<std::string> fields{""};
  for (const char c : line) {
    if (c == '\t') {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

TimeZone NewYork() { return *TimeZone::Named("America/New_York"); }

TEST(TimeAnswersTest, FormatsAsRuby) {
  std::ifstream file(SourcePath("tests/text/strftime_answers.tsv"));
  size_t cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const std::vector<std::string> fields = SplitAtTabs(line);
    ASSERT_EQ(fields.size(), 4u) << line;
    const std::string& zone_name = fields[2];
    const TimeZone zone = zone_name == "utc"     ? TimeZone::Utc()
                          : zone_name == "local" ? NewYork()
                                                 : *TimeZone::FromParameter(zone_name);
    std::string out;
    StrftimeFormat::Compile(fields[0]).Append(ToWallTime({std::stoll(fields[1]), 123456789}, zone),
                                              out);
    for (char& c : out) {
      if (c == '\n') c = '~';
    }
    EXPECT_EQ(out, fields[3]) << line;
  }
  EXPECT_GT(cases, 800u);
}

// Time.strptime and Time.parse themselves: the strptime gem's dialect has tests of its own.
std::string ParseAsRuby(const TimeResolver& resolver, TimeGuesser& guesser,
                        const std::string& format, std::string_view value) {
  TimeFields fields;
  ResolvedTime resolved;
  const char* why = nullptr;
  if (format.empty()) {
    guesser.Guess(value, fields);
    why = resolver.MakeTime(fields, resolved);
  } else {
    if (!StrptimeFormat::CompileRuby(format).Parse(value, fields)) return "E";
    why = resolver.ResolveStrptime(fields, resolved);
  }
  if (why != nullptr) return "E";
  return std::to_string(resolved.time.sec) + "." + std::to_string(resolved.time.nsec);
}

TEST(TimeAnswersTest, ParsesAsRuby) {
  const TimeResolver resolver(NewYork(), [] { return EventTime{1772600767, 123456789}; });
  TimeGuesser guesser;
  std::ifstream file(SourcePath("tests/text/time_answers.tsv"));
  size_t cases = 0;
  for (std::string line; std::getline(file, line); ++cases) {
    const std::vector<std::string> fields = SplitAtTabs(line);
    ASSERT_EQ(fields.size(), 3u) << line;
    EXPECT_EQ(ParseAsRuby(resolver, guesser, fields[0], fields[1]), fields[2]) << line;
  }
  EXPECT_GT(cases, 700u);
}

}  // namespace
}  // namespace tailrace::text
