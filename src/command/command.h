// SPDX-License-Identifier: Apache-2.0
#pragma once
// The commands of the tailrace program: one file each, listed in command.cpp. They print data on
// standard output and everything else on standard error.

#include <string>
#include <vector>

namespace tailrace::command {

// Exit codes of every command.
inline constexpr int kOk = 0;
inline constexpr int kWrong = 1;        // the input or the configuration is wrong
inline constexpr int kUsage = 2;        // the command line is wrong
inline constexpr int kEnvironment = 3;  // a file, a port or a server cannot be had

struct Command {
  const char* name;
  const char* summary;
  // Arguments after the command's name.
  int (*run)(const std::vector<std::string>& args);
};

const std::vector<Command>& AllCommands();

// What main() does: finds the command (none: run), or explains them all.
int Main(int argc, char** argv);

}  // namespace tailrace::command
