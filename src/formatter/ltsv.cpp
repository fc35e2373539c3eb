// SPDX-License-Identifier: Apache-2.0
// Labeled tab-separated values (https://docs.fluentd.org/formatter/ltsv).
#include "event/value.h"
#include "formatter/formatter_params.h"

namespace tailrace {
namespace {

struct LtsvFormatterParams : formatter::LineParams {
  std::string delimiter = "\t";
  std::string label_delimiter = ":";
  std::string replacement = " ";

  static const Schema<LtsvFormatterParams>& schema() {
    static const auto s =
        Schema<LtsvFormatterParams>()
            .Param("delimiter", &LtsvFormatterParams::delimiter, "What stands between two fields.")
            .Param("label_delimiter", &LtsvFormatterParams::label_delimiter,
                   "What stands between a field's name and its value.")
            .Param("replacement", &LtsvFormatterParams::replacement,
                   "Takes the place of the delimiter within values.")
            .Inherit<formatter::LineParams>();
    return s;
  }
};

class LtsvFormatter final : public Formatter {
 public:
  using Params = LtsvFormatterParams;

  LtsvFormatter(const Params& params, PluginEnv& env)
      : params_(params), line_end_(params.line_end()) {
    if (params.delimiter.empty()) {
      env.Problem(env.element(), "delimiter", "'delimiter' must not be empty");
    }
  }

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* /*why*/) override {
    scratch_.Reset();
    bool first = true;
    for (const Field& field : batch.fields(row)) {
      if (!first) out.Append(params_.delimiter);
      first = false;
      out.Append(field.key());
      out.Append(params_.label_delimiter);
      AppendReplaced(ToText(field.value(), scratch_), out);
    }
    out.Append(line_end_);
    return true;
  }

 private:
  void AppendReplaced(std::string_view text, ByteBuffer& out) const {
    const std::string_view delimiter = params_.delimiter;
    for (size_t found = text.find(delimiter); found != std::string_view::npos;
         found = text.find(delimiter)) {
      out.Append(text.substr(0, found));
      out.Append(params_.replacement);
      text.remove_prefix(found + delimiter.size());
    }
    out.Append(text);
  }

  const Params params_;
  const std::string_view line_end_;
  Arena scratch_;
};

}  // namespace

PluginEntry LtsvFormatterPlugin() {
  return DefinePlugin<LtsvFormatter>(
      PluginKind::kFormatter, "ltsv", "Labeled tab-separated values.", {},
      {{"A record", "<format>\n  @type ltsv\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":1,"b":"x\ty"}})"
        "\n",
        "a:1\tb:x y\n"}});
}

}  // namespace tailrace
