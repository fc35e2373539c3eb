// SPDX-License-Identifier: Apache-2.0
// The line as it is, under one key (https://docs.fluentd.org/parser/none).
#include "event/json.h"
#include "parser/line_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct NoneParams : parser::ParserParams {
  std::string message_key = "message";

  static const Schema<NoneParams>& schema() {
    static const auto s =
        Schema<NoneParams>()
            .Param("message_key", &NoneParams::message_key, "The field that gets the line.")
            .Inherit<parser::ParserParams>();
    return s;
  }
};

class NoneParser final : public parser::LineParser {
 public:
  using Params = NoneParams;

  NoneParser(Params params, PluginEnv& env)
      : LineParser(params, env),
        key_(std::move(params.message_key)),
        key_clean_(json::IsClean(key_)) {}

  ParseStatus Parse(const Line& line, Batch& batch) override {
    Row& row = batch.AddRow(line);
    batch.Append(row, key_, Value::Text(line.text()), key_clean_);
    row.time = EstimatedTime();
    if (converts()) Convert(batch, row);
    return ParseStatus::kOk;
  }

 private:
  const std::string key_;
  const bool key_clean_;
};

}  // namespace

PluginEntry NoneParserPlugin() {
  return DefinePlugin<NoneParser>(
      PluginKind::kParser, "none", "Takes the line as it is.", {},
      {{"A line becomes one field", "<parse>\n  @type none\n</parse>\n", "hello world\n",
        R"({"time":"now","record":{"message":"hello world"}})"
        "\n"}});
}

}  // namespace tailrace
