// SPDX-License-Identifier: Apache-2.0
// Grok patterns (the parameters of fluent-plugin-grok-parser).
#include "parser/grok.h"

#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

class LineGrokParser final : public parser::GrokParser {
 public:
  LineGrokParser(const Params& params, PluginEnv& env) : GrokParser(params, env) {}
};

}  // namespace

PluginEntry GrokParserPlugin() {
  return DefinePlugin<LineGrokParser>(
      PluginKind::kParser, "grok", "Lines read by grok patterns.", {},
      {{"Typed fields; what does not match is kept",
        "<parse>\n  @type grok\n"
        "  grok_pattern %{IP:client} %{WORD:method} %{NUMBER:bytes:integer}\n"
        "  grok_failure_key why\n</parse>\n",
        "192.0.2.1 GET 612\nnonsense\n",
        R"({"time":"now","record":{"client":"192.0.2.1","method":"GET","bytes":612}})"
        "\n"
        R"({"time":"now","record":{"message":"nonsense","why":"No grok pattern matched"}})"
        "\n"}});
}

}  // namespace tailrace
