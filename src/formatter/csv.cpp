// SPDX-License-Identifier: Apache-2.0
// Chosen fields as comma-separated values (https://docs.fluentd.org/formatter/csv), quoted as
// Ruby's csv library does.
#include "event/accessor.h"
#include "event/value.h"
#include "formatter/formatter_params.h"

namespace tailrace {
namespace {

struct CsvFormatterParams : formatter::FormatterParams {
  std::string delimiter = ",";
  bool force_quotes = true;
  std::vector<std::string> fields{};
  bool add_newline = true;

  static const Schema<CsvFormatterParams>& schema() {
    static const auto s =
        Schema<CsvFormatterParams>()
            .Param("delimiter", &CsvFormatterParams::delimiter,
                   "What stands between two fields; TAB or \\t is a tab.")
            .Param("force_quotes", &CsvFormatterParams::force_quotes, "Quotes every field.")
            .Param("fields", &CsvFormatterParams::fields,
                   "The fields, in order: names, or paths such as $.a.b.", {.required = true})
            .Param("add_newline", &CsvFormatterParams::add_newline, "Ends with a line end.")
            .Inherit<formatter::FormatterParams>();
    return s;
  }
};

class CsvFormatter final : public Formatter {
 public:
  using Params = CsvFormatterParams;

  CsvFormatter(const Params& params, PluginEnv& env)
      : delimiter_(params.delimiter == "TAB" || params.delimiter == "\\t" ? "\t"
                                                                          : params.delimiter),
        force_quotes_(params.force_quotes),
        add_newline_(params.add_newline) {
    for (const std::string& field : params.fields) {
      if (field.empty()) continue;
      auto accessor = Accessor::Compile(field);
      if (accessor) {
        fields_.push_back(std::move(*accessor));
      } else {
        env.Problem(env.element(), "fields", accessor.error().message);
      }
    }
    if (fields_.empty()) {
      env.Problem(env.element(), "fields", "empty value is specified in fields parameter");
    }
    if (delimiter_.empty()) {
      env.Problem(env.element(), "delimiter", "'delimiter' must not be empty");
    }
  }

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* /*why*/) override {
    scratch_.Reset();
    bool first = true;
    for (const Accessor& field : fields_) {
      if (!first) out.Append(delimiter_);
      first = false;
      AppendField(field.Get(batch, row).value_or(Value{}), out);
    }
    if (add_newline_) out.Append('\n');
    return true;
  }

 private:
  void AppendField(const Value& value, ByteBuffer& out) {
    const bool null = value.kind == Kind::kNull;
    const std::string_view text = ToText(value, scratch_);
    if (!force_quotes_ && (null || !NeedsQuotes(text))) {
      out.Append(text);
      return;
    }
    out.Append('"');
    for (const char c : text) {
      if (c == '"') out.Append('"');
      out.Append(c);
    }
    out.Append('"');
  }

  bool NeedsQuotes(std::string_view text) const {
    return text.empty() || text.find_first_of("\r\n\"") != std::string_view::npos ||
           text.find_first_of(delimiter_) != std::string_view::npos;
  }

  const std::string delimiter_;
  const bool force_quotes_;
  const bool add_newline_;
  std::vector<Accessor> fields_;
  Arena scratch_;
};

}  // namespace

PluginEntry CsvFormatterPlugin() {
  return DefinePlugin<CsvFormatter>(
      PluginKind::kFormatter, "csv", "Chosen fields as comma-separated values.", {},
      {{"Quotes where they are needed",
        "<format>\n  @type csv\n  fields a,$.b.c\n  force_quotes false\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":"x,y","b":{"c":7}}})"
        "\n",
        "\"x,y\",7\n"}});
}

}  // namespace tailrace
