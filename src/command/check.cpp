// SPDX-License-Identifier: Apache-2.0
// `tailrace check`: builds everything that `run` would build, starts nothing, and prints every
// problem with its place. Exit code 0 if the agent would start, 1 if not.

#include "command/check.h"

#include <cstdio>

#include "command/agent_options.h"
#include "command/command.h"

namespace tailrace::command {

int Check(const std::vector<std::string>& args) {
  auto options = ParseAgentOptions("check", args);
  if (!options) return kUsage;
  options->load.read_include_dir = true;
  config::Problems problems;
  config::Loaded loaded;
  LoadConfig(*options, &loaded, &problems);
  // What could be read is checked even if something could not.
  const SystemSettings system = ReadSystem(loaded.root, *options, problems);
  {
    runtime::Builder builder(loaded.root, BuildOptionsOf(*options, system), problems);
    static_cast<void>(builder.Build(0));
  }
  std::fputs(config::Format(problems).c_str(), stderr);
  if (problems.HasErrors()) {
    std::fprintf(stderr, "%s: %zu error(s)\n", options->config_path.c_str(), problems.ErrorCount());
    return kWrong;
  }
  std::fprintf(stderr, "%s: fine\n", options->config_path.c_str());
  return kOk;
}

}  // namespace tailrace::command
