// SPDX-License-Identifier: Apache-2.0
#include "parser/json_parser.h"

#include "event/json.h"

namespace tailrace::parser {
namespace {

// time_type is float unless a format is given.
JsonParams WithTimeType(JsonParams params) {
  if (!params.time_type) {
    params.time_type = params.time_format ? text::TimeType::kString : text::TimeType::kFloat;
  }
  return params;
}

JsonLeniency LeniencyOf(JsonEngine engine) {
  switch (engine) {
    case JsonEngine::kOj:
      return JsonLeniency::kOj;
    case JsonEngine::kYajl:
      return JsonLeniency::kYajl;
    case JsonEngine::kJson:
      break;
  }
  return JsonLeniency::kJson;
}

}  // namespace

EnumNames ParamNames(JsonEngine) {
  return {{"oj", static_cast<int>(JsonEngine::kOj)},
          {"yajl", static_cast<int>(JsonEngine::kYajl)},
          {"json", static_cast<int>(JsonEngine::kJson)}};
}

const Schema<JsonParams>& JsonParams::schema() {
  static const auto s =
      Schema<JsonParams>()
          .Param("json_parser", &JsonParams::json_parser,
                 "Whose leniency to follow where a line is not quite JSON: oj takes NaN, Infinity "
                 "and control characters in strings, json and yajl do not.")
          .Param("stream_buffer_size", &JsonParams::stream_buffer_size,
                 "Accepted for compatibility; lines are parsed where they are.", {.hidden = true})
          .Inherit<ParserParams>();
  return s;
}

JsonParser::JsonParser(Params params, PluginEnv& env)
    : LineParser(WithTimeType(params), env), leniency_(LeniencyOf(params.json_parser)) {}

ParseStatus JsonParser::Parse(const Line& line, Batch& batch) {
  Row& row = batch.AddRow(line);
  if (json::ParseObject(line.text(), batch, row)) return FinishObject(batch, row);
  Discard(batch, ParseStatus::kNoMatch);
  return ParseOther(line, batch);
}

// What is not one strictly valid object: an array of objects, or nearly JSON.
ParseStatus JsonParser::ParseOther(const Line& line, Batch& batch) {
  Value value;
  if (json::ParseValue(line.text(), batch.arena(), &value)) {
    if (value.kind == Kind::kArray) return ParseElements(line, value.bytes(), batch);
    return ParseStatus::kNoMatch;
  }
  if (!reader_.Read(line.text(), leniency_, batch.arena())) return ParseStatus::kNoMatch;
  if (reader_.is_array()) return ParseElements(line, reader_.text(), batch);
  if (!reader_.is_object()) return ParseStatus::kNoMatch;
  Row& row = batch.AddRow(line);
  if (!json::ParseObject(reader_.text(), batch, row)) return Discard(batch, ParseStatus::kNoMatch);
  reader_.RestoreSpecials(batch, row);
  return FinishObject(batch, row);
}

// One event for each object; an element that is none is an unmatched line, as in Fluentd. Rows and
// unmatched elements tell their place in the array by `sub`.
ParseStatus JsonParser::ParseElements(const Line& line, std::string_view array, Batch& batch) {
  const size_t rows = batch.rows().size();
  const size_t unmatched = batch.unmatched().size();
  uint16_t sub = 0;
  ParseStatus status = ParseStatus::kOk;
  json::ForEachElement(array, [&](const Value& element) {
    if (element.kind == Kind::kObject) {
      Row& row = batch.AddRow(line);
      row.sub = sub;
      status = json::ParseObject(element.bytes(), batch, row) ? FinishObject(batch, row)
                                                              : ParseStatus::kError;
    } else {
      Line part = line;
      part.data = element.data;
      part.size = element.size;
      batch.unmatched().push_back(part);
    }
    ++sub;
    return status == ParseStatus::kOk;
  });
  if (status == ParseStatus::kOk) return status;
  batch.rows().resize(rows);
  batch.unmatched().resize(unmatched);
  return status;
}

}  // namespace tailrace::parser
