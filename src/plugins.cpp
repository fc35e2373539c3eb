// SPDX-License-Identifier: Apache-2.0
#include "plugins.h"

#include <algorithm>

namespace tailrace {

// Inputs.
PluginEntry TailInputPlugin();

// Parsers.
PluginEntry ContainerParserPlugin();
PluginEntry CriParserPlugin();
PluginEntry JsonParserPlugin();
PluginEntry NoneParserPlugin();
PluginEntry RegexpParserPlugin();

// Filters.
PluginEntry EchoSchemaFilterPlugin();
PluginEntry GrepFilterPlugin();
PluginEntry ParserFilterPlugin();
PluginEntry RecordTransformerFilterPlugin();
PluginEntry KubernetesMetadataFilterPlugin();

// Formatters.

// Outputs.
PluginEntry CopyOutputPlugin();
PluginEntry ElasticsearchOutputPlugin();
PluginEntry NullOutputPlugin();
PluginEntry RelabelOutputPlugin();

const std::vector<PluginEntry>& AllPlugins() {
  static const std::vector<PluginEntry> plugins = {
      // Inputs.
      TailInputPlugin(),

      // Parsers.
      ContainerParserPlugin(),
      CriParserPlugin(),
      JsonParserPlugin(),
      NoneParserPlugin(),
      RegexpParserPlugin(),

      // Filters.
      EchoSchemaFilterPlugin(),
      GrepFilterPlugin(),
      ParserFilterPlugin(),
      RecordTransformerFilterPlugin(),
      KubernetesMetadataFilterPlugin(),

      // Formatters.

      // Outputs.
      CopyOutputPlugin(),
      ElasticsearchOutputPlugin(),
      NullOutputPlugin(),
      RelabelOutputPlugin(),
  };
  return plugins;
}

const PluginEntry* FindPlugin(PluginKind kind, std::string_view type) {
  for (const PluginEntry& entry : AllPlugins()) {
    if (entry.kind != kind) continue;
    if (entry.type == type ||
        std::find(entry.aliases.begin(), entry.aliases.end(), type) != entry.aliases.end()) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace tailrace
