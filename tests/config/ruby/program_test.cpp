// SPDX-License-Identifier: Apache-2.0
// Expressions and what Ruby makes of them. Expected texts are Ruby 3.4's.
#include "config/ruby/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

namespace tailrace::config::ruby {
namespace {

using testing::HasSubstr;

Value Record() {
  Value record;
  EXPECT_TRUE(
      ParseJson(R"({"message":"GET /a?x=1 200","level":"WARN","n":42,"f":1.5,"nil":null,)"
                R"("kubernetes":{"namespace_name":"echo","labels":{"app":"web"}},"list":[3,1,2]})",
                &record));
  return record;
}

Host TestHost() {
  Host host;
  host.hostname = "node-1";
  host.environment = {{"HOME", "/home/x"}, {"A", "alpha"}, {"N", "8"}};
  host.now = [] { return TimeValue{1772600767, 123456789, true, 0}; };
  return host;
}

struct Answer {
  Outcome outcome = Outcome::kRaised;
  std::string text;   // inspect of the value
  std::string error;  // of compiling or running
};

Answer Evaluate(std::string_view source) {
  Answer answer;
  const auto program = Program::Compile(source, {"record", "tag", "time", "tag_parts", "hostname"});
  if (!program) {
    answer.error = program.error().message;
    return answer;
  }
  const std::array<Value, 5> variables = {Record(), "kube.var.log",
                                          TimeValue{1705314600, 250000000, true, 0},
                                          Value::MakeArray({"kube", "var", "log"}), "node-1"};
  Value result;
  answer.outcome = program->Run(variables, TestHost(), &result, &answer.error);
  if (answer.outcome == Outcome::kValue) answer.text = Inspect(result);
  return answer;
}

struct Expectation {
  const char* source;
  const char* inspected;
};

class Expression : public testing::TestWithParam<Expectation> {};

TEST_P(Expression, HasRubysValue) {
  const auto answer = Evaluate(GetParam().source);
  EXPECT_EQ(answer.text, GetParam().inspected) << GetParam().source << ": " << answer.error;
}

INSTANTIATE_TEST_SUITE_P(
    Literals, Expression,
    testing::Values(Expectation{"1 + 2 * 3 - 4 / 2", "5"}, Expectation{"-7 / 2", "-4"},
                    Expectation{"-7 % 3", "2"}, Expectation{"2 ** 10", "1024"},
                    Expectation{"10 / 4.0", "2.5"}, Expectation{"0x1f + 0b11 + 017", "49"},
                    Expectation{"1_000.5e1", "10005.0"}, Expectation{"'it\\'s'", "\"it's\""},
                    Expectation{"\"a\\tb#{1 + 1}c\"", "\"a\\tb2c\""},
                    Expectation{"\"#{\"in #{'deep'}\"}\"", "\"in deep\""},
                    Expectation{"%w[a b c]", "[\"a\", \"b\", \"c\"]"},
                    Expectation{"%q(a(b)c)", "\"a(b)c\""}, Expectation{":sym", ":sym"},
                    Expectation{"[1, 'a', nil, true]", "[1, \"a\", nil, true]"},
                    Expectation{"{'a' => 1, b: 2}", "{\"a\" => 1, b: 2}"},
                    Expectation{"\"\\u00e9\\x41\\101\"",
                                "\"\xC3\xA9"
                                "AA\""},
                    Expectation{"nil", "nil"}, Expectation{"1e20", "1.0e+20"}));

INSTANTIATE_TEST_SUITE_P(
    Control, Expression,
    testing::Values(
        Expectation{"nil || 'x'", "\"x\""}, Expectation{"false or 1 and 2", "2"},
        Expectation{"!nil && not(false)", "true"}, Expectation{"1 > 2 ? 'a' : 'b'", "\"b\""},
        Expectation{"true ? false ? 1 : 2 : 3", "2"},
        Expectation{"if record['n'] > 40 then 'big' else 'small' end", "\"big\""},
        Expectation{"'x' if false", "nil"}, Expectation{"'x' unless false", "\"x\""},
        Expectation{"a = 2; b = a * 3; a + b", "8"}, Expectation{"Integer('x') rescue -1", "-1"},
        Expectation{"case record['level'] when 'ERROR', 'FATAL' then 1 when /^W/ then 2 else 3 end",
                    "2"},
        Expectation{"case 5 when 1..3 then 'l' when 4...6 then 'm' end", "\"m\""},
        Expectation{"record['nil']&.upcase", "nil"},
        Expectation{"1 == 1.0 && 'a' != 'b' && 1 <=> 2", "-1"},
        Expectation{"[1,\n 2]\n  .sum", "3"}, Expectation{"(1; 2)", "2"}));

INSTANTIATE_TEST_SUITE_P(
    Strings, Expression,
    testing::Values(
        Expectation{"'a,b,,'.split(',')", "[\"a\", \"b\"]"},
        Expectation{"'a,b,c'.split(',', 2)", "[\"a\", \"b,c\"]"},
        Expectation{"' a  b '.split", "[\"a\", \"b\"]"},
        Expectation{"'abc'.split('')", "[\"a\", \"b\", \"c\"]"},
        Expectation{"'a1b22'.split(/\\d+/)", "[\"a\", \"b\"]"},
        Expectation{"'Hello'[1..-2]", "\"ell\""}, Expectation{"'Hello'[-3, 2]", "\"ll\""},
        Expectation{"'Hello'[9]", "nil"}, Expectation{"'x=1'[/(\\w)=(\\d)/, 2]", "\"1\""},
        Expectation{"'a.b.c'.gsub('.', '_')", "\"a_b_c\""},
        Expectation{"'john smith'.gsub(/(\\w+) (\\w+)/, '\\2 \\1')", "\"smith john\""},
        Expectation{"'abc'.gsub(/b/) { |m| m.upcase }", "\"aBc\""},
        Expectation{"'aaa'.sub('a', 'b')", "\"baa\""},
        Expectation{"'abc'.gsub(/x*/, '-')", "\"-a-b-c-\""},
        Expectation{"'hello'.tr('el', 'ip')", "\"hippo\""},
        Expectation{"'hello'.delete('l')", "\"heo\""}, Expectation{"'aabb'.squeeze", "\"ab\""},
        Expectation{"'%05d|%.2f|%s' % [42, 1.5, 'x']", "\"00042|1.50|x\""},
        Expectation{"'  x '.strip + 'y'.center(3, '*')", "\"x*y*\""},
        Expectation{"'\xC3\xA9t\xC3\xA9'.upcase.length", "3"},
        Expectation{"'12abc'.to_i + '0x1f'.hex", "43"}, Expectation{"'abc' =~ /c/", "2"},
        Expectation{"'k=v' =~ /(\\w)=(\\w)/ ? $2 + $1 : nil", "\"vk\""},
        Expectation{"'a-b'.match(/(?<l>\\w)-(?<r>\\w)/)['r']", "\"b\""},
        Expectation{"'a1b2'.scan(/[a-z]\\d/)", "[\"a1\", \"b2\"]"},
        Expectation{"'ab'.start_with?('a') && 'ab'.end_with?('x', 'b')", "true"},
        Expectation{"'a:b'.partition(':')", "[\"a\", \":\", \"b\"]"},
        Expectation{"'abc'.reverse.capitalize", "\"Cba\""},
        Expectation{"'x'.nil? || 'x'.empty?", "false"}));

INSTANTIATE_TEST_SUITE_P(
    Collections, Expression,
    testing::Values(Expectation{"[3, 1, 2].sort.map { |x| x * 2 }", "[2, 4, 6]"},
                    Expectation{"%w[a b].map(&:upcase).join('-')", "\"A-B\""},
                    Expectation{"[1, nil, 2].compact.select { |x| x > 1 }", "[2]"},
                    Expectation{"[1, [2, [3]]].flatten.sum", "6"},
                    Expectation{"(1..4).reduce(:+)", "10"},
                    Expectation{"[1, 2, 3].inject { |a, b| a * b }", "6"},
                    Expectation{"[1, 2, 3][1..]", "[2, 3]"}, Expectation{"[5, 6][-1]", "6"},
                    Expectation{"[1, 2] + [3] - [1] | [9]", "[2, 3, 9]"},
                    Expectation{"{a: 1}.merge({b: 2}).keys", "[:a, :b]"},
                    Expectation{"{'a' => 1, 'b' => 2}.map { |k, v| k + v.to_s }",
                                "[\"a1\", \"b2\"]"},
                    Expectation{"{'a' => 1, 'b' => nil}.compact.to_json", "\"{\\\"a\\\":1}\""},
                    Expectation{"{'a' => 1, 'b' => 2}.select { |k, v| v > 1 }", "{\"b\" => 2}"},
                    Expectation{"record.reject { |k, _| k != 'n' }", "{\"n\" => 42}"},
                    Expectation{"[['a', 1]].to_h", "{\"a\" => 1}"},
                    Expectation{"[1, 2, 3].partition { |x| x.odd? }", "[[1, 3], [2]]"},
                    Expectation{"%w[bb a].sort_by { |x| x.size }", "[\"a\", \"bb\"]"},
                    Expectation{"[1, 2].include?(2) && [1, 2].any? { |x| x > 1 }", "true"}));

INSTANTIATE_TEST_SUITE_P(
    Records, Expression,
    testing::Values(
        Expectation{"record['kubernetes']['namespace_name']", "\"echo\""},
        Expectation{"record.dig('kubernetes', 'labels', 'app')", "\"web\""},
        Expectation{"record.dig('kubernetes', 'x', 'y')", "nil"},
        Expectation{"record['x'] || 'none'", "\"none\""},
        Expectation{"record.has_key?('n') ? record['n'].to_s : ''", "\"42\""},
        Expectation{"record['x'] = 'new'; record['x']", "\"new\""},
        Expectation{"record.delete('n'); record.key?('n')", "false"},
        Expectation{"tag_parts[-1].sub('o', '0')", "\"l0g\""},
        Expectation{"tag.split('.')[1] + hostname", "\"varnode-1\""},
        Expectation{"JSON.parse('{\"a\":[1]}')['a'][0]", "1"},
        Expectation{"JSON.parse('x') rescue {}", "{}"},
        Expectation{"time.strftime('%Y-%m-%dT%H:%M:%S.%LZ')", "\"2024-01-15T10:30:00.250Z\""},
        Expectation{"time.iso8601(3)", "\"2024-01-15T10:30:00.250Z\""},
        Expectation{"time.to_i", "1705314600"}, Expectation{"(time + 60).utc.min", "31"},
        Expectation{"Time.at(0).utc.to_s", "\"1970-01-01 00:00:00 UTC\""},
        Expectation{"Time.parse('2024-01-15 10:30:00 UTC').to_i", "1705314600"},
        Expectation{"Time.now.to_i", "1772600767"},
        Expectation{"record['f'].round.to_s + 3.7.floor.to_s", "\"23\""},
        Expectation{"3.14159.round(2)", "3.14"}, Expectation{"1234.round(-2)", "1200"}));

INSTANTIATE_TEST_SUITE_P(
    World, Expression,
    testing::Values(
        Expectation{"ENV['A'] || 'x'", "\"alpha\""}, Expectation{"ENV['NO'] || 'x'", "\"x\""},
        Expectation{"ENV.fetch('NO', 'd') + ENV.fetch('NO') { |k| k }", "\"dNO\""},
        Expectation{"File.join('/a/', '/b', 'c/')", "\"/a/b/c/\""},
        Expectation{"Dir.home", "\"/home/x\""},
        Expectation{"File.basename('/a/b.log', '.log') + File.extname('x.gz')", "\"b.gz\""},
        Expectation{"File.dirname('/a/b')", "\"/a\""},
        Expectation{"Socket.gethostname", "\"node-1\""},
        Expectation{"require 'ipaddr'; IPAddr.new('::1').ipv6? ? '[::1]' : 'x'", "\"[::1]\""},
        Expectation{"Digest::MD5.hexdigest('a')", "\"0cc175b9c0f1b6a831c399e269772661\""},
        Expectation{"Base64.strict_encode64('hi') + Base64.decode64('aGk=')", "\"aGk=hi\""}));

TEST(Program, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Evaluate("system('ls')").error,
              HasSubstr("'system' is not a known variable or function"));
  EXPECT_THAT(Evaluate("`ls`").error, HasSubstr("'`' is not understood"));
  EXPECT_THAT(Evaluate("'a'.instance_eval('b')").error,
              HasSubstr("'instance_eval' is not supported"));
  EXPECT_THAT(Evaluate("Kernel.exit").error, HasSubstr("'Kernel' is not supported"));
  EXPECT_THAT(Evaluate("def f; end").error, HasSubstr("'def' is not supported"));
  EXPECT_THAT(Evaluate("1 +").error, HasSubstr("ends too early"));
  EXPECT_THAT(Evaluate("->(x) { x }").error, HasSubstr("'->' is not understood"));
  EXPECT_THAT(Evaluate("'abc").error, HasSubstr("not closed"));
  EXPECT_THAT(Evaluate("/[/").error, HasSubstr("/"));
}

TEST(Program, SaysWhereInTheSource) {
  const auto program = Program::Compile("record['a'] ||\n  nonsense", {"record"});
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().line, 2u);
  EXPECT_EQ(program.error().column, 3u);
}

TEST(Program, RaisesAsRubyDoes) {
  EXPECT_THAT(Evaluate("nil.upcase").error, HasSubstr("undefined method 'upcase' for nil"));
  EXPECT_THAT(Evaluate("1 + 'a'").error, HasSubstr("needs a number, not a string"));
  EXPECT_THAT(Evaluate("1 / 0").error, HasSubstr("divided by 0"));
  EXPECT_EQ(Evaluate("raise 'boom'").error, "boom");
  EXPECT_THAT(Evaluate("ENV.fetch('NO')").error, HasSubstr("NO is not set"));
  EXPECT_THAT(Evaluate("'a' * 1000000000").error, HasSubstr("too long"));
  EXPECT_THAT(Evaluate("9223372036854775807 + 1").error, HasSubstr("too large"));
}

TEST(Program, UseNilAndDefault) {
  EXPECT_EQ(Evaluate("ENV['NO'] || use_nil").outcome, Outcome::kNil);
  EXPECT_EQ(Evaluate("ENV['NO'] || use_default").outcome, Outcome::kDefault);
  EXPECT_EQ(Evaluate("ENV['A'] || use_default").outcome, Outcome::kValue);
}

TEST(Program, EmbeddedEndsAtItsBrace) {
  size_t length = 0;
  const std::string rest = " {'a' => '}'}['a'] }tail}";
  const auto program = Program::CompileEmbedded(rest, {}, &length);
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(rest.substr(length), "}tail}");
}

TEST(Program, TellsWhichVariablesItUses) {
  const auto program = Program::Compile("tag + 'x'", {"record", "tag"});
  ASSERT_TRUE(program);
  EXPECT_FALSE(program->Uses(0));
  EXPECT_TRUE(program->Uses(1));
}

TEST(Program, ReadsAnythingWithoutDeepRecursion) {
  EXPECT_THAT(Evaluate(std::string(100000, '(')).error, HasSubstr("too deeply"));
  EXPECT_THAT(Evaluate(std::string(100000, '!')).error, HasSubstr("too deeply"));
  EXPECT_THAT(Evaluate(std::string(100000, '[')).error, HasSubstr("too deeply"));
  std::string chain = "1";
  for (int i = 0; i < 100000; ++i) chain += "+1";
  EXPECT_THAT(Evaluate(chain).error, HasSubstr("too long"));
}

}  // namespace
}  // namespace tailrace::config::ruby
