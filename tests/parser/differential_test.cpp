// SPDX-License-Identifier: Apache-2.0
// Hand-written formats against the regular expressions that they stand for, on generated and
// mutated lines: both must say the same of every line.
#include <gtest/gtest.h>

#include <random>

#include "parser/access_log.h"
#include "parser/cri_line.h"
#include "parser/klog.h"
#include "parser/lines.h"
#include "parser/syslog_header.h"
#include "text/regex.h"

namespace tailrace::parser {
namespace {

constexpr int kRounds = 20000;

// Changes some bytes of a line to what is likely to confuse a parser.
class Mutator {
 public:
  std::string Mutate(std::string line) {
    static constexpr std::string_view kBytes = " \"[]:<>-\\\t\n/0a'\xC3";
    const int changes = static_cast<int>(random_() % 4);
    for (int i = 0; i < changes && !line.empty(); ++i) {
      const size_t at = random_() % line.size();
      const char byte = kBytes[random_() % kBytes.size()];
      switch (random_() % 4) {
        case 0:
          line[at] = byte;
          break;
        case 1:
          line.insert(at, 1, byte);
          break;
        case 2:
          line.erase(at, 1);
          break;
        default:
          line.insert(at, line.substr(at, random_() % 8));
      }
    }
    return line;
  }
  const std::string& Pick(const std::vector<std::string>& lines) {
    return lines[random_() % lines.size()];
  }

 private:
  std::mt19937 random_{20240115};
};

std::string Outcome(Parser& parser, const std::string& text) {
  Batch batch;
  char* const copy = batch.arena().Allocate(text.size() + 64);
  std::memcpy(copy, text.data(), text.size());
  Line line;
  line.data = copy;
  line.size = static_cast<uint32_t>(text.size());
  switch (parser.Parse(line, batch)) {
    case ParseStatus::kNoMatch:
      return "no match";
    case ParseStatus::kError:
      return "error";
    case ParseStatus::kOk:
      break;
  }
  std::string out;
  command::AppendTime(batch.rows().at(0).time, out);
  return out + Record(batch);
}

// The parser of `type` must agree with the regexp parser that has its expression.
void Compare(const std::string& type, const std::string& expression, const std::string& options,
             const std::vector<std::string>& lines) {
  ParserFixture fast("<parse>\n  @type " + type + "\n</parse>\n");
  // A group more than the expression has: never the hand-written form.
  ParserFixture slow("<parse>\n  @type regexp\n  expression " + expression + "\n" + options +
                     "</parse>\n");
  Mutator mutator;
  int matched = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string line = mutator.Mutate(mutator.Pick(lines));
    const std::string expected = Outcome(slow.parser(), line);
    ASSERT_EQ(Outcome(fast.parser(), line), expected) << line;
    if (expected.starts_with('[')) ++matched;
  }
  EXPECT_GT(matched, kRounds / 10);
}

const std::vector<std::string> kAccessLines = {
    R"(10.0.0.9 - alice [15/Jan/2024:10:30:00 +0000] "GET /api/v1?x=1 HTTP/1.1" 200 612 "-" "curl/8")",
    R"(::1 - - [15/Jan/2024:10:30:00 +0100] "POST / HTTP/2.0" 404 0 "https://a.b/c" "M (X; Y) Z" "1.2.3.4")",
    R"(h - - [15/Jan/2024:10:30:00 +0000] "GET / HTTP/1.1" 200 1)",
    R"(h - - [15/Jan/2024:10:30:00 +0000] "-" 400 0 "-" "-")",
    R"(h - - [15/Jan/2024:10:30:00 +0000] "GET /a\"b HTTP/1.1" 200 1 "r\"x" "a \"q\" z")"};

TEST(Differential, Nginx) {
  Compare("nginx",
          R"re(/^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] )re"
          R"re("(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*))re"
          R"re((?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")re"
          R"re((?:\s+\"?(?<http_x_forwarded_for>[^\"]*)\"?)?)?$/)re",
          "  time_format %d/%b/%Y:%H:%M:%S %z\n", kAccessLines);
}

TEST(Differential, Apache) {
  Compare("apache",
          R"re(/^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] )re"
          R"re("(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?" (?<code>[^ ]*) (?<size>[^ ]*))re"
          R"re((?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$/)re",
          "  time_format %d/%b/%Y:%H:%M:%S %z\n", kAccessLines);
}

TEST(Differential, Apache2KeepsItsExpression) {
  // Numbers and nulls differ from the regexp parser's; the parts are compared.
  auto regex = text::Regex::Compile(
      R"re(^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] )re"
      R"re("(?<method>\S+)(?: +(?<path>(?:[^\"]|\\.)*?)(?: +\S*)?)?" (?<code>[^ ]*) )re"
      R"re((?<size>[^ ]*)(?: "(?<referer>(?:[^\"]|\\.)*)" "(?<agent>(?:[^\"]|\\.)*)")?$)re");
  ASSERT_TRUE(regex) << regex.error().message;
  Mutator mutator;
  text::Captures captures;
  int taken = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string line = mutator.Mutate(mutator.Pick(kAccessLines));
    AccessLine in;
    if (!SplitAccessLine(line, &in) || in.forwarded_for.data() != nullptr) continue;
    const text::MatchResult result = regex->Match(line, captures);
    if (result.invalid_utf8()) continue;
    ++taken;
    ASSERT_TRUE(result) << line;
    const std::string_view parts[] = {in.host, in.user, in.time,    in.method, in.path,
                                      in.code, in.size, in.referer, in.agent};
    for (size_t k = 0; k < std::size(parts); ++k) {
      ASSERT_EQ(regex->Named(captures, regex->names()[k]), parts[k]) << line;
    }
  }
  EXPECT_GT(taken, kRounds / 10);
}

TEST(Differential, Klog) {
  Compare("kubernetes", std::string("/") + kKlogExpression + "/m",
          std::string("  time_format ") + kKlogTimeFormat + "\n",
          {"I0115 10:30:00.123456    4711 kubelet.go:2205] \"SyncLoop ADD\" source=\"api\"",
           "E1231 23:59:59.999999       1 a.go:1] x\ny", "W0115 10:30:00.1 2 b.go:3] ",
           "junk\nI0115 10:30:00.123456    4711 kubelet.go:2205] later"});
}

TEST(Differential, Cri) {
  // Fields of the layout that runtimes write; anything else is split at blanks.
  auto regex = text::Regex::Compile(R"re(\A[ \t-\r\0]*([^ \t-\r\0]+)[ \t-\r\0]+([^ \t-\r\0]+))re"
                                    R"re([ \t-\r\0]+([^ \t-\r\0]+)[ \t-\r\0]((?m:.*))\z)re",
                                    {.match_invalid_utf8_as_bytes = true});
  ASSERT_TRUE(regex) << regex.error().message;
  const std::vector<std::string> lines = {"2024-01-15T10:30:00.123456789Z stdout F hello world",
                                          "2024-01-15T10:30:00.123456789+09:00 stderr P part",
                                          "2024-01-15T10:30:00.1Z stdout F:tag   indented",
                                          "2024-01-15T10:30:00Z stdout F "};
  Mutator mutator;
  text::Captures captures;
  for (int i = 0; i < kRounds; ++i) {
    std::string line = mutator.Mutate(mutator.Pick(lines));
    const size_t size = line.size();
    line.append(64, '\0');
    const std::string_view text(line.data(), size);
    CriLine in;
    const bool split = SplitCriLine(text, &in);
    ASSERT_EQ(split, static_cast<bool>(regex->Match(text, captures))) << text;
    if (!split) continue;
    ASSERT_EQ(in.time, captures[1]) << text;
    ASSERT_EQ(in.stream, captures[2]) << text;
    ASSERT_EQ(in.tag, captures[3]) << text;
    ASSERT_EQ(in.text, captures[4]) << text;
  }
}

TEST(Differential, ContainerTime) {
  ContainerTime reader;
  Mutator mutator;
  const std::vector<std::string> times = {
      "2024-01-15T10:30:00.123456789Z", "2024-01-15T10:30:59.999999999Z",
      "2024-01-15T10:30:07.000000001+09:00", "2024-01-15T10:31:00.5Z", "2024-01-15T10:30:60Z"};
  for (int i = 0; i < kRounds; ++i) {
    std::string text = mutator.Mutate(mutator.Pick(times));
    const size_t size = text.size();
    text.append(64, '\0');
    const std::string_view view(text.data(), size);
    EventTime expected;
    EventTime got;
    const bool valid = text::ParseRfc3339(view, expected);
    ASSERT_EQ(reader.Parse(view, &got), valid) << view;
    if (!valid) continue;
    ASSERT_EQ(got, expected) << view;
  }
}

TEST(Differential, Syslog3164) {
  auto regex = text::Regex::Compile(
      R"re((?<host>[^ ]*) (?<ident>[^ :\[]*)(?:\[(?<pid>[0-9]+)\])?(?:[^\:]*\:)? *)re"
      R"re((?<message>.*)$)re",
      {.match_invalid_utf8_as_bytes = true});
  ASSERT_TRUE(regex) << regex.error().message;
  const std::vector<std::string> lines = {
      "node-1 sshd[4711]: Failed password for root from 1.2.3.4: x",
      "host app: hello",
      "host app hello world",
      "h : m",
      "host app[x]: y",
      "host app[12] no colon: z"};
  Mutator mutator;
  text::Captures captures;
  for (int i = 0; i < kRounds; ++i) {
    const std::string line = mutator.Mutate(mutator.Pick(lines));
    Syslog3164 in;
    const bool split = SplitSyslog3164(line, &in);
    ASSERT_EQ(split, static_cast<bool>(regex->Match(line, captures))) << line;
    if (!split) continue;
    const std::string_view parts[] = {in.host, in.ident, in.pid, in.message};
    for (size_t k = 0; k < std::size(parts); ++k) {
      ASSERT_EQ(regex->Named(captures, regex->names()[k]), parts[k]) << k << ": " << line;
    }
  }
}

TEST(Differential, Syslog5424) {
  auto regex = text::Regex::Compile(
      R"re((?<host>[!-~]{1,255}) (?<ident>[!-~]{1,48}) (?<pid>[!-~]{1,128}) )re"
      R"re((?<msgid>[!-~]{1,32}) (?<extradata>(?:\-|(?:\[.*?(?<!\\)\])))(?: (?<message>.+))?\z)re",
      {.multiline = true, .match_invalid_utf8_as_bytes = true});
  ASSERT_TRUE(regex) << regex.error().message;
  const std::vector<std::string> lines = {"host app 4711 ID47 [a@1 b=\"c\"] message",
                                          "host app - - - text", "h a 1 M -",
                                          "h a 1 M [x y=\"]\"][z] m", "h a 1 M [x y=\"\\]\"] m\nn"};
  Mutator mutator;
  text::Captures captures;
  int taken = 0;
  for (int i = 0; i < kRounds; ++i) {
    const std::string line = mutator.Mutate(mutator.Pick(lines));
    Syslog5424 in;
    if (!SplitSyslog5424(line, &in)) continue;  // then the expression decides
    ++taken;
    ASSERT_TRUE(regex->Match(line, captures)) << line;
    const std::string_view parts[] = {in.host,  in.ident,     in.pid,
                                      in.msgid, in.extradata, in.message};
    for (size_t k = 0; k < std::size(parts); ++k) {
      ASSERT_EQ(regex->Named(captures, regex->names()[k]), parts[k]) << k << ": " << line;
    }
  }
  EXPECT_GT(taken, kRounds / 4);
}

}  // namespace
}  // namespace tailrace::parser
