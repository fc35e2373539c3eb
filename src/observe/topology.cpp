// SPDX-License-Identifier: Apache-2.0
#include "observe/topology.h"

#include <utility>

namespace tailrace::observe {

Topology& Topology::Global() {
  static Topology topology;
  return topology;
}

void Topology::Set(std::vector<PluginInfo> plugins) {
  const std::lock_guard lock(mutex_);
  plugins_ = std::move(plugins);
}

std::vector<PluginInfo> Topology::Get() const {
  const std::lock_guard lock(mutex_);
  return plugins_;
}

}  // namespace tailrace::observe
