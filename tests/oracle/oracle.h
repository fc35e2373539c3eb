// SPDX-License-Identifier: Apache-2.0
#pragma once
// Runs the recorded Fluentd vectors of one area (tests/oracle/README.md) as one test that names
// every case that differs:
//
//   TEST(ConfigOracle, Vectors) {
//     oracle::Run("config", [](const oracle::Case& c) -> std::string { return why it differs; });
//   }
//
// A case listed in deliberate_differences.txt must differ; one that passes is a failure too.

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "source_dir.h"

namespace tailrace::oracle {

using Json = nlohmann::ordered_json;

struct Case {
  std::string id;
  std::string about;
  Json data;  // the whole case: conf, input, expect, quirk, also_seen
};

inline std::string Folder() { return SourcePath("tests/oracle/"); }

inline std::map<std::string, std::string> DeliberateDifferences() {
  std::map<std::string, std::string> reasons;
  std::ifstream in(Folder() + "deliberate_differences.txt");
  for (std::string line; std::getline(in, line);) {
    const size_t colon = line.find(": ");
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    reasons[line.substr(0, colon)] = line.substr(colon + 2);
  }
  return reasons;
}

// `differs` returns an empty text where tailrace does what Fluentd did.
inline void Run(const std::string& area, const std::function<std::string(const Case&)>& differs) {
  const auto deliberate = DeliberateDifferences();
  std::ifstream in(Folder() + area + ".ndjson");
  ASSERT_TRUE(in) << "no vectors for " << area;
  size_t cases = 0;
  for (std::string line; std::getline(in, line);) {
    const Json data = Json::parse(line);
    const Case one{data["id"], data["about"], data};
    ++cases;
    const std::string difference = differs(one);
    if (deliberate.count(one.id) != 0) {
      EXPECT_FALSE(difference.empty())
          << one.id << " (" << one.about << ") passes: remove it from deliberate_differences.txt";
    } else if (!difference.empty()) {
      ADD_FAILURE() << one.id << " (" << one.about << ")\n" << difference;
    }
  }
  EXPECT_GT(cases, 0u);
}

}  // namespace tailrace::oracle
