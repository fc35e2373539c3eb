// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the running agent is made of: the plugins in the order of the configuration, and how labels
// join them. The monitor_agent page, the status page and `tailrace top` show it.

#include <mutex>
#include <string>
#include <vector>

namespace tailrace::observe {

struct PluginInfo {
  std::string id;        // @id or object:N
  std::string category;  // "input", "filter", "output"
  std::string type;
  std::string label;    // the section it stands in: "" is the top level
  std::string pattern;  // of <filter> and <match>
  // Labels that it emits to (@label of a source, relabel, the @label of a copy's store).
  std::vector<std::string> targets;
  // The output that it is a part of (<store>, <secondary>); empty otherwise.
  std::string parent;
  bool buffered = false;
  // Its parameters as written, as one JSON object, secrets masked.
  std::string config_json = "{}";
};

// The plugins of the process; replaced as a whole when a configuration takes effect. Any thread.
class Topology {
 public:
  static Topology& Global();

  void Set(std::vector<PluginInfo> plugins);
  std::vector<PluginInfo> Get() const;

 private:
  mutable std::mutex mutex_;
  std::vector<PluginInfo> plugins_;
};

}  // namespace tailrace::observe
