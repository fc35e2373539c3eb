// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is known of each plugin of the running agent, as JSON.

#include <string>
#include <vector>

#include "observe/pages.h"
#include "observe/topology.h"
#include "tailrace/metrics.h"

namespace tailrace::observe {

// Which plugins a request of monitor_agent asks for: all where nothing is set.
struct PluginSelection {
  std::string id;    // @id
  std::string type;  // @type
  std::string tag;   // the output that takes this tag
};

// {"plugins":[{"plugin_id":..,"plugin_category":..,"type":..,..}]}, as Fluentd's monitor_agent.
std::string PluginsJson(const PageOptions& options, const PluginSelection& selection);
// The same objects, one each, in order: what monitor_agent emits as events.
std::vector<std::string> PluginObjects(const PageOptions& options,
                                       const PluginSelection& selection);
// The same as LTSV lines, which is what /api/plugins without .json gives.
std::string PluginsLtsv(const PageOptions& options, const PluginSelection& selection);
// {"plugins":[..],"metrics":[{"name":..,"labels":{..},"value":..}],"problems":[..]}
std::string StateJson();

}  // namespace tailrace::observe
