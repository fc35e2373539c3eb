// SPDX-License-Identifier: Apache-2.0
#include "text/charset.h"

#include <gtest/gtest.h>

namespace tailrace::text {
namespace {

std::string Scrub(std::string_view text, std::string_view replacement = "?") {
  std::string out;
  AppendScrubbed(text, replacement, out);
  return out;
}

TEST(ScrubTest, ReplacesMaximalSubpartsAsRuby) {
  const std::pair<const char*, const char*> cases[] = {
      {"a\xFF"
       "b",
       "a?b"},
      {"a\xE3\x81"
       "b",
       "a?b"},
      {"a\xE3\x81\x3F"
       "b",
       "a??b"},
      {"a\xF0\x9F\x98"
       "b",
       "a?b"},
      {"a\xF0\x80\x80\x80"
       "b",
       "a????b"},
      {"a\xED\xA0\x80"
       "b",
       "a???b"},
      {"a\xF4\x90\x80\x80"
       "b",
       "a????b"},
      {"a\xC3\xC3\xA9"
       "b",
       "a?\xC3\xA9"
       "b"},
      {"a\xF0\xE3\x81\x81", "a?\xE3\x81\x81"},
      {"plain \xF0\x9F\x98\x80", "plain \xF0\x9F\x98\x80"},
      {"\xC3", "?"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(Scrub(text), expected);
  std::string out;
  EXPECT_EQ(AppendScrubbed("\xFF\xFE", kReplacementCharacter, out), 2u);
  EXPECT_EQ(out, "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(LetterCaseTest, MapsAsRuby) {
  std::string lower;
  AppendLowerCase("ÀÉßŐ İI ǅ Σςσ ΑΣ", lower);
  EXPECT_EQ(lower, "àéßő i̇i ǆ σςσ ασ");
  std::string upper;
  AppendUpperCase("àéß ŉ ﬁ ǆ i ᾳ", upper);
  EXPECT_EQ(upper, "ÀÉSS ʼN FI Ǆ I ΑΙ");
  std::string broken;
  AppendUpperCase(
      "a\xFF"
      "b",
      broken);
  EXPECT_EQ(broken,
            "A\xFF"
            "B");
}

std::string Convert(std::string_view from, std::string_view to, std::string_view text,
                    size_t replaced = 0) {
  auto converter = CharsetConverter::Create(from, to);
  if (!converter) return "error: " + converter.error().message;
  std::string out;
  EXPECT_EQ(converter->Append(text, out), replaced) << text;
  return out;
}

TEST(CharsetConverterTest, ConvertsAndReplaces) {
  EXPECT_EQ(Convert("iso-8859-1", "utf-8", "caf\xE9"), "café");
  EXPECT_EQ(Convert("Windows-31J", "UTF-8", "\x83\x65\x83\x58\x83\x67"), "テスト");
  EXPECT_EQ(Convert("Shift_JIS", "UTF-8", "\x83\x65 ab"), "テ ab");
  EXPECT_EQ(Convert("EUC-JP", "UTF-8", "\xA5\xC6"), "テ");
  EXPECT_EQ(Convert("UTF-16LE", "UTF-8", std::string_view("a\0\xE9\0", 4)), "aé");
  EXPECT_EQ(Convert("UTF-8", "ISO-8859-1", "é€x", 1),
            "\xE9?"
            "x");
  EXPECT_EQ(Convert("UTF-8", "UTF-16BE",
                    "a\xFF"
                    "b",
                    1),
            std::string_view("\0a\xFF\xFD\0b", 6));
  EXPECT_EQ(Convert("ASCII-8BIT", "UTF-8", "\xFF"), "\xFF");
  EXPECT_EQ(Convert("Shift_JIS", "UTF-8", "a\x83", 1), "a\xEF\xBF\xBD");
  EXPECT_EQ(Convert("klingon", "UTF-8", ""), "error: unknown encoding name - klingon");
}

TEST(CharsetConverterTest, LongTextsAndReuse) {
  auto converter = CharsetConverter::Create("ISO-8859-1", "UTF-8");
  ASSERT_TRUE(converter.has_value());
  std::string out;
  for (int i = 0; i < 3; ++i) {
    out.clear();
    converter->Append(std::string(5000, '\xE9'), out);
    EXPECT_EQ(out.size(), 10000u);
  }
}

}  // namespace
}  // namespace tailrace::text
