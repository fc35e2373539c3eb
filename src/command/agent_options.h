// SPDX-License-Identifier: Apache-2.0
#pragma once
// The options that commands about a whole configuration share; names and meanings are Fluentd's.

#include <optional>
#include <string>
#include <vector>

#include "config/element.h"
#include "config/load.h"
#include "config/problems.h"
#include "runtime/builder.h"
#include "tailrace/log.h"

namespace tailrace::command {

struct AgentOptions {
  std::string config_path;
  config::LoadOptions load;
  bool dry_run = false;
  bool strict_values = false;
  bool strict_names = false;
  bool effective = false;
  std::optional<int> workers;
  std::string label;  // --label: where events enter
  int verbosity = 0;  // -v adds one, -q takes one
  std::optional<std::string> hostname;
  std::optional<EventTime> now;
};

// Reads the arguments; on a mistake explains it on standard error and returns nothing.
std::optional<AgentOptions> ParseAgentOptions(const char* command,
                                              const std::vector<std::string>& args);

// What <system> and the options say together.
struct SystemSettings {
  int workers = 1;
  LogLevel log_level = LogLevel::kInfo;
  bool log_json = false;
};
SystemSettings ReadSystem(const config::Element& root, const AgentOptions& options,
                          config::Problems& problems);

runtime::BuildOptions BuildOptionsOf(const AgentOptions& options, const SystemSettings& system);

// Loads the file. False if there were errors.
bool LoadConfig(const AgentOptions& options, config::Loaded* loaded, config::Problems* problems);

}  // namespace tailrace::command
