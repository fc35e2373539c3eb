// SPDX-License-Identifier: Apache-2.0
#include "command/command.h"

#include <cstdio>
#include <cstring>

#include "command/check.h"
#include "command/config.h"
#include "command/filter.h"
#include "command/format.h"
#include "command/match.h"
#include "command/parse.h"
#include "command/plugin_reference.h"
#include "command/run.h"

namespace tailrace::command {

const std::vector<Command>& AllCommands() {
  static const std::vector<Command> commands = {
      {"run", "runs the agent (also without a command)", &Run},
      {"check", "reads a configuration and says everything that is wrong with it", &Check},
      {"config", "prints the configuration as JSON", &Config},
      {"filter", "runs events through the filters of a configuration", &Filter},
      {"format", "tries a <format> section on events from standard input", &Format},
      {"match", "says which pattern takes a tag", &Match},
      {"parse", "tries a <parse> section on lines from standard input", &Parse},
      {"plugins", "prints the reference of all plugins, or of one", &Plugins},
  };
  return commands;
}

namespace {

int Help() {
  std::printf("usage: tailrace [COMMAND] [OPTION]...\n\ncommands:\n");
  for (const Command& command : AllCommands()) {
    std::printf("  %-10s %s\n", command.name, command.summary);
  }
  std::printf(
      "\noptions of run:\n"
      "  -c, --config FILE         configuration (default: $FLUENT_CONF or "
      "/etc/fluent/fluent.conf)\n"
      "      --dry-run             as the command check\n"
      "  -i, --inline-config TEXT  configuration added to the file's\n"
      "      --workers N           worker threads\n"
      "      --strict-config-value refuses values that would be taken for something else\n"
      "  -v, -vv, -q, -qq          more or fewer log lines\n"
      "      --version             prints the version\n");
  return kOk;
}

}  // namespace

int Main(int argc, char** argv) {
  std::vector<std::string> args(argv + 1, argv + argc);
  if (args.size() == 1 && args[0] == "--version") {
    std::printf("tailrace %s\n", TAILRACE_VERSION);
    return kOk;
  }
  if (!args.empty() && (args[0] == "--help" || args[0] == "-h" || args[0] == "help")) {
    return Help();
  }
  if (args.empty() || args[0].starts_with("-")) return Run(args);
  for (const Command& command : AllCommands()) {
    if (args[0] == command.name) return command.run({args.begin() + 1, args.end()});
  }
  std::fprintf(stderr, "tailrace: there is no command '%s'; 'tailrace help' lists them\n",
               args[0].c_str());
  return kUsage;
}

}  // namespace tailrace::command
