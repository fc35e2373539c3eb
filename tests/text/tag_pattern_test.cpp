// SPDX-License-Identifier: Apache-2.0
#include "text/tag_pattern.h"

#include <gtest/gtest.h>

#include "text/oracle_cases.h"

namespace tailrace::text {
namespace {

std::string CheckMatchCase(simdjson::dom::element element) {
  std::vector<TagMatcher> blocks;
  bool refused = false;
  for (const std::string_view block : simdjson::dom::array(element["input"]["blocks"])) {
    auto matcher = TagMatcher::Compile(block);
    if (matcher) {
      blocks.push_back(std::move(*matcher));
    } else {
      refused = true;
    }
  }
  if (element["expect"].is_object()) return refused ? "" : "should be refused";
  if (refused) return "should not be refused";
  std::string problems;
  auto expected = simdjson::dom::array(element["expect"]).begin();
  for (const std::string_view tag : simdjson::dom::array(element["input"]["tags"])) {
    const int64_t wanted = (*expected).is_null() ? -1 : int64_t(*expected);
    ++expected;
    int64_t got = -1;
    for (size_t i = 0; i < blocks.size() && got < 0; ++i) {
      if (blocks[i].Matches(tag)) got = static_cast<int64_t>(i);
    }
    if (got != wanted) {
      problems += "tag '" + std::string(tag) + "' goes to " + std::to_string(got) + ", not " +
                  std::to_string(wanted) + "; ";
    }
  }
  return problems;
}

TEST(TagMatcherTest, AgreesWithTheRecordedVectors) {
  ForEachOracleCase("match", 100, CheckMatchCase);
}

bool Matches(std::string_view pattern, std::string_view tag) {
  auto matcher = TagMatcher::Compile(pattern);
  return matcher.has_value() && matcher->Matches(tag);
}

TEST(TagMatcherTest, EmptyArgumentMatchesEverything) {
  EXPECT_TRUE(Matches("", "a.b"));
  EXPECT_TRUE(Matches("", ""));
  EXPECT_FALSE(Matches(" ", "a"));
}

TEST(TagMatcherTest, Escapes) {
  EXPECT_TRUE(Matches("a\\*b", "a*b"));
  EXPECT_FALSE(Matches("a\\*b", "axb"));
  EXPECT_TRUE(Matches("\\ü.b", "ü.b"));
  EXPECT_TRUE(Matches("a\\", "a"));
}

TEST(TagMatcherTest, BadRegexNamesThePattern) {
  auto matcher = TagMatcher::Compile("x /(/");
  ASSERT_FALSE(matcher.has_value());
  EXPECT_NE(matcher.error().message.find("'/(/'"), std::string::npos) << matcher.error().message;
}

TEST(TagMatcherTest, CloneMatchesTheSame) {
  auto matcher = TagMatcher::Compile("a.** b.{c,d}");
  ASSERT_TRUE(matcher.has_value());
  const TagMatcher copy = matcher->Clone();
  EXPECT_TRUE(copy.Matches("b.d"));
  EXPECT_FALSE(copy.Matches("b.e"));
}

}  // namespace
}  // namespace tailrace::text
