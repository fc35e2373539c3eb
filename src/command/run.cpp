// SPDX-License-Identifier: Apache-2.0
// `tailrace run`: the agent.

#include "command/run.h"

#include <unistd.h>

#include <cstdio>

#include "command/agent_options.h"
#include "command/check.h"
#include "command/command.h"
#include "observe/log_setup.h"
#include "runtime/agent.h"

namespace tailrace::command {

int Run(const std::vector<std::string>& args) {
  auto options = ParseAgentOptions("run", args);
  if (!options) return kUsage;
  if (options->dry_run) return Check(args);
  options->load.read_include_dir = true;
  config::Problems problems;
  config::Loaded loaded;
  LoadConfig(*options, &loaded, &problems);
  const SystemSettings system = ReadSystem(loaded.root, *options, problems);
  SetLogLevel(system.log_level);
  SetLogJson(system.log_json);
  runtime::Agent agent(loaded.root, BuildOptionsOf(*options, system), problems);
  std::fputs(config::Format(problems).c_str(), stderr);
  if (problems.HasErrors()) {
    LogError("the configuration has errors; the agent does not start.",
             {{"file", options->config_path}, {"errors", problems.ErrorCount()}});
    return kWrong;
  }
  LogInfo("starting tailrace", {{"version", TAILRACE_VERSION},
                                {"pid", getpid()},
                                {"workers", system.workers},
                                {"config", options->config_path}});
  const int code = agent.Run();
  LogInfo("tailrace has stopped", {{"exit_code", code}});
  return code;
}

}  // namespace tailrace::command
