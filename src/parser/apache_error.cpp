// SPDX-License-Identifier: Apache-2.0
// Apache's error log (https://docs.fluentd.org/parser/apache_error).
#include "parser/regexp.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct ApacheErrorParams : parser::RegexpParams {
  ApacheErrorParams() {
    expression.source =
        R"re(^\[[^ ]* (?<time>[^\]]*)\] \[(?<level>[^\]]*)\](?: \[pid (?<pid>[^\]]*)\])?)re"
        R"re(( \[client (?<client>[^\]]*)\])? (?<message>.*)$)re";
  }
  static const Schema<ApacheErrorParams>& schema() {
    static const auto s = parser::RegexpParams::SchemaWithDefault<ApacheErrorParams>();
    return s;
  }
};

class ApacheErrorParser final : public parser::RegexpParser {
 public:
  using Params = ApacheErrorParams;
  ApacheErrorParser(Params params, PluginEnv& env) : RegexpParser(std::move(params), env) {}
};

}  // namespace

PluginEntry ApacheErrorParserPlugin() {
  return DefinePlugin<ApacheErrorParser>(
      PluginKind::kParser, "apache_error", "Apache's error log.", {},
      {{"An error", "<parse>\n  @type apache_error\n</parse>\n",
        "[Mon Jan 15 10:30:00 2024] [error] [client 127.0.0.1] client denied\n",
        R"({"time":[1705314600,0],"record":{"level":"error","client":"127.0.0.1",)"
        R"("message":"client denied"}})"
        "\n"}});
}

}  // namespace tailrace
