// SPDX-License-Identifier: Apache-2.0
// `tailrace config`: the element tree as JSON, after @include and embedded Ruby; with --effective
// every plugin with all its parameters.

#include "command/config.h"

#include <cstdio>

#include "command/agent_options.h"
#include "command/command.h"
#include "command/effective.h"
#include "config/tree_json.h"

namespace tailrace::command {

int Config(const std::vector<std::string>& args) {
  auto options = ParseAgentOptions("config", args);
  if (!options) return kUsage;
  config::Problems problems;
  config::Loaded loaded;
  const bool fine = LoadConfig(*options, &loaded, &problems);
  std::string json;
  if (fine && options->effective) {
    const SystemSettings system = ReadSystem(loaded.root, *options, problems);
    json = EffectiveConfig(loaded.root, BuildOptionsOf(*options, system), problems);
  } else {
    json = config::ToJson(loaded.root);
  }
  std::fputs(config::Format(problems).c_str(), stderr);
  if (!fine) return kWrong;
  std::printf("%s\n", json.c_str());
  if (problems.HasErrors()) return kWrong;
  return kOk;
}

}  // namespace tailrace::command
