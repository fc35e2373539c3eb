// SPDX-License-Identifier: Apache-2.0
// logfmt: key=value key="quoted value" flag (fluent-plugin-parser-logfmt). Numbers become numbers,
// a key without a value is true.
#include "event/json.h"
#include "event/value.h"
#include "parser/line_parser.h"
#include "parser/logfmt_scanner.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct LogfmtParams : parser::ParserParams {
  bool strict = false;

  static const Schema<LogfmtParams>& schema() {
    static const auto s =
        Schema<LogfmtParams>()
            .Param("strict", &LogfmtParams::strict,
                   "A line with a key without a value is no logfmt: it is kept under `message`.")
            .Inherit<parser::ParserParams>();
    return s;
  }
};

class LogfmtParser final : public parser::LineParser {
 public:
  using Params = LogfmtParams;

  LogfmtParser(Params params, PluginEnv& env)
      : LineParser(params, env),
        strict_(params.strict),
        numbers_are_epochs_(!params.time_format && params.time_type == text::TimeType::kString) {}

  ParseStatus Parse(const Line& line, Batch& batch) override {
    Row* row = &batch.AddRow(line);
    parser::LogfmtScanner scanner(line.text());
    for (parser::LogfmtPair pair; scanner.Next(&pair);) {
      if (strict_ && !pair.has_value) return KeepText(line, batch);
      const Value value = pair.has_value ? ToValue(pair, batch.arena()) : Value::Bool(true);
      if (Field* const field = batch.Find(*row, pair.key)) {
        field->set_value(value);
      } else {
        batch.Append(*row, pair.key, value, json::IsClean(pair.key));
      }
    }
    return TakeEpoch(batch, *row) ? ParseStatus::kOk : Finish(batch, *row);
  }

 private:
  ParseStatus KeepText(const Line& line, Batch& batch) {
    Discard(batch, ParseStatus::kOk);
    Row& row = batch.AddRow(line);
    row.time = EstimatedTime();
    batch.Append(row, "message", Value::Text(line.text()));
    return ParseStatus::kOk;
  }

  static Value ToValue(const parser::LogfmtPair& pair, Arena& arena) {
    if (!pair.quoted && parser::IsJsonNumber(pair.value)) {
      return Value::Of(Kind::kNumber, pair.value);
    }
    if (!pair.has_escape) return Value::Text(pair.value);
    // \" is a quote; other backslashes stay.
    char* const begin = arena.Allocate(pair.value.size());
    char* out = begin;
    for (size_t i = 0; i < pair.value.size(); ++i) {
      if (pair.value[i] == '\\' && i + 1 < pair.value.size() && pair.value[i + 1] == '"') ++i;
      *out++ = pair.value[i];
    }
    const auto size = static_cast<size_t>(out - begin);
    arena.Shrink(pair.value.size(), size);
    return Value::Text({begin, size});
  }

  // A time that is a number is one of seconds since 1970, whatever time_type says of texts.
  bool TakeEpoch(Batch& batch, Row& row) {
    if (!numbers_are_epochs_ || !time_key()) return false;
    const Field* const field = batch.Find(row, *time_key());
    if (field == nullptr || field->kind != Kind::kNumber) return false;
    const auto seconds = ToInteger(ToRubyInteger(field->value(), batch.arena()));
    if (!seconds) return false;
    row.time = {*seconds, 0};
    if (!keep_time_key()) batch.Erase(row, *time_key());
    if (converts()) Convert(batch, row);
    return true;
  }

  const bool strict_;
  const bool numbers_are_epochs_;
};

}  // namespace

PluginEntry LogfmtParserPlugin() {
  return DefinePlugin<LogfmtParser>(
      PluginKind::kParser, "logfmt", "Lines of key=value.", {},
      {{"A Go service's line",
        "<parse>\n  @type logfmt\n  time_key ts\n  time_format %iso8601\n</parse>\n",
        "ts=2024-01-15T10:30:00Z level=info msg=\"request done\" took=1.5 n=3 cached\n",
        R"({"time":[1705314600,0],"record":{"level":"info","msg":"request done","took":1.5,)"
        R"("n":3,"cached":true}})"
        "\n"}});
}

}  // namespace tailrace
