// SPDX-License-Identifier: Apache-2.0
// One JSON object a line, or an array of them (https://docs.fluentd.org/parser/json).
#include "event/json.h"

#include <vector>

#include "parser/json_leniency.h"
#include "parser/line_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace parser {

enum class JsonEngine : uint8_t { kOj, kYajl, kJson };
EnumNames ParamNames(JsonEngine) {
  return {{"oj", static_cast<int>(JsonEngine::kOj)},
          {"yajl", static_cast<int>(JsonEngine::kYajl)},
          {"json", static_cast<int>(JsonEngine::kJson)}};
}

}  // namespace parser

namespace {

using parser::JsonEngine;
using parser::JsonLeniency;

struct JsonParams : parser::ParserParams {
  JsonEngine json_parser = JsonEngine::kOj;
  int stream_buffer_size = 8192;

  JsonParams() {
    time_key = "time";
    time_type.reset();
  }

  static const Schema<JsonParams>& schema() {
    static const auto s =
        Schema<JsonParams>()
            .Param(
                "json_parser", &JsonParams::json_parser,
                "Whose leniency to follow where a line is not quite JSON: oj takes NaN, Infinity "
                "and control characters in strings, json and yajl do not.")
            .Param("stream_buffer_size", &JsonParams::stream_buffer_size,
                   "Accepted for compatibility; lines are parsed where they are.", {.hidden = true})
            .Inherit<parser::ParserParams>();
    return s;
  }
};

// time_type is float unless a format is given.
JsonParams WithTimeType(JsonParams params) {
  if (!params.time_type) {
    params.time_type = params.time_format ? text::TimeType::kString : text::TimeType::kFloat;
  }
  return params;
}

class JsonParser final : public parser::LineParser {
 public:
  using Params = JsonParams;

  JsonParser(Params params, PluginEnv& env)
      : LineParser(WithTimeType(params), env), leniency_(LeniencyOf(params.json_parser)) {}

  ParseStatus Parse(const Line& line, Batch& batch) override {
    Row& row = batch.AddRow(line);
    if (json::ParseObject(line.text(), batch, row)) return Finish(batch, row);
    Discard(batch, ParseStatus::kNoMatch);
    return ParseOther(line, batch);
  }

 private:
  static JsonLeniency LeniencyOf(JsonEngine engine) {
    return engine == JsonEngine::kOj     ? JsonLeniency::kOj
           : engine == JsonEngine::kYajl ? JsonLeniency::kYajl
                                         : JsonLeniency::kJson;
  }

  // What is not one strictly valid object: an array of objects, or nearly JSON.
  ParseStatus ParseOther(const Line& line, Batch& batch) {
    Value value;
    if (json::ParseValue(line.text(), batch.arena(), &value)) {
      if (value.kind == Kind::kArray) return ParseElements(line, value.bytes(), batch);
      return ParseStatus::kNoMatch;
    }
    if (!reader_.Read(line.text(), leniency_, batch.arena())) return ParseStatus::kNoMatch;
    if (reader_.is_array()) return ParseElements(line, reader_.text(), batch);
    if (!reader_.is_object()) return ParseStatus::kNoMatch;
    Row& row = batch.AddRow(line);
    if (!json::ParseObject(reader_.text(), batch, row)) {
      return Discard(batch, ParseStatus::kNoMatch);
    }
    reader_.RestoreSpecials(batch, row);
    return Finish(batch, row);
  }

  // One event for each object; an element that is none is an unmatched line, as in Fluentd. Rows
  // and unmatched elements tell their place in the array by `sub`.
  ParseStatus ParseElements(const Line& line, std::string_view array, Batch& batch) {
    const size_t rows = batch.rows().size();
    const size_t unmatched = batch.unmatched().size();
    uint16_t sub = 0;
    bool failed = false;
    json::ForEachElement(array, [&](const Value& element) {
      if (element.kind == Kind::kObject) {
        Row& row = batch.AddRow(line);
        row.sub = sub;
        if (!json::ParseObject(element.bytes(), batch, row)) {
          batch.rows().pop_back();
          failed = true;
        } else {
          failed = Finish(batch, row) != ParseStatus::kOk;
        }
      } else {
        Line part = line;
        part.data = element.data;
        part.size = element.size;
        batch.unmatched().push_back(part);
      }
      ++sub;
      return !failed;
    });
    if (!failed) return ParseStatus::kOk;
    batch.rows().resize(rows);
    batch.unmatched().resize(unmatched);
    return ParseStatus::kError;
  }

  const JsonLeniency leniency_;
  parser::LenientJson reader_;
};

}  // namespace

PluginEntry JsonParserPlugin() {
  return DefinePlugin<JsonParser>(
      PluginKind::kParser, "json", "One JSON object a line, or an array of objects.", {},
      {{"The time is taken from the record",
        "<parse>\n  @type json\n  time_type string\n  time_format %iso8601\n</parse>\n",
        R"({"time":"2024-01-15T10:30:00Z","level":"info","message":"up"})"
        "\nnot JSON\n",
        R"({"time":[1705314600,0],"record":{"level":"info","message":"up"}})"
        "\n"
        R"({"unparsed":true})"
        "\n"}});
}

}  // namespace tailrace
