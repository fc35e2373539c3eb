// SPDX-License-Identifier: Apache-2.0
#include "command/parse.h"

#include <gtest/gtest.h>

#include "command/event_json.h"
#include "command/zone_scope.h"
#include "config/load.h"
#include "oracle/oracle.h"
#include "plugins.h"

namespace tailrace::command {
namespace {

using oracle::Json;

constexpr EventTime kNow{1772600767, 123456789};

runtime::BuildOptions Options() {
  runtime::BuildOptions options;
  options.hostname = "oracle-host";
  options.clock = [] { return kNow; };
  return options;
}

std::string LineOf(const Json& in) {
  if (in.is_string()) return in.get<std::string>();
  std::string bytes;
  EXPECT_TRUE(Base64Decode(in.at("$bin").get<std::string>(), &bytes));
  return bytes;
}

bool SameEvent(const Json& expected, const std::string& got_text) {
  const Json got = Json::parse(got_text);
  if (expected.contains("unparsed")) return got.contains("unparsed") && !got.contains("error");
  if (expected.contains("error")) return got.contains("error");
  Json time = expected["time"];
  if (time == "now") time = Json::array({kNow.sec, kNow.nsec});
  return got.contains("record") && got["time"] == time &&
         nlohmann::json(got["record"]) == nlohmann::json(expected["record"]) &&
         got["record"].dump() != "";
}

// Empty if the events are those of one of Fluentd's answers.
std::string Difference(const Json& expected, const Json& input, const std::string& conf) {
  config::Problems problems;
  const config::Loaded loaded = config::LoadText(conf, "case.conf", {}, &problems);
  ParseSession session(loaded.root, Options(), problems);
  const bool refused = problems.HasErrors() || !session.usable();
  if (expected.is_object()) {
    return refused == expected.contains("config_error") ? "" : "the configuration is accepted";
  }
  if (refused) return "the configuration is refused: " + config::Format(problems);
  std::string difference;
  for (size_t i = 0; i < input["lines"].size(); ++i) {
    const std::string line = LineOf(input["lines"][i]);
    const std::vector<std::string> got = session.ParseLine(line);
    bool same = got.size() == expected[i].size();
    for (size_t k = 0; same && k < got.size(); ++k) same = SameEvent(expected[i][k], got[k]);
    if (same) continue;
    difference += "  line     " + input["lines"][i].dump() + "\n  expected " + expected[i].dump() +
                  "\n  got      ";
    for (const std::string& event : got) difference += event + " ";
    difference += "\n";
  }
  return difference;
}

TEST(ParseOracle, Vectors) {
  oracle::Run("parse", [](const oracle::Case& c) {
    const Json& input = c.data["input"];
    const ZoneScope zone(input.value("tz", "UTC"));
    const std::string conf = c.data["conf"];
    std::string difference = Difference(c.data["expect"], input, conf);
    if (!difference.empty() && c.data.contains("also_seen") &&
        Difference(c.data["also_seen"], input, conf).empty()) {
      difference.clear();
    }
    return difference.empty() ? "" : conf + difference;
  });
}

TEST(ParserExamples, AreTrue) {
  size_t examples = 0;
  const ZoneScope zone("UTC");
  for (const PluginEntry& entry : AllPlugins()) {
    if (entry.kind != PluginKind::kParser) continue;
    EXPECT_FALSE(entry.examples.empty()) << entry.type << " has no example";
    for (const Example& example : entry.examples) {
      ++examples;
      SCOPED_TRACE(entry.type + ": " + example.title);
      config::Problems problems;
      const config::Loaded loaded = config::LoadText(example.conf, "example", {}, &problems);
      ParseSession session(loaded.root, Options(), problems);
      ASSERT_TRUE(session.usable()) << config::Format(problems);
      EXPECT_TRUE(problems.empty()) << config::Format(problems);
      std::vector<std::string_view> lines;
      std::string_view rest = example.input;
      for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        lines.push_back(rest.substr(0, end));
        rest.remove_prefix(end + 1);
      }
      std::vector<std::string> got;
      if (entry.type.find("multiline") != std::string::npos) {
        got = session.ParseFile(lines);
      } else {
        for (const std::string_view line : lines) {
          for (std::string& event : session.ParseLine(line)) got.push_back(std::move(event));
        }
      }
      std::string printed;
      for (const std::string& event : got) {
        Json json = Json::parse(event);
        if (json.contains("time") && json["time"] == Json::array({kNow.sec, kNow.nsec})) {
          json["time"] = "now";
        }
        printed += json.dump() + "\n";
      }
      EXPECT_EQ(printed, example.expected);
    }
  }
  EXPECT_GT(examples, 0u);
}

TEST(ParseSession, NamesWhatIsWrong) {
  config::Problems problems;
  const config::Loaded loaded =
      config::LoadText("<parse>\n  @type regexp\n  expression /(a)/\n  time_type epoch\n</parse>\n",
                       "c.conf", {}, &problems);
  ParseSession session(loaded.root, Options(), problems);
  EXPECT_FALSE(session.usable());
  EXPECT_NE(config::Format(problems).find("c.conf:4:"), std::string::npos)
      << config::Format(problems);
}

}  // namespace
}  // namespace tailrace::command
