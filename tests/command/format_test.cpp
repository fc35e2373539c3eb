// SPDX-License-Identifier: Apache-2.0
#include "command/format.h"

#include <gtest/gtest.h>

#include "command/event_json.h"
#include "command/zone_scope.h"
#include "config/load.h"
#include "oracle/oracle.h"
#include "plugins.h"

namespace tailrace::command {
namespace {

using oracle::Json;

runtime::BuildOptions Options() {
  runtime::BuildOptions options;
  options.hostname = "oracle-host";
  options.clock = [] { return EventTime{1772600767, 123456789}; };
  return options;
}

// Empty if the bytes are those of one of Fluentd's answers.
std::string Difference(const Json& expected, const Json& input, const std::string& conf) {
  config::Problems problems;
  const config::Loaded loaded = config::LoadText(conf, "case.conf", {}, &problems);
  FormatSession session(loaded.root, Options(), problems);
  const bool refused = problems.HasErrors() || !session.usable();
  if (expected.is_object()) {
    return refused == expected.contains("config_error") ? "" : "the configuration is accepted";
  }
  if (refused) return "the configuration is refused: " + config::Format(problems);
  std::string difference;
  for (size_t i = 0; i < input["events"].size(); ++i) {
    const auto got = session.FormatLine(input["events"][i].dump());
    const Json& want = expected[i];
    std::string bytes;
    if (want.contains("base64")) {
      EXPECT_TRUE(Base64Decode(want["base64"].get<std::string>(), &bytes));
    } else if (want.contains("text")) {
      bytes = want["text"].get<std::string>();
    }
    const bool same = want.contains("error") ? !got : got && *got == bytes;
    if (same) continue;
    difference += "  event    " + input["events"][i].dump() + "\n  expected " + want.dump() +
                  "\n  got      " + (got ? *got : "error: " + got.error().message) + "\n";
  }
  return difference;
}

TEST(FormatOracle, Vectors) {
  oracle::Run("format", [](const oracle::Case& c) {
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

TEST(FormatterExamples, AreTrue) {
  size_t examples = 0;
  const ZoneScope zone("UTC");
  for (const PluginEntry& entry : AllPlugins()) {
    if (entry.kind != PluginKind::kFormatter) continue;
    EXPECT_FALSE(entry.examples.empty()) << entry.type << " has no example";
    for (const Example& example : entry.examples) {
      ++examples;
      SCOPED_TRACE(entry.type + ": " + example.title);
      config::Problems problems;
      const config::Loaded loaded = config::LoadText(example.conf, "example", {}, &problems);
      FormatSession session(loaded.root, Options(), problems);
      ASSERT_TRUE(session.usable()) << config::Format(problems);
      EXPECT_TRUE(problems.empty()) << config::Format(problems);
      std::string got;
      std::string_view rest = example.input;
      for (size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        const auto text = session.FormatLine(rest.substr(0, end));
        ASSERT_TRUE(text) << text.error().message;
        got += *text;
        rest.remove_prefix(end + 1);
      }
      EXPECT_EQ(got, example.expected);
    }
  }
  EXPECT_GT(examples, 0u);
}

TEST(FormatSession, RefusesWhatIsNoEvent) {
  config::Problems problems;
  const config::Loaded loaded =
      config::LoadText("<format>\n  @type json\n</format>\n", "c.conf", {}, &problems);
  FormatSession session(loaded.root, Options(), problems);
  ASSERT_TRUE(session.usable());
  for (const char* line : {"", "x", "[]", "{}", R"({"record":1})", R"({"record":{},"time":5})"}) {
    EXPECT_FALSE(session.FormatLine(line)) << line;
  }
  EXPECT_TRUE(session.FormatLine(R"({"record":{}})"));
}

}  // namespace
}  // namespace tailrace::command
