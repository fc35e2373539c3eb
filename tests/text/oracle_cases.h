// SPDX-License-Identifier: Apache-2.0
#pragma once
// The recorded vectors of tests/oracle/ for the tests of text/: reads a file case by case and knows
// which cases differ on purpose.

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <set>
#include <string>

#include "source_dir.h"

namespace tailrace::text {

inline std::set<std::string> DeliberateDifferences() {
  std::ifstream file(SourcePath("tests/oracle/deliberate_differences.txt"));
  std::set<std::string> ids;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') ids.insert(line.substr(0, line.find(':')));
  }
  return ids;
}

// Calls `check(case)` for each case of the area; it returns "" or what is wrong. A case that is
// listed as a deliberate difference must differ.
template <typename Check>
void ForEachOracleCase(const std::string& area, size_t at_least, Check check) {
  const std::set<std::string> deliberate = DeliberateDifferences();
  std::ifstream file(SourcePath("tests/oracle/" + area + ".ndjson"));
  ASSERT_TRUE(file) << area;
  simdjson::dom::parser parser;
  size_t cases = 0;
  for (std::string line; std::getline(file, line);) {
    const simdjson::dom::element element = parser.parse(line);
    const std::string id{std::string_view(element["id"])};
    const std::string problem = check(element);
    if (deliberate.contains(id)) {
      EXPECT_NE(problem, "") << id << " is listed as a difference but passes";
    } else {
      EXPECT_EQ(problem, "") << id << ": " << std::string_view(element["about"]);
    }
    ++cases;
  }
  EXPECT_GE(cases, at_least);
}

}  // namespace tailrace::text
