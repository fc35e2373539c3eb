// SPDX-License-Identifier: Apache-2.0
// Every named format under parsers/: its sample lines become what it says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "command/parse.h"
#include "command/zone_scope.h"
#include "config/load.h"
#include "source_dir.h"

namespace tailrace::parser {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr EventTime kNow{1772600767, 123456789};

std::string Text(const Json& lines) {
  std::string text;
  for (const Json& line : lines) text += line.get<std::string>() + "\n";
  return text;
}

std::string Dump(Json events) {
  std::string text;
  for (Json& event : events) {
    if (event.contains("time") && event["time"] == Json::array({kNow.sec, kNow.nsec})) {
      event["time"] = "now";
    }
    text += event.dump() + "\n";
  }
  return text;
}

void Check(const Json& format) {
  config::Problems problems;
  const config::Loaded loaded =
      config::LoadText(Text(format["parse"]), format["name"], {}, &problems);
  runtime::BuildOptions options;
  options.clock = [] { return kNow; };
  command::ParseSession session(loaded.root, options, problems);
  ASSERT_TRUE(session.usable()) << config::Format(problems);
  EXPECT_TRUE(problems.empty()) << config::Format(problems);
  EXPECT_FALSE(format["samples"].empty());
  for (const Json& sample : format["samples"]) {
    std::vector<std::string_view> lines;
    for (const Json& line : sample["lines"]) lines.push_back(line.get_ref<const std::string&>());
    const std::vector<std::string> printed =
        lines.size() == 1 ? session.ParseLine(lines[0]) : session.ParseFile(lines);
    Json events = Json::array();
    for (const std::string& event : printed) events.push_back(Json::parse(event));
    EXPECT_EQ(Dump(events), Dump(sample["events"]));
  }
}

TEST(NamedFormats, SamplesBecomeWhatTheySay) {
  const command::ZoneScope zone("UTC");
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(SourcePath("parsers"))) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  EXPECT_GE(files.size(), 15u);
  for (const fs::path& file : files) {
    SCOPED_TRACE(file.filename().string());
    std::ifstream in(file);
    const Json format = Json::parse(in);
    EXPECT_EQ(format["name"].get<std::string>(), file.stem().string());
    Check(format);
  }
}

}  // namespace
}  // namespace tailrace::parser
