// SPDX-License-Identifier: Apache-2.0
// Parsers with several lines per event, and parsers around other parsers, as tail uses them.
#include <gtest/gtest.h>

#include "parser/lines.h"
#include "parser/multiline_stream.h"

namespace tailrace::parser {
namespace {

const std::string kMultiline =
    "<parse>\n  @type multiline\n  format_firstline /^\\d+ /\n"
    "  format1 /^(?<n>\\d+) (?<text>.*)/\n  types n:integer\n</parse>\n";

TEST(MultilineStream, HoldsTheLastEventAcrossBatches) {
  ParserFixture fixture(kMultiline);
  auto stream = fixture.parser().NewStream();
  TestSegment first(0, 10);
  TestSegment second(10, 20);
  Batch batch;
  stream->Parse(fixture.Lines({"lost", "1 a"}, batch, &first), batch);
  EXPECT_TRUE(batch.rows().empty());
  ASSERT_EQ(batch.unmatched().size(), 1u) << "a line before the first event";
  EXPECT_TRUE(stream->holding());
  batch.Reset();
  EXPECT_FALSE(first.complete());
  stream->Parse(fixture.Lines({" b", "2 c"}, batch, &second), batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_EQ(Record(batch), R"({"n":1,"text":"a\n b"})");
  EXPECT_EQ(batch.rows()[0].begin, 5u);
  EXPECT_EQ(batch.rows()[0].end, 12u);
  batch.Reset();
  EXPECT_TRUE(first.complete());
  stream->Flush(batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_EQ(Record(batch), R"({"n":2,"text":"c"})");
  EXPECT_FALSE(stream->holding());
}

TEST(MultilineStream, AnEventWithoutEndIsBounded) {
  ParserFixture fixture(kMultiline);
  auto stream = fixture.parser().NewStream();
  Batch batch;
  std::vector<std::string> lines = {"1 x"};
  for (int i = 0; i < 20; ++i) lines.push_back(" " + std::string(100000, 'y'));
  stream->Parse(fixture.Lines(lines, batch), batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_GT(batch.fields(batch.rows()[0])[1].value_size, MultilineStream::kMaxBytes);
  EXPECT_FALSE(batch.unmatched().empty()) << "what follows is not lost silently";
}

TEST(MultilineStream, WithoutAFirstLineGathersUntilItMatches) {
  ParserFixture fixture(
      "<parse>\n  @type multiline\n  format1 /^begin\\n(?<body>.*)\\nend$/\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  Batch batch;
  stream->Parse(fixture.Lines({"begin", "a", "b", "end", "begin", "c"}, batch), batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_EQ(Record(batch), R"({"body":"a\nb"})");
  EXPECT_TRUE(stream->holding());
}

TEST(RegexpStream, MatchesLinesThatAreNotUtf8ByteByByte) {
  ParserFixture fixture(
      "<parse>\n  @type regexp\n  expression /^(?<a>\\w+) (?<b>.*)$/\n</parse>\n");
  Batch batch;
  const auto lines = fixture.Lines({"abc \xFF\xFE def"}, batch);
  EXPECT_EQ(fixture.parser().Parse(lines[0], batch), ParseStatus::kError);
  auto stream = fixture.parser().NewStream();
  stream->Parse(lines, batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_EQ(Record(batch), R"({"a":"abc","b":{"$bin":"//4gZGVm"}})");
}

TEST(RegexpStream, ErrorsAreUnmatchedLines) {
  ParserFixture fixture(
      "<parse>\n  @type regexp\n  expression /^(?<time>\\S+) (?<m>.*)$/\n"
      "  time_format %Y-%m-%d\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  Batch batch;
  stream->Parse(fixture.Lines({"2024-01-15 a", "never b", "c"}, batch), batch);
  EXPECT_EQ(batch.rows().size(), 1u);
  EXPECT_EQ(batch.unmatched().size(), 2u);
}

TEST(CriStream, InnerParserSeesWholeMessages) {
  ParserFixture fixture("<parse>\n  @type cri\n  <parse>\n    @type json\n  </parse>\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  Batch batch;
  const std::string head = "2024-01-15T10:30:00.123456789Z stdout ";
  stream->Parse(
      fixture.Lines({head + "P {\"a\":\"x", head + "F y\",\"time\":5}", head + "F not JSON"},
                    batch),
      batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_EQ(Record(batch), R"({"a":"xy","stream":"stdout","logtag":"F"})");
  EXPECT_EQ(batch.rows()[0].time, (EventTime{5, 0}));
  EXPECT_EQ(batch.unmatched().size(), 1u);
}

TEST(JsonParser, LeniencyOfTheEngines) {
  const std::string control = std::string("{\"a\":\"x\x01y\",\"b\":{\"c\":NaN},\"d\":-Infinity}");
  const auto record = [&](const std::string& engine, const std::string& line) -> std::string {
    ParserFixture fixture("<parse>\n  @type json\n  json_parser " + engine + "\n</parse>\n");
    Batch batch;
    const auto lines = fixture.Lines({line}, batch);
    if (fixture.parser().Parse(lines[0], batch) != ParseStatus::kOk) return "no match";
    return Record(batch);
  };
  EXPECT_EQ(record("oj", control), R"({"a":"x\u0001y","b":{"c":null},"d":{"$float":"-Infinity"}})");
  EXPECT_EQ(record("json", control), "no match");
  EXPECT_EQ(record("oj", "{\"a\":\"x\xFFy\"}"), "{\"a\":\"x\xEF\xBF\xBDy\"}");
  EXPECT_EQ(record("json", "{\"a\":\"x\xFFy\"}"), "no match");
  EXPECT_EQ(record("oj", R"({"a":"\ud83d"})"), "{\"a\":\"\xEF\xBF\xBD\"}");
  EXPECT_EQ(record("json", "/* x */ {\"a\":1}"), R"({"a":1})");
  EXPECT_EQ(record("oj", "{\"a\":1} // x"), "no match");
}

TEST(Grok, LibraryPatternsCompile) {
  const struct {
    const char* pattern;
    const char* line;
    const char* record;
  } cases[] = {
      {"%{COMBINEDAPACHELOG}",
       R"(192.0.2.1 - bob [15/Jan/2024:10:30:00 +0000] "GET /x HTTP/1.1" 200 5 "-" "curl")",
       R"({"clientip":"192.0.2.1","ident":"-","auth":"bob",)"
       R"("timestamp":"15/Jan/2024:10:30:00 +0000","verb":"GET","request":"/x",)"
       R"("httpversion":"1.1","response":"200","bytes":"5","referrer":"\"-\"","agent":"\"curl\""})"},
      {"%{SYSLOGBASE} %{GREEDYDATA:message}", "Jan 15 10:30:00 node-1 sshd[47]: hello",
       R"({"timestamp":"Jan 15 10:30:00","logsource":"node-1","program":"sshd","pid":"47",)"
       R"("message":"hello"})"},
      {"%{TIMESTAMP_ISO8601:at} %{LOGLEVEL:level} %{UUID:id} %{NUMBER:n:float}",
       "2024-01-15T10:30:00.5Z WARN 123e4567-e89b-12d3-a456-426614174000 -1.5",
       R"({"at":"2024-01-15T10:30:00.5Z","level":"WARN",)"
       R"("id":"123e4567-e89b-12d3-a456-426614174000","n":-1.5})"},
      {"%{IP:a} %{IP:b} %{MAC:c} %{URI:d}",
       "2001:db8::1 10.0.0.1 00:1B:44:11:3A:B7 https://u:p@echo.example:8443/a?b=c",
       R"({"a":"2001:db8::1","b":"10.0.0.1","c":"00:1B:44:11:3A:B7",)"
       R"("d":"https://u:p@echo.example:8443/a?b=c"})"},
      {"%{JAVASTACKTRACEPART}", "at com.echo.A$B.<init>(A.java:7)",
       R"({"class":"com.echo.A$B","method":"<init>","file":"A.java","line":"7"})"},
  };
  for (const auto& one : cases) {
    ParserFixture fixture(std::string("<parse>\n  @type grok\n  grok_pattern ") + one.pattern +
                          "\n</parse>\n");
    Batch batch;
    const auto lines = fixture.Lines({one.line}, batch);
    ASSERT_EQ(fixture.parser().Parse(lines[0], batch), ParseStatus::kOk);
    EXPECT_EQ(Record(batch), one.record) << one.pattern;
  }
}

TEST(Grok, SectionsSeriesAndNames) {
  ParserFixture fixture(
      "<parse>\n  @type grok\n  grok_pattern_series ecs-v1\n  grok_name_key which\n"
      "  <grok>\n    name web\n    pattern %{HTTPD_COMMONLOG}\n    time_key timestamp\n"
      "    time_format %d/%b/%Y:%H:%M:%S %z\n  </grok>\n"
      "  <grok>\n    pattern %{WORD:[event][action]}=%{INT:n:integer}\n  </grok>\n</parse>\n");
  Batch batch;
  const auto lines = fixture.Lines(
      {R"(192.0.2.1 - - [15/Jan/2024:10:30:00 +0000] "GET / HTTP/1.1" 200 5)", "login=7"}, batch);
  ASSERT_EQ(fixture.parser().Parse(lines[0], batch), ParseStatus::kOk);
  ASSERT_EQ(fixture.parser().Parse(lines[1], batch), ParseStatus::kOk);
  EXPECT_EQ(batch.rows()[0].time, (EventTime{1705314600, 0}));
  EXPECT_NE(Record(batch, 0).find(R"("http.response.status_code":200)"), std::string::npos);
  EXPECT_NE(Record(batch, 0).find(R"("which":"web")"), std::string::npos);
  EXPECT_EQ(Record(batch, 1), R"({"event.action":"login","n":7,"which":"1"})");
}

TEST(Logfmt, OddLines) {
  ParserFixture fixture("<parse>\n  @type logfmt\n</parse>\n");
  const auto record = [&](const std::string& line) {
    Batch batch;
    const auto lines = fixture.Lines({line}, batch);
    EXPECT_EQ(fixture.parser().Parse(lines[0], batch), ParseStatus::kOk);
    return Record(batch);
  };
  EXPECT_EQ(record(""), "{}");
  EXPECT_EQ(record("a= b=\"\" c"), R"({"a":true,"b":"","c":true})");
  EXPECT_EQ(record(R"(a="x \"y\" \z" b=1 b=2)"), R"({"a":"x \"y\" \\z","b":2})");
  EXPECT_EQ(record("a=\"not closed"), R"({"a":"not closed"})");
  EXPECT_EQ(record("n=007 m=1e3 k=-0.5 u=a=b"), R"({"n":"007","m":1e3,"k":-0.5,"u":"a=b"})");
}

}  // namespace
}  // namespace tailrace::parser
