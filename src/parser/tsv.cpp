// SPDX-License-Identifier: Apache-2.0
// Tab-separated values with configured names (https://docs.fluentd.org/parser/tsv). Nothing is
// quoted; what is beyond the last name belongs to the last field.
#include "parser/columns.h"
#include "parser/line_parser.h"
#include "tailrace/define_plugin.h"
#include "text/charset.h"

namespace tailrace {
namespace {

struct TsvParams : parser::ParserParams {
  std::vector<std::string> keys{};
  std::string delimiter = "\t";

  static const Schema<TsvParams>& schema() {
    static const auto s =
        Schema<TsvParams>()
            .Param("keys", &TsvParams::keys, "The names of the fields, in order.",
                   {.required = true})
            .Param("delimiter", &TsvParams::delimiter, "What stands between two fields.")
            .Inherit<parser::ParserParams>();
    return s;
  }
};

class TsvParser final : public parser::LineParser {
 public:
  using Params = TsvParams;

  TsvParser(Params params, PluginEnv& env)
      : LineParser(params, env), columns_(params.keys), delimiter_(params.delimiter) {
    if (delimiter_.empty()) {
      env.Problem(env.element(), "delimiter", "'delimiter' must not be empty");
    }
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    std::string_view rest = line.text();
    if (!in_stream() && !text::IsValidUtf8(rest)) return ParseStatus::kError;
    Row& row = batch.AddRow(line);
    bool left = !rest.empty();
    for (size_t i = 0; i < columns_.size(); ++i) {
      Value value;
      if (left) {
        const size_t end = i + 1 < columns_.size() ? rest.find(delimiter_) : std::string_view::npos;
        left = end != std::string_view::npos;
        value = Value::Text(rest.substr(0, end));
        if (left) rest.remove_prefix(end + delimiter_.size());
      }
      columns_.Set(batch, row, i, value);
    }
    return Finish(batch, row);
  }

 private:
  const parser::Columns columns_;
  const std::string delimiter_;
};

}  // namespace

PluginEntry TsvParserPlugin() {
  return DefinePlugin<TsvParser>(
      PluginKind::kParser, "tsv", "Tab-separated values with configured names.", {},
      {{"Three columns",
        "<parse>\n  @type tsv\n  keys time,host,n\n  time_key time\n  time_type unixtime\n"
        "  types n:integer\n</parse>\n",
        "1705314600\tnode-1\t7\n",
        R"({"time":[1705314600,0],"record":{"host":"node-1","n":7}})"
        "\n"}});
}

}  // namespace tailrace
