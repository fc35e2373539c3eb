// SPDX-License-Identifier: Apache-2.0
// Labeled tab-separated values (http://ltsv.org, https://docs.fluentd.org/parser/ltsv). The usual
// delimiters are found by hand, a delimiter pattern by its regular expression.
#include "event/json.h"
#include "parser/line_parser.h"
#include "tailrace/define_plugin.h"
#include "text/charset.h"

namespace tailrace {
namespace {

struct LtsvParams : parser::ParserParams {
  std::string delimiter = "\t";
  std::optional<RegexpLiteral> delimiter_pattern{};
  std::string label_delimiter = ":";

  LtsvParams() { time_key = "time"; }

  static const Schema<LtsvParams>& schema() {
    static const auto s =
        Schema<LtsvParams>()
            .Param("delimiter", &LtsvParams::delimiter, "What stands between two fields.")
            .Param("delimiter_pattern", &LtsvParams::delimiter_pattern,
                   "A regular expression for what stands between two fields.")
            .Param("label_delimiter", &LtsvParams::label_delimiter,
                   "What stands between a field's name and its value.")
            .Inherit<parser::ParserParams>();
    return s;
  }
};

class LtsvParser final : public parser::LineParser {
 public:
  using Params = LtsvParams;

  LtsvParser(Params params, PluginEnv& env)
      : LineParser(params, env),
        delimiter_(params.delimiter),
        label_delimiter_(params.label_delimiter) {
    if (params.delimiter_pattern) {
      text::RegexOptions options;
      options.ignore_case = params.delimiter_pattern->ignore_case;
      options.multiline = params.delimiter_pattern->multi_line;
      pattern_.emplace(params.delimiter_pattern->source, options, params.timeout,
                       "delimiter_pattern", env);
    } else if (delimiter_.empty()) {
      env.Problem(env.element(), "delimiter", "'delimiter' must not be empty");
    }
    if (label_delimiter_.empty()) {
      env.Problem(env.element(), "label_delimiter", "'label_delimiter' must not be empty");
    }
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    const std::string_view text = line.text();
    if (!in_stream() && !text::IsValidUtf8(text)) return ParseStatus::kError;
    Row& row = batch.AddRow(line);
    size_t begin = 0;
    while (begin <= text.size()) {
      size_t end = text.size();
      size_t next = text.size() + 1;
      FindDelimiter(text, begin, &end, &next);
      AddPair(text.substr(begin, end - begin), batch, row);
      begin = next;
    }
    return Finish(batch, row);
  }

 private:
  // Sets `end` to where the field that begins at `begin` ends and `next` to where the next begins;
  // leaves them alone if there is no further delimiter.
  void FindDelimiter(std::string_view text, size_t begin, size_t* end, size_t* next) {
    if (!pattern_) {
      const size_t found = text.find(delimiter_, begin);
      if (found == std::string_view::npos) return;
      *end = found;
      *next = found + delimiter_.size();
      return;
    }
    if (begin >= text.size() || pattern_->Match(text, captures_, true, begin) != ParseStatus::kOk) {
      return;
    }
    size_t match = static_cast<size_t>(captures_.begin(0));
    size_t after = static_cast<size_t>(captures_.end(0));
    if (after == match) match = after = std::max(match, begin + 1);  // splits between characters
    *end = match;
    *next = after;
  }

  void AddPair(std::string_view pair, Batch& batch, Row& row) {
    const size_t label = pair.find(label_delimiter_);
    if (label == std::string_view::npos) return;
    const std::string_view key = pair.substr(0, label);
    const Value value = Value::Text(pair.substr(label + label_delimiter_.size()));
    if (Field* const field = batch.Find(row, key)) {
      field->set_value(value);
    } else {
      batch.Append(row, key, value, json::IsClean(key));
    }
  }

  const std::string delimiter_;
  const std::string label_delimiter_;
  std::optional<parser::LineRegex> pattern_;
  text::Captures captures_;
};

}  // namespace

PluginEntry LtsvParserPlugin() {
  return DefinePlugin<LtsvParser>(
      PluginKind::kParser, "ltsv", "Labeled tab-separated values.", {},
      {{"An access log in LTSV",
        "<parse>\n  @type ltsv\n  time_format %iso8601\n  types size:integer\n</parse>\n",
        "time:2024-01-15T10:30:00Z\thost:192.0.2.1\tsize:5316\n",
        R"({"time":[1705314600,0],"record":{"host":"192.0.2.1","size":5316}})"
        "\n"}});
}

}  // namespace tailrace
