// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace plugins`: the reference, made from the plugins' own tables of parameters.
//
//   tailrace plugins                    every plugin, a line each
//   tailrace plugins NAME               one (all kinds that have it): parameters, examples
//   tailrace plugins --json             kinds, types and parameters, for programs
//   tailrace plugins --reference DIR    the pages of docs/reference, one a plugin

#include <string>
#include <vector>

#include "tailrace/plugin.h"

namespace tailrace::command {

int Plugins(const std::vector<std::string>& args);

// One plugin for a terminal, and as a page of the reference.
std::string PluginText(const PluginEntry& entry);
std::string PluginPage(const PluginEntry& entry);

}  // namespace tailrace::command
