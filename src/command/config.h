// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace config`; what it does is said in config.cpp and in the table of commands.

#include <string>
#include <vector>

namespace tailrace::command {

int Config(const std::vector<std::string>& args);

}  // namespace tailrace::command
