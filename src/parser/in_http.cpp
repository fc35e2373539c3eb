// SPDX-License-Identifier: Apache-2.0
// What <parse> of the http input is when nothing else is said: JSON with an epoch time.
#include "parser/json_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {

PluginEntry InHttpParserPlugin() {
  return DefinePlugin<parser::JsonParser>(
      PluginKind::kParser, "in_http", "The http input's own reading of a body: JSON.", {},
      {{"A batch of events", "<parse>\n  @type in_http\n</parse>\n",
        R"([{"time":1705314600.5,"a":1},{"a":2}])"
        "\n",
        R"({"time":[1705314600,500000000],"record":{"a":1}})"
        "\n"
        R"({"time":"now","record":{"a":2}})"
        "\n"}});
}

}  // namespace tailrace
