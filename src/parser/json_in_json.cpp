// SPDX-License-Identifier: Apache-2.0
// JSON whose strings may hold JSON again (fluent-plugin-json-in-json-2): an object in a string
// takes the string's place with its members, an array replaces the string.
#include "event/json.h"

#include <vector>

#include "event/value.h"
#include "parser/json_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct JsonInJsonParams : parser::JsonParams {
  JsonInJsonParams() { time_key = "timestamp"; }
  static const Schema<JsonInJsonParams>& schema() {
    static const auto s = Schema<JsonInJsonParams>().Inherit<parser::JsonParams>();
    return s;
  }
};

// A line of the text begins with a bracket, blanks before it allowed.
bool LooksLikeJson(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t begin = text.find_first_not_of(" \t\r\n\f\v", at);
    if (begin == std::string_view::npos) return false;
    if (text[begin] == '{' || text[begin] == '[') return true;
    at = text.find('\n', begin);
    if (at == std::string_view::npos) return false;
  }
  return false;
}

class JsonInJsonParser final : public parser::JsonParser {
 public:
  using Params = JsonInJsonParams;

  JsonInJsonParser(const Params& params, PluginEnv& env) : JsonParser(params, env) {}

 protected:
  ParseStatus FinishObject(Batch& batch, Row& row) override {
    objects_.clear();
    for (uint16_t i = 0; i < row.count;) {
      Field& field = batch.fields(row)[i];
      Value inner;
      if (!Inner(field.value(), batch, &inner)) {
        ++i;
      } else if (inner.kind == Kind::kArray) {
        field.set_value(inner);
        ++i;
      } else {
        objects_.push_back(inner);
        batch.Erase(row, field.key());
      }
    }
    for (const Value& object : objects_) {
      json::ForEachMember(object.bytes(), batch.arena(), [&](const Field& member) {
        batch.Set(row, member.key(), member.value(), member.key_clean);
        return true;
      });
    }
    return Finish(batch, row);
  }

 private:
  static bool Inner(const Value& value, Batch& batch, Value* inner) {
    if (!value.is_string()) return false;
    const std::string_view text = ToText(value, batch.arena());
    return LooksLikeJson(text) &&
           json::ParseValue(batch.arena().Store(text), batch.arena(), inner) &&
           (inner->kind == Kind::kObject || inner->kind == Kind::kArray);
  }

  std::vector<Value> objects_;
};

}  // namespace

PluginEntry JsonInJsonParserPlugin() {
  return DefinePlugin<JsonInJsonParser>(
      PluginKind::kParser, "json_in_json", "JSON whose strings may hold JSON again.", {},
      {{"docker around an application's JSON",
        "<parse>\n  @type json_in_json\n  time_key time\n  time_format %iso8601\n</parse>\n",
        R"({"log":"{\"level\":\"info\",\"n\":1}\n","stream":"stdout","time":"2024-01-15T10:30:00Z"})"
        "\n",
        R"({"time":[1705314600,0],"record":{"stream":"stdout","level":"info","n":1}})"
        "\n"}});
}

}  // namespace tailrace
