// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace run`; what it does is said in run.cpp and in the table of commands.

#include <string>
#include <vector>

namespace tailrace::command {

int Run(const std::vector<std::string>& args);

}  // namespace tailrace::command
