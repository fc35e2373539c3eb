// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace check`; what it does is said in check.cpp and in the table of commands.

#include <string>
#include <vector>

namespace tailrace::command {

int Check(const std::vector<std::string>& args);

}  // namespace tailrace::command
