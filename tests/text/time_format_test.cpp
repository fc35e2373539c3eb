// SPDX-License-Identifier: Apache-2.0
#include "text/time_format.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>

namespace tailrace::text {
namespace {

constexpr EventTime kNow{1772600767, 123456789};  // 2026-03-04 05:06:07 UTC

// The zone of the process, for as long as the object lives.
class ScopedTz {
 public:
  explicit ScopedTz(const char* zone) {
    const char* old = std::getenv("TZ");
    if (old != nullptr) old_ = old;
    had_ = old != nullptr;
    setenv("TZ", zone, 1);
  }
  ~ScopedTz() {
    if (had_) {
      setenv("TZ", old_.c_str(), 1);
    } else {
      unsetenv("TZ");
    }
  }

 private:
  std::string old_;
  bool had_ = false;
};

// "sec.nsec" or "error", so that expectations read well.
std::string ParseWith(const TimeOptions& options, std::string_view value) {
  auto parser = TimeParser::Create(options, [] { return kNow; });
  if (!parser) return "config error: " + parser.error().message;
  EventTime time;
  if (!parser->Parse(value, time)) return "error";
  return std::to_string(time.sec) + "." + std::to_string(time.nsec);
}

std::string ParseFormat(const char* format, std::string_view value) {
  ScopedTz tz("UTC");
  return ParseWith({.format = format}, value);
}

struct Case {
  const char* format;
  const char* value;
  const char* expected;
};

TEST(TimeParserTest, ReadsWhatFluentdReads) {
  const Case cases[] = {
      {"%Y-%m-%d %H:%M:%S %z", "2025-02-03 04:05:06 +0900", "1738523106.0"},
      {"%Y-%m-%d %H:%M:%S %z", "2025-02-03 04:05:06 Z", "1738555506.0"},
      {"%Y-%m-%d %H:%M:%S %z", "2025-02-03 04:05:06", "error"},
      {"%Y-%m-%d %H:%M:%S %z", "2025-13-03 04:05:06 +0000", "error"},
      {"%Y-%m-%dT%H:%M:%S.%N%z", "2024-01-15T10:30:00.123456789Z", "1705314600.123456789"},
      {"%Y-%m-%dT%H:%M:%S.%N%z", "2024-01-15T10:30:00.5+09:00", "1705282200.500000000"},
      {"%Y-%m-%dT%H:%M:%S%z", "2025-02-28T12:00:00.5Z", "error"},
      {"%Y-%m-%dT%H:%M:%S%z", "2025-02-28T12:00:00+09:00", "1740711600.0"},
      {"%d/%b/%Y:%H:%M:%S %z", "18/Jun/2023:03:20:16 +0530", "1687038616.0"},
      {"%d/%b/%Y:%H:%M:%S %z", "7/jul/2019:3:18:34 +0530", "1562449714.0"},
      {"%b %d %H:%M:%S", "Feb 28 12:00:00", "1772280000.0"},
      {"%b %d %H:%M:%S", "Feb  8 12:00:00", "1770552000.0"},
      {"%Y%m%d%H%M%S", "20250203040506", "1738555506.0"},
      {"%Y%m%d%H%M%S", "202502030405", "error"},
      {"%I:%M %p", "04:05 pm", "1772640300.0"},
      {"%I:%M %p", "04:05 a.m.", "1772597100.0"},
      {"%Q", "1700000000123", "1700000000.123000000"},
      {"%s", "1700000000", "1700000000.0"},
      {"%s.%L", "1700000000.25", "1700000000.250000000"},
      {"%G-W%V-%u", "2025-W06-1", "1738540800.0"},
      {"%Y-%j", "2025-034", "1738540800.0"},
      {"%Y-%j", "2025-366", "error"},
      {"%Y-%j", "2024-366", "1735603200.0"},
      {"%Y%%%m", "2025%02", "1738368000.0"},
      {"at %Y, day %d.", "at 2025, day 03.", "1735862400.0"},
      {"%a %b %e %T %Y", "Mon Feb 3 04:05:06 2025", "1738555506.0"},
      {"%a %b %e %T %Y", "Xxx Feb 3 04:05:06 2025", "error"},
      {"%Y-%m-%d %H:%M:%S.%6N", "2025-02-03 04:05:06.789123", "error"},
      {"%Y-%-m-%-d", "2025-2-3", "error"},
      {"%iso8601", "2025-02-03T04:05:06Z", "1738555506.0"},
      {"%iso8601", "2025-02-03T04:05:06.123456789+09:00", "1738523106.123456789"},
      {"%iso8601", "2025-02-03 04:05:06", "error"},
      {"%iso8601", "2025-02-03T04:05:06", "1738555506.0"},
      {"%m%d %H:%M:%S.%N", "0304 05:06:07.000001", "1772600767.1000"},
  };
  for (const Case& c : cases) {
    std::string expected = c.expected;
    const size_t point = expected.find('.');
    if (point != std::string::npos) {  // nanoseconds as a number
      expected =
          expected.substr(0, point + 1) + std::to_string(std::stol(expected.substr(point + 1)));
    }
    EXPECT_EQ(ParseFormat(c.format, c.value), expected) << c.format << " | " << c.value;
  }
}

TEST(TimeParserTest, ReadsLocalTimeInTheZoneThatIsConfigured) {
  const char* format = "%Y-%m-%d %H:%M:%S";
  ScopedTz tz("Asia/Tokyo");
  EXPECT_EQ(ParseWith({.format = format}, "2025-02-03 04:05:06"), "1738523106.0");
  EXPECT_EQ(ParseWith({.format = format, .utc = true}, "2025-02-03 04:05:06"), "1738555506.0");
  EXPECT_EQ(ParseWith({.format = format, .timezone = "-05"}, "2025-02-03 04:05:06"),
            "1738573506.0");
  EXPECT_EQ(ParseWith({.format = format, .timezone = "America/New_York"}, "2025-07-03 04:05:06"),
            "1751529906.0");
}

TEST(TimeParserTest, RefusesWhatFluentdRefusesAtStart) {
  EXPECT_EQ(ParseWith({.utc = true}, ""), "config error: specifying timezone requires time format");
  EXPECT_NE(ParseWith({.format = "%Y", .timezone = "PST"}, "").find("Unsupported timezone"),
            std::string::npos);
  EXPECT_NE(ParseWith({.type = TimeType::kMixed}, "").find("time_type is :mixed"),
            std::string::npos);
}

TEST(TimeParserTest, Numbers) {
  const TimeOptions unixtime{.type = TimeType::kUnixtime};
  EXPECT_EQ(ParseWith(unixtime, "+5"), "5.0");
  EXPECT_EQ(ParseWith(unixtime, " 7"), "7.0");
  EXPECT_EQ(ParseWith(unixtime, "0x10"), "0.0");
  EXPECT_EQ(ParseWith(unixtime, "1_000"), "1000.0");
  EXPECT_EQ(ParseWith(unixtime, "99999999999999999999"), "error");
  const TimeOptions number{.type = TimeType::kFloat};
  EXPECT_EQ(ParseWith(number, "1700000000.25"), "1700000000.250000000");
  EXPECT_EQ(ParseWith(number, "1700000000.1234567891"), "1700000000.1234567891");
  EXPECT_EQ(ParseWith(number, "1.9999999999"), "10.999999999");
  EXPECT_EQ(ParseWith(number, "1e9"), "1.0");
  EXPECT_EQ(ParseWith(number, "-1.5"), "-1.500000000");
  auto parser = TimeParser::Create(number);
  EventTime time;
  ASSERT_TRUE(parser->Parse(1700000000.25, time));
  EXPECT_EQ(time, (EventTime{1700000000, 250000000}));
  auto text_parser = TimeParser::Create({.format = "%Y"});
  EXPECT_FALSE(text_parser->Parse(int64_t{5}, time));
  EXPECT_EQ(text_parser->error(), "value must be string: 5");
}

TEST(TimeParserTest, MixedTriesItsFormatsInOrder) {
  ScopedTz tz("UTC");
  const TimeOptions options{.type = TimeType::kMixed,
                            .format = "%d %b %Y",
                            .fallbacks = {"%Y-%m-%d", "float", "%d/%m/%Y"}};
  EXPECT_EQ(ParseWith(options, "03 Feb 2025"), "1738540800.0");
  EXPECT_EQ(ParseWith(options, "2025-02-03"), "1738540800.0");
  EXPECT_EQ(ParseWith(options, "1700000000.25"), "1700000000.250000000");
  EXPECT_EQ(ParseWith(options, "03/02/2025"), "1738540800.0");
  EXPECT_EQ(ParseWith(options, "x"), "error");
}

TEST(TimeParserTest, GuessesWithoutAFormat) {
  const std::pair<const char*, const char*> cases[] = {
      {"2025-02-03", "1738540800.0"},
      {"2025-02-03 04:05:06", "1738555506.0"},
      {"2025-02-03 04:05:06 -0500", "1738573506.0"},
      {"3 Feb 2025 04:05:06 PM", "1738598706.0"},
      {"Mon, 03 Feb 2025 04:05:06 GMT", "1738555506.0"},
      {"2025/02/03 04:05:06.25", "1738555506.250000000"},
      {"20250203T040506", "1738555506.0"},
      {"02/03/2025", "1740873600.0"},
      {"03.02.2025", "1738540800.0"},
      {"12", "1773273600.0"},
      {"x", "error"},
      {"2025-02-03T04:05:06.5Z", "1738555506.500000000"},
      {"10:00 PM", "1772661600.0"},
  };
  ScopedTz tz("UTC");
  for (const auto& [value, expected] : cases) EXPECT_EQ(ParseWith({}, value), expected) << value;
}

std::string FormatWith(const TimeOptions& options, EventTime time) {
  auto formatter = TimeFormatter::Create(options);
  return formatter ? std::string(formatter->Format(time)) : "error";
}

TEST(TimeFormatterTest, FormatsAsFluentd) {
  const EventTime time{1700000000, 123456789};
  {
    ScopedTz tz("UTC");
    EXPECT_EQ(FormatWith({}, time), "2023-11-14T22:13:20+00:00");
    EXPECT_EQ(FormatWith({.utc = true}, time), "2023-11-14T22:13:20Z");
    EXPECT_EQ(FormatWith({.format = "%Y/%m/%d %H:%M:%S.%L %z"}, time),
              "2023/11/14 22:13:20.123 +0000");
    EXPECT_EQ(FormatWith({.timezone = "America/New_York"}, time), "2023-11-14T17:13:20-05:00");
    EXPECT_EQ(FormatWith({.timezone = "America/New_York"}, {1720000000, 0}),
              "2024-07-03T05:46:40-04:00");
    EXPECT_EQ(FormatWith({.type = TimeType::kUnixtime}, time), "1700000000");
    EXPECT_EQ(FormatWith({.type = TimeType::kFloat}, {5, 7}), "5.000000007");
  }
  ScopedTz tz("Asia/Tokyo");
  EXPECT_EQ(FormatWith({}, time), "2023-11-15T07:13:20+09:00");
}

TEST(Rfc3339WriterTest, WritesDigitsAndZones) {
  std::string out;
  Rfc3339Writer utc(3);
  utc.Append({1700000000, 123456789}, out);
  out += '|';
  utc.Append({1700000001, 999999999}, out);
  out += '|';
  utc.Append({1700092800, 0}, out);
  EXPECT_EQ(out, "2023-11-14T22:13:20.123Z|2023-11-14T22:13:21.999Z|2023-11-16T00:00:00.000Z");
  out.clear();
  Rfc3339Writer berlin(0, *TimeZone::Named("Europe/Berlin"));
  for (const int64_t second : {1743296399, 1743296400, 1743285600}) {
    berlin.Append({second, 0}, out);
    out += '|';
  }
  EXPECT_EQ(out, "2025-03-30T01:59:59+01:00|2025-03-30T03:00:00+02:00|2025-03-29T23:00:00+01:00|");
}

TEST(FixedTimeTest, AcceptsOnlyTheExactLayout) {
  EventTime time;
  EXPECT_TRUE(ParseRfc3339("2024-01-15T10:30:00.123456789+09:00", time));
  EXPECT_EQ(time, (EventTime{1705282200, 123456789}));
  for (const char* bad : {"2024-01-15T10:30:00", "2024-01-15T10:30:00.Z", "2024-02-30T10:30:00Z",
                          "2024-01-15 10:30:00Z", "2024-01-15T10:30:00Zx", "2024-01-15T24:30:00Z",
                          "2024-01-15T10:30:00+0900", ""}) {
    EXPECT_FALSE(ParseRfc3339(bad, time)) << bad;
  }
  EXPECT_TRUE(ParseCommonLogTime("15/Jan/2024:10:30:00 -0330", time));
  EXPECT_EQ(time.sec, 1705314600 + 12600);
  EXPECT_FALSE(ParseCommonLogTime("15/jan/2024:10:30:00 -0330", time));
  CivilTime civil;
  EXPECT_TRUE(ParseSyslogTime("Jan  5 10:30:00", civil));
  EXPECT_EQ(civil.day, 5);
  EXPECT_FALSE(ParseSyslogTime("Jan 5 10:30:00", civil));
  int32_t nanosecond = 0;
  EXPECT_TRUE(ParseKlogTime("0115 10:30:00.123456", civil, nanosecond));
  EXPECT_EQ(nanosecond, 123456000);
}

}  // namespace
}  // namespace tailrace::text
