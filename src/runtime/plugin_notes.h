// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the builder notes of every input, filter and output as it makes them, for observe::Topology.
// Main thread.

#include <string>
#include <string_view>
#include <vector>

#include "config/element.h"
#include "observe/topology.h"
#include "tailrace/plugin.h"

namespace tailrace::runtime {

class PluginNotes {
 public:
  // The plugin of this section is being made; what is made until Leave() is a part of it. Parsers
  // and formatters are not noted.
  void Enter(PluginKind kind, const PluginEntry& entry, const config::Element& section,
             const std::string& id, std::string_view label);
  void Leave(PluginKind kind);
  // The plugin being made emits to this label.
  void Target(const std::string& label);

  const std::vector<observe::PluginInfo>& plugins() const { return plugins_; }

 private:
  std::vector<observe::PluginInfo> plugins_;
  std::vector<size_t> making_;  // indexes into plugins_, the innermost last
};

}  // namespace tailrace::runtime
