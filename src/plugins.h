// SPDX-License-Identifier: Apache-2.0
#pragma once
// The table of all plugins: explicit, one line each in plugins.cpp, no registration by static
// constructors.

#include <string_view>
#include <vector>

#include "tailrace/plugin.h"

namespace tailrace {

// Made on first use; lives for ever.
const std::vector<PluginEntry>& AllPlugins();

// By type or alias; null if there is none.
const PluginEntry* FindPlugin(PluginKind kind, std::string_view type);

}  // namespace tailrace
