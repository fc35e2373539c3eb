// SPDX-License-Identifier: Apache-2.0
// `tailrace config`: the element tree as JSON, after @include and embedded Ruby.

#include "command/config.h"

#include <cstdio>

#include "command/agent_options.h"
#include "command/command.h"
#include "config/tree_json.h"

namespace tailrace::command {

int Config(const std::vector<std::string>& args) {
  auto options = ParseAgentOptions("config", args);
  if (!options) return kUsage;
  config::Problems problems;
  config::Loaded loaded;
  const bool fine = LoadConfig(*options, &loaded, &problems);
  std::fputs(config::Format(problems).c_str(), stderr);
  if (!fine) return kWrong;
  std::printf("%s\n", config::ToJson(loaded.root).c_str());
  return kOk;
}

}  // namespace tailrace::command
