// SPDX-License-Identifier: Apache-2.0
// The examples of filters and of outputs that route, run as `tailrace filter` runs them.
#include "command/filter.h"

#include <gtest/gtest.h>

#include <sstream>

#include "config/load.h"
#include "plugins.h"

namespace tailrace::command {
namespace {

std::string RunExample(const Example& example) {
  config::Problems problems;
  const config::Loaded loaded = config::LoadText(example.conf, "example", {}, &problems);
  runtime::BuildOptions options;
  options.hostname = "node-1";
  options.clock = [] { return EventTime{1700000000, 0}; };
  FilterSession session(loaded.root, options, "", problems);
  if (!problems.empty()) return config::Format(problems);
  std::string got;
  const auto add = [&got](const std::vector<FilterSession::Event>& events) {
    for (const FilterSession::Event& event : events) got += event.json + "\n";
  };
  std::istringstream input(example.input);
  for (std::string line; std::getline(input, line);) {
    const auto events = session.Feed(line);
    if (!events) return events.error().message;
    add(*events);
  }
  add(session.Flush());
  return got;
}

TEST(FilterExamples, AreTrue) {
  for (const PluginEntry& entry : AllPlugins()) {
    const bool filter = entry.kind == PluginKind::kFilter;
    const bool routes = entry.kind == PluginKind::kOutput && !entry.buffered;
    if (!filter && !routes) continue;
    if (filter && entry.type != "stdout" && entry.type != "kubernetes_metadata") {
      EXPECT_FALSE(entry.examples.empty()) << entry.type << " has no example";
    }
    for (const Example& example : entry.examples) {
      SCOPED_TRACE(entry.type + ": " + example.title);
      const bool ended = example.expected.empty() || example.expected.ends_with('\n');
      EXPECT_EQ(RunExample(example), example.expected + (ended ? "" : "\n"));
    }
  }
}

}  // namespace
}  // namespace tailrace::command
