// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <gtest/gtest.h>

namespace tailrace::config {
namespace {

std::string RoundTrip(std::string_view json) {
  Value value;
  return ParseJson(json, &value) ? ToJson(value) : "error";
}

TEST(Json, ReadsWhatRubysLibraryReads) {
  EXPECT_EQ(RoundTrip("{\"a\": [1, 2.0, null, true], \"a\": \"\\u00e9\\n\"}"),
            "{\"a\":\"\xC3\xA9\\n\"}");
  EXPECT_EQ(RoundTrip("[1, /* one */ 2] // end\n"), "[1,2]");
  EXPECT_EQ(RoundTrip("123456789012345678901234567890"), "123456789012345678901234567890");
  EXPECT_EQ(RoundTrip("[1e20, 1.5e-7, -0.0]"), "[1.0e+20,1.5e-07,-0.0]");
  EXPECT_EQ(RoundTrip("\"\\ud83d\\ude00\\q\""), "\"\xF0\x9F\x98\x80q\"");
}

TEST(Json, RefusesWhatItRefuses) {
  for (const char* text : {"", "[1,]", "{a:1}", "[01]", "[1.]", "[.5]", "[NaN]", "[1] x", "\"a",
                           "[\"a\nb\"]", "{\"a\" 1}", "['a']", "[tru]"}) {
    EXPECT_EQ(RoundTrip(text), "error") << text;
  }
  EXPECT_EQ(RoundTrip(std::string(101, '[') + std::string(101, ']')), "error");
}

TEST(Numbers, AreReadFromTheBeginning) {
  EXPECT_EQ(LeadingInteger(" 12_3x").digits, "123");
  EXPECT_EQ(LeadingInteger("1__0").digits, "1");
  EXPECT_EQ(LeadingInteger("-007").digits, "-7");
  EXPECT_EQ(LeadingInteger("_1").digits, "0");
  EXPECT_EQ(LeadingFloat("1_0.5e1x"), 105.0);
  EXPECT_EQ(LeadingFloat("0x1A"), 0.0);
  EXPECT_EQ(LeadingFloat("1e"), 1.0);
}

TEST(Numbers, WholeTextsOnly) {
  int64_t integer = 0;
  EXPECT_TRUE(WholeInteger(" -0x1f ", &integer));
  EXPECT_EQ(integer, -31);
  EXPECT_TRUE(WholeInteger("0_17", &integer));
  EXPECT_EQ(integer, 15);
  for (const char* text : {"", "09", "1__0", "1_", "0x", "1.0", "+-1"}) {
    EXPECT_FALSE(WholeInteger(text, &integer)) << text;
  }
  double number = 0;
  EXPECT_TRUE(WholeFloat(" 1_0.5 ", &number));
  EXPECT_EQ(number, 10.5);
  EXPECT_FALSE(WholeFloat("1.5x", &number));
}

TEST(Value, ComparesAsRubyDoes) {
  EXPECT_TRUE(Value(1) == Value(1.0));
  EXPECT_FALSE(Value("1") == Value(1));
  EXPECT_FALSE(Value("a") == Value(Symbol{"a"}));
  EXPECT_TRUE(Value::MakeArray({1, "a"}) == Value::MakeArray({1.0, "a"}));
}

}  // namespace
}  // namespace tailrace::config
