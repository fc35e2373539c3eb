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
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

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

enum class Order : uint8_t {
  kOneByOne,
  kTogether,  // each case on a thread of its own: for cases that mostly wait
};

// `differs` returns an empty text where tailrace does what Fluentd did.
inline void Run(const std::string& area, const std::function<std::string(const Case&)>& differs,
                Order order = Order::kOneByOne) {
  const auto deliberate = DeliberateDifferences();
  std::ifstream in(Folder() + area + ".ndjson");
  ASSERT_TRUE(in) << "no vectors for " << area;
  std::vector<Case> cases;
  for (std::string line; std::getline(in, line);) {
    Json data = Json::parse(line);
    cases.push_back({data["id"], data["about"], std::move(data)});
  }
  ASSERT_FALSE(cases.empty());
  std::vector<std::future<std::string>> answers;
  answers.reserve(cases.size());
  const auto policy = order == Order::kTogether ? std::launch::async : std::launch::deferred;
  for (const Case& one : cases) answers.push_back(std::async(policy, differs, std::cref(one)));
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& one = cases[i];
    const std::string difference = answers[i].get();
    if (deliberate.count(one.id) != 0) {
      EXPECT_FALSE(difference.empty())
          << one.id << " (" << one.about << ") passes: remove it from deliberate_differences.txt";
    } else if (!difference.empty()) {
      ADD_FAILURE() << one.id << " (" << one.about << ")\n" << difference;
    }
  }
}

}  // namespace tailrace::oracle
