// SPDX-License-Identifier: Apache-2.0
// nginx's access log (https://docs.fluentd.org/parser/nginx).
#include "parser/access_log.h"

namespace tailrace {
namespace {

constexpr const char* kExpression =
    R"re(^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] )re"
    R"re("(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*))re"
    R"re((?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)")re"
    R"re((?:\s+\"?(?<http_x_forwarded_for>[^\"]*)\"?)?)?$)re";

struct NginxParams : parser::RegexpParams {
  NginxParams() {
    expression.source = kExpression;
    time_format = parser::kAccessTimeFormat;
  }
  static const Schema<NginxParams>& schema() {
    static const auto s = parser::RegexpParams::SchemaWithDefault<NginxParams>();
    return s;
  }
};

class NginxParser final : public parser::AccessLogParser {
 public:
  using Params = NginxParams;
  NginxParser(Params params, PluginEnv& env)
      : AccessLogParser(std::move(params), kExpression, Form::kNginx, env) {}
};

}  // namespace

PluginEntry NginxParserPlugin() {
  return DefinePlugin<NginxParser>(
      PluginKind::kParser, "nginx", "nginx's access log.", {},
      {{"An access log line with typed numbers",
        "<parse>\n  @type nginx\n  types code:integer,size:integer\n</parse>\n",
        R"(10.0.0.9 - alice [15/Jan/2024:10:30:00 +0000] "GET /api/v1 HTTP/1.1" 200 612 )"
        R"("https://echo.example/" "curl/8.5" "203.0.113.7")"
        "\n",
        R"({"time":[1705314600,0],"record":{"remote":"10.0.0.9","host":"-","user":"alice",)"
        R"("method":"GET","path":"/api/v1","code":200,"size":612,)"
        R"("referer":"https://echo.example/","agent":"curl/8.5",)"
        R"("http_x_forwarded_for":"203.0.113.7"}})"
        "\n"}});
}

}  // namespace tailrace
