// SPDX-License-Identifier: Apache-2.0
#include "event/value.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "event/json.h"

namespace tailrace {
namespace {

Value Number(std::string_view text) { return Value::Of(Kind::kNumber, text); }
Value Nested(std::string_view text) {
  return Value::Of(text.front() == '{' ? Kind::kObject : Kind::kArray, text);
}

// Expected texts are what Ruby prints (3.4 for hashes).
TEST(Value, ToText) {
  struct Case {
    Value value;
    std::string_view text;
  };
  const std::vector<Case> cases = {
      {Value{}, ""},
      {Value::Bool(true), "true"},
      {Value::Bool(false), "false"},
      {Value::Text("raw\xff"), "raw\xff"},
      {Value::Clean("clean"), "clean"},
      {Value::Of(Kind::kEscaped, R"(a\n\"\u00e9)"), "a\n\"\xc3\xa9"},
      {Number("12"), "12"},
      {Number("-0"), "0"},
      {Number("123456789012345678901234567890"), "123456789012345678901234567890"},
      {Number("1.0"), "1.0"},
      {Number("1.50"), "1.5"},
      {Number("1e3"), "1000.0"},
      {Number("-0.0"), "-0.0"},
      {Number("1e400"), "Infinity"},
      {Number("-1e400"), "-Infinity"},
      {Number("1e-400"), "0.0"},
      {Value::Of(Kind::kSpecial, "NaN"), "NaN"},
      {Nested("[]"), "[]"},
      {Nested("{}"), "{}"},
      {Nested(R"({"a":1,"b":{"c":[null,true,false,1.5,"x"]}})"),
       R"({"a" => 1, "b" => {"c" => [nil, true, false, 1.5, "x"]}})"},
      {Nested(R"(["a\"b\\c","\n\t\r\f\b\u0007\u000b\u001b\u0000\u007f"])"),
       R"(["a\"b\\c", "\n\t\r\f\b\a\v\e\u0000\u007F"])"},
      {Nested(R"(["#{x} #$y #@z # #a","\u00e9\u65e5\ud83d\ude00"])"),
       "[\"\\#{x} \\#$y \\#@z # #a\", \"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80\"]"},
      {Nested(R"(["\u2028\u0080\u0378\udbff\udfff\ue000"])"),
       "[\"\\u2028\\u0080\\u0378\\u{10FFFF}\xee\x80\x80\"]"},
  };
  for (const Case& item : cases) {
    Arena arena;
    EXPECT_EQ(ToText(item.value, arena), item.text);
  }
}

TEST(Value, DoubleAsRubyPrintsIt) {
  struct Case {
    double number;
    std::string_view text;
  };
  const std::vector<Case> cases = {
      {0.0, "0.0"},
      {-0.0, "-0.0"},
      {1.0, "1.0"},
      {-1.5, "-1.5"},
      {0.1, "0.1"},
      {100.0, "100.0"},
      {100000.0, "100000.0"},
      {123456789.12345679, "123456789.12345679"},
      {1e14, "100000000000000.0"},
      {123456789012345.0, "123456789012345.0"},
      {999999999999999.9, "999999999999999.9"},
      {1e15, "1.0e+15"},
      {1234567890123456.0, "1.234567890123456e+15"},
      {1234567890123456.5, "1234567890123456.5"},
      {1e16, "1.0e+16"},
      {1e20, "1.0e+20"},
      {1.2345e100, "1.2345e+100"},
      {0.0001, "0.0001"},
      {0.00012, "0.00012"},
      {0.00001, "1.0e-05"},
      {1e-7, "1.0e-07"},
      {5e-324, "5.0e-324"},
      {1.7976931348623157e308, "1.7976931348623157e+308"},
      {0.1 + 0.2, "0.30000000000000004"},
      {1700000000.123456, "1700000000.123456"},
  };
  for (const Case& item : cases) {
    Arena arena;
    const Value value = DoubleValue(item.number, arena);
    EXPECT_EQ(value.kind, Kind::kNumber);
    EXPECT_EQ(value.bytes(), item.text);
    EXPECT_EQ(ToDouble(value), item.number) << item.text;
    EXPECT_EQ(ToText(value, arena), item.text);
  }
  Arena arena;
  EXPECT_EQ(ToText(DoubleValue(std::nan(""), arena), arena), "NaN");
  EXPECT_EQ(ToText(DoubleValue(HUGE_VAL, arena), arena), "Infinity");
  EXPECT_EQ(ToText(DoubleValue(-HUGE_VAL, arena), arena), "-Infinity");
  ByteBuffer out;
  json::AppendValue(DoubleValue(-HUGE_VAL, arena), out);
  EXPECT_EQ(out.view(), "null");
}

TEST(Value, Numbers) {
  struct Case {
    std::string_view text;
    bool integral;
    std::optional<int64_t> integer;
    double real;
  };
  const std::vector<Case> cases = {
      {"0", true, 0, 0},
      {"-17", true, -17, -17},
      {"9223372036854775807", true, INT64_MAX, 9223372036854775807.0},
      {"-9223372036854775808", true, INT64_MIN, -9223372036854775808.0},
      {"9223372036854775808", true, std::nullopt, 9223372036854775808.0},
      {"1.9", false, 1, 1.9},
      {"-1.9", false, -1, -1.9},
      {"1e3", false, 1000, 1000},
      {"1E30", false, std::nullopt, 1e30},
  };
  for (const Case& item : cases) {
    EXPECT_EQ(IsInteger(Number(item.text)), item.integral) << item.text;
    EXPECT_EQ(ToInteger(Number(item.text)), item.integer) << item.text;
    EXPECT_EQ(ToDouble(Number(item.text)), item.real) << item.text;
  }
  EXPECT_EQ(ToInteger(Value::Clean("1")), std::nullopt);
  EXPECT_EQ(ToDouble(Value::Clean("1")), std::nullopt);
  EXPECT_EQ(ToInteger(Value::Bool(true)), std::nullopt);
  Arena arena;
  EXPECT_EQ(IntegerValue(INT64_MIN, arena).bytes(), "-9223372036854775808");
  EXPECT_EQ(UnsignedValue(UINT64_MAX, arena).bytes(), "18446744073709551615");
}

TEST(Value, Time) {
  Arena arena;
  arena.Allocate(3);  // what follows is not aligned
  for (const EventTime time : {EventTime{1700000000, 123456789}, EventTime{-5, 0}, kNoTime}) {
    EXPECT_EQ(TimeOf(TimeValue(time, arena)), time);
  }
  ByteBuffer out;
  json::AppendValue(TimeValue({1700000000, 5}, arena), out);
  EXPECT_EQ(out.view(), "1700000000");
  EXPECT_EQ(ToText(TimeValue({1700000000, 5}, arena), arena), "1700000000");
}

TEST(Value, Equal) {
  struct Case {
    Value a;
    Value b;
    bool equal;
  };
  const Value clean = Value::Clean("\xc3\xa9");
  const Value escaped = Value::Of(Kind::kEscaped, "\\u00e9");
  const std::vector<Case> cases = {
      {clean, escaped, true},
      {Value::Text("\xc3\xa9"), escaped, true},
      {Value::Text("1"), Number("1"), false},
      {Number("1"), Number("1.0"), true},
      {Number("100"), Number("1e2"), true},
      {Number("9007199254740993"), Number("9007199254740992"), false},
      {Number("123456789012345678901"), Number("123456789012345678902"), false},
      {Number("-0"), Number("0"), true},
      {Number("-0.0"), Number("0"), true},
      {Value{}, Value{}, true},
      {Value{}, Value::Bool(false), false},
      {Value::Bool(true), Value::Bool(true), true},
      {Value::Of(Kind::kSpecial, "NaN"), Value::Of(Kind::kSpecial, "NaN"), false},
      {Value::Of(Kind::kSpecial, "Infinity"), Value::Of(Kind::kSpecial, "Infinity"), true},
      {Nested(R"([1,"a",[2]])"), Nested(R"([1.0,"\u0061",[2]])"), true},
      {Nested("[1]"), Nested("[1,2]"), false},
      {Nested("[1,2]"), Nested("[1]"), false},
      {Nested(R"({"a":1,"b":2})"), Nested(R"({"\u0062":2,"a":1})"), true},
      {Nested(R"({"a":1})"), Nested(R"({"a":1,"b":2})"), false},
      {Nested(R"({"a":1})"), Nested(R"({"b":1})"), false},
      {Nested("[]"), Nested("{}"), false},
  };
  for (const Case& item : cases) {
    Arena arena;
    EXPECT_EQ(Equal(item.a, item.b, arena), item.equal) << item.a.bytes() << " " << item.b.bytes();
    EXPECT_EQ(Equal(item.b, item.a, arena), item.equal) << item.b.bytes() << " " << item.a.bytes();
  }
}

TEST(Value, Truthy) {
  EXPECT_FALSE(Truthy(Value{}));
  EXPECT_FALSE(Truthy(Value::Bool(false)));
  EXPECT_TRUE(Truthy(Value::Bool(true)));
  EXPECT_TRUE(Truthy(Number("0")));
  EXPECT_TRUE(Truthy(Value::Clean("")));
}

}  // namespace
}  // namespace tailrace
