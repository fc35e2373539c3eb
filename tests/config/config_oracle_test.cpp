// SPDX-License-Identifier: Apache-2.0
// What a configuration file says: the recorded cases of the area "config".
#include <filesystem>
#include <fstream>

#include "config/load.h"
#include "config/tree_json.h"
#include "oracle/oracle.h"
#include "temp_dir.h"

namespace tailrace::config {
namespace {

using oracle::Json;

void Write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string Differs(const oracle::Case& c) {
  const Json& input = c.data["input"];
  const TempDir dir;
  const auto main = dir.path() / input["main"].get<std::string>();
  Write(main, c.data["conf"]);
  for (const auto& [name, text] : input["files"].items()) Write(dir.path() / name, text);
  LoadOptions options;
  options.hostname = input["hostname"];
  options.environment.emplace();
  for (const auto& [name, text] : input["env"].items()) (*options.environment)[name] = text;
  Problems problems;
  const auto loaded = LoadFile(main.string(), options, &problems);

  const Json& expected = c.data["expect"];
  if (expected.contains("error")) {
    return problems.HasErrors() ? "" : "expected an error, got " + ToJson(loaded.root);
  }
  if (problems.HasErrors()) return "expected a tree, got\n" + Format(problems);
  const Json got = Json::parse(ToJson(loaded.root));
  return got == expected ? "" : "expected " + expected.dump() + "\n     got " + got.dump();
}

TEST(ConfigOracle, Vectors) { oracle::Run("config", Differs); }

}  // namespace
}  // namespace tailrace::config
