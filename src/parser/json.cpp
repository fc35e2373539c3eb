// SPDX-License-Identifier: Apache-2.0
// One JSON object a line, or an array of them (https://docs.fluentd.org/parser/json).
#include "parser/json_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {

PluginEntry JsonParserPlugin() {
  return DefinePlugin<parser::JsonParser>(
      PluginKind::kParser, "json", "One JSON object a line, or an array of objects.", {},
      {{"The time is taken from the record",
        "<parse>\n  @type json\n  time_type string\n  time_format %iso8601\n</parse>\n",
        R"({"time":"2024-01-15T10:30:00Z","level":"info","message":"up"})"
        "\nnot JSON\n",
        R"({"time":[1705314600,0],"record":{"level":"info","message":"up"}})"
        "\n"
        R"({"unparsed":true})"
        "\n"}});
}

}  // namespace tailrace
