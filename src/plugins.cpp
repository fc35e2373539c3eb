// SPDX-License-Identifier: Apache-2.0
#include "plugins.h"

#include <algorithm>

namespace tailrace {

// Inputs.
PluginEntry ForwardInputPlugin();
PluginEntry MonitorAgentInputPlugin();
PluginEntry PrometheusInputPlugin();
PluginEntry PrometheusMonitorInputPlugin();
PluginEntry PrometheusOutputMonitorInputPlugin();
PluginEntry PrometheusTailMonitorInputPlugin();
PluginEntry TailInputPlugin();

// Parsers.
PluginEntry ApacheParserPlugin();
PluginEntry Apache2ParserPlugin();
PluginEntry ApacheErrorParserPlugin();
PluginEntry ContainerParserPlugin();
PluginEntry CriParserPlugin();
PluginEntry CsvParserPlugin();
PluginEntry DockerParserPlugin();
PluginEntry GrokParserPlugin();
PluginEntry InHttpParserPlugin();
PluginEntry JsonParserPlugin();
PluginEntry JsonInJsonParserPlugin();
PluginEntry KubernetesParserPlugin();
PluginEntry LogfmtParserPlugin();
PluginEntry LtsvParserPlugin();
PluginEntry MsgpackParserPlugin();
PluginEntry MultiFormatParserPlugin();
PluginEntry MultilineParserPlugin();
PluginEntry MultilineGrokParserPlugin();
PluginEntry MultilineKubernetesParserPlugin();
PluginEntry NginxParserPlugin();
PluginEntry NoneParserPlugin();
PluginEntry RegexpParserPlugin();
PluginEntry SyslogParserPlugin();
PluginEntry TsvParserPlugin();

// Filters.
PluginEntry ConcatFilterPlugin();
PluginEntry DedotFilterPlugin();
PluginEntry DetectExceptionsFilterPlugin();
PluginEntry EchoSchemaFilterPlugin();
PluginEntry FlattenHashFilterPlugin();
PluginEntry GrepFilterPlugin();
PluginEntry ParserFilterPlugin();
PluginEntry RecordModifierFilterPlugin();
PluginEntry RecordTransformerFilterPlugin();
PluginEntry StdoutFilterPlugin();
PluginEntry KubernetesMetadataFilterPlugin();
PluginEntry TypecastFilterPlugin();

// Formatters.
PluginEntry CsvFormatterPlugin();
PluginEntry HashFormatterPlugin();
PluginEntry JsonFormatterPlugin();
PluginEntry LtsvFormatterPlugin();
PluginEntry MsgpackFormatterPlugin();
PluginEntry OutFileFormatterPlugin();
PluginEntry SingleValueFormatterPlugin();
PluginEntry StdoutFormatterPlugin();
PluginEntry TsvFormatterPlugin();

// Outputs.
PluginEntry CopyOutputPlugin();
PluginEntry DetectExceptionsOutputPlugin();
PluginEntry ElasticsearchOutputPlugin();
PluginEntry FileOutputPlugin();
PluginEntry FlattenHashOutputPlugin();
PluginEntry NullOutputPlugin();
PluginEntry RecordModifierOutputPlugin();
PluginEntry RelabelOutputPlugin();
PluginEntry RewriteTagFilterOutputPlugin();
PluginEntry StdoutOutputPlugin();

const std::vector<PluginEntry>& AllPlugins() {
  static const std::vector<PluginEntry> plugins = {
      // Inputs.
      ForwardInputPlugin(),
      MonitorAgentInputPlugin(),
      PrometheusInputPlugin(),
      PrometheusMonitorInputPlugin(),
      PrometheusOutputMonitorInputPlugin(),
      PrometheusTailMonitorInputPlugin(),
      TailInputPlugin(),

      // Parsers.
      ApacheParserPlugin(),
      Apache2ParserPlugin(),
      ApacheErrorParserPlugin(),
      ContainerParserPlugin(),
      CriParserPlugin(),
      CsvParserPlugin(),
      DockerParserPlugin(),
      GrokParserPlugin(),
      InHttpParserPlugin(),
      JsonParserPlugin(),
      JsonInJsonParserPlugin(),
      KubernetesParserPlugin(),
      LogfmtParserPlugin(),
      LtsvParserPlugin(),
      MsgpackParserPlugin(),
      MultiFormatParserPlugin(),
      MultilineParserPlugin(),
      MultilineGrokParserPlugin(),
      MultilineKubernetesParserPlugin(),
      NginxParserPlugin(),
      NoneParserPlugin(),
      RegexpParserPlugin(),
      SyslogParserPlugin(),
      TsvParserPlugin(),

      // Filters.
      ConcatFilterPlugin(),
      DedotFilterPlugin(),
      DetectExceptionsFilterPlugin(),
      EchoSchemaFilterPlugin(),
      FlattenHashFilterPlugin(),
      GrepFilterPlugin(),
      ParserFilterPlugin(),
      RecordModifierFilterPlugin(),
      RecordTransformerFilterPlugin(),
      StdoutFilterPlugin(),
      KubernetesMetadataFilterPlugin(),
      TypecastFilterPlugin(),

      // Formatters.
      CsvFormatterPlugin(),
      HashFormatterPlugin(),
      JsonFormatterPlugin(),
      LtsvFormatterPlugin(),
      MsgpackFormatterPlugin(),
      OutFileFormatterPlugin(),
      SingleValueFormatterPlugin(),
      StdoutFormatterPlugin(),
      TsvFormatterPlugin(),

      // Outputs.
      CopyOutputPlugin(),
      DetectExceptionsOutputPlugin(),
      ElasticsearchOutputPlugin(),
      FileOutputPlugin(),
      FlattenHashOutputPlugin(),
      NullOutputPlugin(),
      RecordModifierOutputPlugin(),
      RelabelOutputPlugin(),
      RewriteTagFilterOutputPlugin(),
      StdoutOutputPlugin(),
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
