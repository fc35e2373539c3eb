// SPDX-License-Identifier: Apache-2.0
#pragma once
// The JSON parser, which other parsers of JSON build on.

#include <optional>
#include <string_view>

#include "parser/json_leniency.h"
#include "parser/line_parser.h"

namespace tailrace::parser {

enum class JsonEngine : uint8_t { kOj, kYajl, kJson };
EnumNames ParamNames(JsonEngine);

struct JsonParams : ParserParams {
  JsonEngine json_parser = JsonEngine::kOj;
  int stream_buffer_size = 8192;

  JsonParams() {
    time_key = "time";
    time_type.reset();  // float, or string if a format is given
  }
  static const Schema<JsonParams>& schema();
};

// Reads objects and arrays of objects. Strict JSON is taken as it stands; what only the chosen
// engine would accept is written anew first.
class JsonParser : public LineParser {
 public:
  using Params = JsonParams;

  JsonParser(Params params, PluginEnv& env);
  ParseStatus Parse(const Line& line, Batch& batch) override;

 protected:
  // Called for each object, as the last row of the batch, before its time is taken.
  virtual ParseStatus FinishObject(Batch& batch, Row& row) { return Finish(batch, row); }

 private:
  ParseStatus ParseOther(const Line& line, Batch& batch);
  ParseStatus ParseElements(const Line& line, std::string_view array, Batch& batch);

  const JsonLeniency leniency_;
  LenientJson reader_;
};

}  // namespace tailrace::parser
