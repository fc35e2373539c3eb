// SPDX-License-Identifier: Apache-2.0
// Records as JSON, one a line (https://docs.fluentd.org/formatter/json).
#include "formatter/formatter_params.h"
#include "formatter/ruby_json.h"

namespace tailrace {
namespace {

struct JsonFormatterParams : formatter::LineParams {
  std::string json_parser = "oj";

  static const Schema<JsonFormatterParams>& schema() {
    static const auto s =
        Schema<JsonFormatterParams>()
            .Param("json_parser", &JsonFormatterParams::json_parser,
                   "oj writes NaN and bytes that are not UTF-8 as they are; any other refuses such "
                   "events.")
            .Inherit<formatter::LineParams>();
    return s;
  }
};

class JsonFormatter final : public Formatter {
 public:
  using Params = JsonFormatterParams;

  JsonFormatter(const Params& params, PluginEnv& /*env*/)
      : engine_(params.json_parser == "oj" ? formatter::RubyJson::kOj : formatter::RubyJson::kJson),
        line_end_(params.line_end()) {}

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* why) override {
    scratch_.Reset();
    if (!AppendRubyJson(batch, row, engine_, scratch_, out, why)) return false;
    out.Append(line_end_);
    return true;
  }

 private:
  const formatter::RubyJson engine_;
  const std::string_view line_end_;
  Arena scratch_;
};

}  // namespace

PluginEntry JsonFormatterPlugin() {
  return DefinePlugin<JsonFormatter>(
      PluginKind::kFormatter, "json", "Records as JSON, one a line.", {},
      {{"A record", "<format>\n  @type json\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":1,"b":"x"}})"
        "\n",
        R"({"a":1,"b":"x"})"
        "\n"}});
}

}  // namespace tailrace
