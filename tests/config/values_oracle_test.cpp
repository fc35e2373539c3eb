// SPDX-License-Identifier: Apache-2.0
// How texts become values: the recorded cases of the area "values".
#include "config/load.h"
#include "oracle/oracle.h"
#include "tailrace/params.h"

namespace tailrace {
namespace {

using oracle::Json;

enum class Choice { kOne, kTwo };
EnumNames ParamNames(Choice) {
  return {{"one", static_cast<int>(Choice::kOne)}, {"two", static_cast<int>(Choice::kTwo)}};
}

template <typename T>
using Hash = std::vector<std::pair<std::string, T>>;
using MaybeText = std::optional<std::string>;

// The parameter of a case, as a member of type T.
template <typename T, bool kRequired>
struct One {
  T v{};
  static const Schema<One>& schema() {
    static const auto kSchema =
        Schema<One>().Param("v", &One::v, "The parameter.", {.required = kRequired});
    return kSchema;
  }
};

// What the parameter was loaded as, as JSON; nothing after an error.
template <typename T, bool kRequired>
std::optional<Json> LoadAs(const config::Element& root, LoadContext& context, T initial = {}) {
  One<T, kRequired> loaded;
  loaded.v = initial;
  params::LoadInto(One<T, kRequired>::schema().spec(), root, &loaded, context);
  if (context.problems.HasErrors()) return std::nullopt;
  std::string json;
  params::Codec<T>::Write(loaded.v, &json);
  return Json::parse(json, nullptr, false);
}

template <typename T>
std::optional<Json> LoadOne(const Json& param, const config::Element& root, LoadContext& context,
                            T preset = {}) {
  if (!param.contains("default")) return LoadAs<T, true>(root, context);
  if (param["default"].is_null()) return LoadAs<std::optional<T>, false>(root, context);
  return LoadAs<T, false>(root, context, std::move(preset));
}

std::optional<Json> LoadArray(const Json& param, const config::Element& root,
                              LoadContext& context) {
  const std::string type = param.value("value_type", "");
  if (type == "integer") return LoadOne<std::vector<std::optional<int64_t>>>(param, root, context);
  if (type == "float") return LoadOne<std::vector<double>>(param, root, context);
  if (type == "size") return LoadOne<std::vector<Size>>(param, root, context);
  if (type == "time") return LoadOne<std::vector<Seconds>>(param, root, context);
  if (type == "bool") return LoadOne<std::vector<bool>>(param, root, context);
  if (type == "regexp") return LoadOne<std::vector<RegexpLiteral>>(param, root, context);
  if (type == "string") return LoadOne<std::vector<std::string>>(param, root, context);
  if (type == "symbol") return LoadOne<std::vector<SymbolName>>(param, root, context);
  return LoadOne<std::vector<JsonText>>(param, root, context);
}

std::optional<Json> LoadHash(const Json& param, const config::Element& root, LoadContext& context) {
  const std::string type = param.value("value_type", "");
  if (type == "integer") return LoadOne<Hash<std::optional<int64_t>>>(param, root, context);
  if (type == "string") return LoadOne<Hash<MaybeText>>(param, root, context);
  if (type == "bool") return LoadOne<Hash<bool>>(param, root, context);
  if (type == "size") return LoadOne<Hash<Size>>(param, root, context);
  return LoadOne<Hash<JsonText>>(param, root, context);
}

std::optional<Json> LoadCase(const Json& param, const config::Element& root, LoadContext& context) {
  const std::string type = param["type"];
  const Json preset = param.value("default", Json());
  if (type == "integer") {
    return LoadOne<int64_t>(param, root, context, preset.is_number() ? preset.get<int64_t>() : 0);
  }
  if (type == "float") return LoadOne<double>(param, root, context);
  if (type == "size") {
    return LoadOne(param, root, context, Size{preset.is_number() ? preset.get<int64_t>() : 0});
  }
  if (type == "time") {
    return LoadOne(param, root, context, Seconds{preset.is_number() ? preset.get<double>() : 0});
  }
  if (type == "bool") return LoadOne<bool>(param, root, context, preset == Json(true));
  if (type == "string") {
    return LoadOne<std::string>(param, root, context, preset.is_string() ? preset : "");
  }
  if (type == "enum") return LoadOne<Choice>(param, root, context);
  if (type == "symbol") return LoadOne<SymbolName>(param, root, context);
  if (type == "regexp") return LoadOne<RegexpLiteral>(param, root, context);
  if (type == "array") return LoadArray(param, root, context);
  if (type == "hash") return LoadHash(param, root, context);
  ADD_FAILURE() << "unknown type " << type;
  return std::nullopt;
}

// The forms of the vectors: symbols and regexps as their text, infinities as JSON's overflow.
Json Plain(const Json& value) {
  if (value.is_array()) {
    Json out = Json::array();
    for (const auto& item : value) out.push_back(Plain(item));
    return out;
  }
  if (!value.is_object()) return value;
  if (value.contains("$sym")) return value["$sym"];
  if (value.contains("$regexp")) {
    return "/" + value["$regexp"].get<std::string>() + "/" + (value["i"] == true ? "i" : "") +
           (value["m"] == true ? "m" : "");
  }
  if (value.contains("$float")) return value["$float"];
  Json out = Json::object();
  for (const auto& [key, item] : value.items()) {
    const std::string prefix = "$key:Symbol::";
    out[key.rfind(prefix, 0) == 0 ? key.substr(prefix.size()) : key] = Plain(item);
  }
  return out;
}

std::string Compare(const Json& expected, const std::optional<Json>& got,
                    const std::string& problems) {
  if (expected.contains("error")) {
    return got ? "expected an error, got " + got->dump() : "";
  }
  const Json want = Plain(expected["value"]);
  if (!got) return "expected " + want.dump() + ", got\n" + problems;
  return *got == want ? "" : "expected " + want.dump() + ", got " + got->dump();
}

std::string Differs(const oracle::Case& c) {
  const Json& param = c.data["input"]["param"];
  config::Problems problems;
  config::LoadOptions options;
  options.environment.emplace();
  const auto loaded =
      config::LoadText(c.data["conf"].get<std::string>(), "fluent.conf", options, &problems);
  std::optional<Json> got;
  if (!problems.HasErrors()) {
    LoadContext context{problems};
    context.strict_config_value = param.value("strict", false);
    got = LoadCase(param, loaded.root, context);
  }
  const std::string difference = Compare(c.data["expect"], got, config::Format(problems));
  if (difference.empty() || !c.data.contains("also_seen")) return difference;
  return Compare(c.data["also_seen"], got, config::Format(problems)).empty() ? "" : difference;
}

TEST(ValuesOracle, Vectors) { oracle::Run("values", Differs); }

}  // namespace
}  // namespace tailrace
