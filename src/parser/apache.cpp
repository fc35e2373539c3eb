// SPDX-License-Identifier: Apache-2.0
// Apache's access log, all fields as text (https://docs.fluentd.org/parser/apache). apache2 has
// numbers and nulls.
#include "parser/access_log.h"

namespace tailrace {
namespace {

constexpr const char* kExpression =
    R"re(^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] )re"
    R"re("(?<method>\S+)(?: +(?<path>[^ ]*) +\S*)?" (?<code>[^ ]*) (?<size>[^ ]*))re"
    R"re((?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")?$)re";

struct ApacheParams : parser::RegexpParams {
  ApacheParams() {
    expression.source = kExpression;
    time_format = parser::kAccessTimeFormat;
  }
  static const Schema<ApacheParams>& schema() {
    static const auto s = parser::RegexpParams::SchemaWithDefault<ApacheParams>();
    return s;
  }
};

class ApacheParser final : public parser::AccessLogParser {
 public:
  using Params = ApacheParams;
  ApacheParser(Params params, PluginEnv& env)
      : AccessLogParser(std::move(params), kExpression, Form::kApache, env) {}
};

}  // namespace

PluginEntry ApacheParserPlugin() {
  return DefinePlugin<ApacheParser>(
      PluginKind::kParser, "apache", "Apache's access log, all fields as text.", {},
      {{"An access log line", "<parse>\n  @type apache\n</parse>\n",
        R"(192.0.2.1 - - [15/Jan/2024:10:30:00 +0000] "GET / HTTP/1.1" 200 777 "-" "Opera 12")"
        "\n",
        R"({"time":[1705314600,0],"record":{"host":"192.0.2.1","user":"-","method":"GET",)"
        R"("path":"/","code":"200","size":"777","referer":"-","agent":"Opera 12"}})"
        "\n"}});
}

}  // namespace tailrace
