// SPDX-License-Identifier: Apache-2.0
#include "text/regex.h"

#include <gtest/gtest.h>

namespace tailrace::text {
namespace {

Regex MustCompile(std::string_view pattern, Regex::Options options = {}) {
  auto regex = Regex::Compile(pattern, options);
  EXPECT_TRUE(regex.has_value()) << pattern << ": " << (regex ? "" : regex.error().message);
  return std::move(*regex);
}

TEST(RegexTest, CapturesByNumberAndName) {
  Regex regex = MustCompile(R"(^(?<a>\w+) (?<b>\d+)?)");
  ASSERT_EQ(regex.names().size(), 2u);
  Captures captures;
  ASSERT_TRUE(regex.Match("abc 12 x", captures));
  EXPECT_EQ(captures[0], "abc 12");
  EXPECT_EQ(captures[1], "abc");
  EXPECT_EQ(regex.Named(captures, regex.names()[1]), "12");
  ASSERT_TRUE(regex.Match("abc x", captures));
  EXPECT_FALSE(captures.matched(2));
  EXPECT_EQ(captures[2].data(), nullptr);
}

TEST(RegexTest, PlainGroupsDoNotCaptureBesideNamedOnes) {
  Regex regex = MustCompile("(x)(?<n>y)");
  EXPECT_EQ(regex.group_count(), 1u);
  Captures captures;
  ASSERT_TRUE(regex.Match("xy", captures));
  EXPECT_EQ(captures[1], "y");
}

TEST(RegexTest, LastMatchedGroupOfAnAmbiguousNameWins) {
  Regex regex = MustCompile("(?<n>a)|(?<n>b)");
  ASSERT_EQ(regex.names().size(), 1u);
  Captures captures;
  ASSERT_TRUE(regex.Match("a", captures));
  EXPECT_EQ(regex.Named(captures, regex.names()[0]), "a");
  ASSERT_TRUE(regex.Match("b", captures));
  EXPECT_EQ(regex.Named(captures, regex.names()[0]), "b");
}

TEST(RegexTest, GivesUpInsteadOfRunningAway) {
  Regex regex = MustCompile("(a+)+\\1$");
  EXPECT_TRUE(regex.Matches(std::string(60, 'a') + "b").gave_up());
}

TEST(RegexTest, InvalidUtf8IsReportedOrMatchedAsBytes) {
  const std::string_view subject = "abc \xFF\xFE def";
  EXPECT_TRUE(MustCompile(R"(^(\w+) (.*)$)").Matches(subject).invalid_utf8());
  Regex regex = MustCompile(R"(^(\w+) (.*)$)", {.match_invalid_utf8_as_bytes = true});
  Captures captures;
  ASSERT_TRUE(regex.Match(subject, captures));
  EXPECT_EQ(captures[2], "\xFF\xFE def");
  EXPECT_TRUE(
      MustCompile("é", {.match_invalid_utf8_as_bytes = true}).Matches(subject).invalid_utf8());
}

TEST(RegexTest, AnchoredAppliesAlternativesToTheWhole) {
  auto regex = Regex::CompileAnchored("a|b");
  ASSERT_TRUE(regex.has_value());
  EXPECT_TRUE(regex->Matches("ax"));
  EXPECT_TRUE(regex->Matches("xb\n"));
  EXPECT_FALSE(regex->Matches("xbx"));
}

TEST(RegexTest, BadPatternIsAnError) {
  auto regex = Regex::Compile("a(b");
  ASSERT_FALSE(regex.has_value());
  EXPECT_NE(regex.error().message.find("/a(b/"), std::string::npos);
}

std::string Gsub(std::string_view pattern, std::string_view subject, std::string_view replacement,
                 Replace replace = Replace::kAll) {
  std::string out = "untouched";
  GsubExpand(MustCompile(pattern), subject, replacement, replace, out);
  return out;
}

TEST(GsubExpandTest, FollowsRuby) {
  EXPECT_EQ(Gsub("b", "abcb", "<\\0>"), "a<b>c<b>");
  EXPECT_EQ(Gsub("b", "abcb", "x", Replace::kFirst), "axcb");
  EXPECT_EQ(Gsub("(?<l>[a-c])", "a-b", "[\\k<l>]"), "[a]-[b]");
  EXPECT_EQ(Gsub("(a)(b)?", "ac", "\\1\\2\\3"), "ac");
  EXPECT_EQ(Gsub("", "éa", "."), ".é.a.");
  EXPECT_EQ(Gsub("b", "abc", "\\`\\'\\&\\\\\\q"), "aacb\\\\qc");
  EXPECT_EQ(Gsub("x*", "axb", "-"), "-a--b-");
  EXPECT_EQ(Gsub("b", "abc", "\\"), "a\\c");
}

}  // namespace
}  // namespace tailrace::text
