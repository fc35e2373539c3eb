// SPDX-License-Identifier: Apache-2.0
// <filter> @type typecast: gives fields the type that they should have
// (https://github.com/sonots/fluent-plugin-filter_typecast).

#include "event/type_converter.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct TypecastParams {
  std::optional<std::string> types;
  std::string types_delimiter = ",";
  std::string types_label_delimiter = ":";
  std::vector<RawSection> inject;

  static const Schema<TypecastParams>& schema() {
    using P = TypecastParams;
    static const auto s =
        Schema<P>()
            .Param("types", &P::types,
                   "KEY:TYPE,…; types are string, integer, float, bool, time[:FORMAT] and "
                   "array[:DELIMITER].",
                   {.required = true})
            .Param("types_delimiter", &P::types_delimiter, "Stands between the fields.")
            .Param("types_label_delimiter", &P::types_label_delimiter,
                   "Stands between key, type and option.")
            .RawSection("inject", &P::inject, "Accepted; has no effect, as in Fluentd.");
    return s;
  }
};

class TypecastFilter final : public Filter {
 public:
  using Params = TypecastParams;

  TypecastFilter(const Params& params, PluginEnv& env) {
    const std::string& text = *params.types;
    const std::string& between = params.types_delimiter;
    if (between.empty() || params.types_label_delimiter.empty()) {
      env.Problem(env.element(), "types", "the delimiters of types cannot be empty");
      return;
    }
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find(between, begin), text.size());
      AddType(text.substr(begin, end - begin), params.types_label_delimiter, env);
      begin = end + between.size();
    }
  }

  void Apply(Batch& batch, EventContext& /*context*/) override {
    for (Row& row : batch.rows()) {
      if (row.dropped) continue;
      for (TypeConverter& converter : converters_) {
        Field* field = batch.Find(row, converter.key());
        if (field == nullptr || field->kind == Kind::kNull || field->kind == Kind::kFalse) continue;
        field->set_value(converter.Convert(field->value(), batch.arena()));
      }
    }
  }

 private:
  void AddType(std::string text, const std::string& colon, PluginEnv& env) {
    const size_t key_end = text.find(colon);
    if (key_end == std::string::npos) {
      env.Problem(env.element(), "types", "'" + text + "' has no type");
      return;
    }
    std::string key = text.substr(0, key_end);
    key.erase(0, std::min(key.find_first_not_of(' '), key.size()));
    std::string definition = text.substr(key_end + colon.size());
    if (const size_t option = definition.find(colon); option != std::string::npos) {
      std::string with_colon = definition.substr(0, option);
      with_colon += ':';
      with_colon += std::string_view(definition).substr(option + colon.size());
      definition = std::move(with_colon);
    }
    auto converter = TypeConverter::Create(key, definition, {}, env.clock());
    if (converter) {
      converters_.push_back(std::move(*converter));
    } else {
      env.Problem(env.element(), "types", converter.error().message);
    }
  }

  std::vector<TypeConverter> converters_;
};

}  // namespace

PluginEntry TypecastFilterPlugin() {
  return DefinePlugin<TypecastFilter>(
      PluginKind::kFilter, "typecast", "Gives fields the type that they should have.", {},
      {{"Numbers and truth",
        "<filter **>\n  @type typecast\n  types size:integer,took:float,ok:bool,l:array\n"
        "</filter>\n",
        R"({"tag":"a","time":[1,0],"record":{"size":"12","took":"0.5","ok":"true","l":"a,b"}})",
        R"({"tag":"a","time":[1,0],"record":{"size":12,"took":0.5,"ok":true,"l":["a","b"]}})"}});
}

}  // namespace tailrace
