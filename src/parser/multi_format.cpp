// SPDX-License-Identifier: Apache-2.0
// Several formats, tried in order (fluent-plugin-multi-format-parser). The first that makes an
// event of the line wins; as there, only its first event is taken.
#include <algorithm>
#include <vector>

#include "event/json.h"
#include "parser/line_parser.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct MultiFormatParams : parser::ParserParams {
  std::optional<std::string> format_key{};
  std::vector<RawSection> pattern{};

  static const Schema<MultiFormatParams>& schema() {
    static const auto s =
        Schema<MultiFormatParams>()
            .Param("format_key", &MultiFormatParams::format_key,
                   "The field that gets the name of the format: format_name of its <pattern>, or "
                   "the type and number, as in json#0.")
            .RawSection("pattern", &MultiFormatParams::pattern,
                        "A format: `format` (or @type) and the parameters of that parser.",
                        {.required = true, .aliases = {"format"}})
            .Inherit<parser::ParserParams>();
    return s;
  }
};

class MultiFormatParser final : public Parser {
 public:
  using Params = MultiFormatParams;

  MultiFormatParser(const Params& params, PluginEnv& env)
      : format_key_(params.format_key.value_or("")), key_clean_(json::IsClean(format_key_)) {
    for (size_t i = 0; i < params.pattern.size(); ++i) {
      const config::Element& section = *params.pattern[i];
      std::string name(env.TextOf(section, "format_name"));
      if (name.empty()) {
        std::string_view type = env.TextOf(section, "format");
        if (type.empty()) type = env.TextOf(section, "@type");
        name = std::string(type) + "#" + std::to_string(i);
      }
      auto made = env.MakeParser(section);
      if (made != nullptr) formats_.push_back({std::move(made), std::move(name)});
    }
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    const size_t rows = batch.rows().size();
    const size_t unmatched = batch.unmatched().size();
    for (const Format& format : formats_) {
      const ParseStatus status = format.parser->Parse(line, batch);
      batch.unmatched().resize(unmatched);
      const bool made = status == ParseStatus::kOk && batch.rows().size() > rows &&
                        batch.rows()[rows].time != kNoTime;
      if (!made) {
        batch.rows().resize(rows);
        continue;
      }
      batch.rows().resize(rows + 1);
      Row& row = batch.rows()[rows];
      row.sub = 0;
      if (!format_key_.empty()) {
        batch.Set(row, format_key_, Value::Text(format.name), key_clean_);
      }
      return ParseStatus::kOk;
    }
    return ParseStatus::kNoMatch;
  }

 private:
  struct Format {
    std::unique_ptr<Parser> parser;
    std::string name;
  };

  const std::string format_key_;
  const bool key_clean_;
  std::vector<Format> formats_;
};

}  // namespace

PluginEntry MultiFormatParserPlugin() {
  return DefinePlugin<MultiFormatParser>(
      PluginKind::kParser, "multi_format", "Several formats, tried in order.", {},
      {{"JSON, or else text",
        "<parse>\n  @type multi_format\n  format_key kind\n  <pattern>\n    format json\n"
        "  </pattern>\n  <pattern>\n    format none\n    format_name text\n  "
        "</pattern>\n</parse>\n",
        "{\"a\":1}\nplain\n",
        R"({"time":"now","record":{"a":1,"kind":"json#0"}})"
        "\n"
        R"({"time":"now","record":{"message":"plain","kind":"text"}})"
        "\n"}});
}

}  // namespace tailrace
