// SPDX-License-Identifier: Apache-2.0
// Chosen fields, separated by tabs; nothing is escaped (https://docs.fluentd.org/formatter/tsv).
#include "event/value.h"
#include "formatter/formatter_params.h"

namespace tailrace {
namespace {

struct TsvFormatterParams : formatter::LineParams {
  std::vector<std::string> keys{};
  std::string delimiter = "\t";

  static const Schema<TsvFormatterParams>& schema() {
    static const auto s =
        Schema<TsvFormatterParams>()
            .Param("keys", &TsvFormatterParams::keys, "The fields, in order.", {.required = true})
            .Param("delimiter", &TsvFormatterParams::delimiter, "What stands between two fields.")
            .Inherit<formatter::LineParams>();
    return s;
  }
};

class TsvFormatter final : public Formatter {
 public:
  using Params = TsvFormatterParams;

  TsvFormatter(const Params& params, PluginEnv& /*env*/)
      : keys_(params.keys), delimiter_(params.delimiter), line_end_(params.line_end()) {}

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* /*why*/) override {
    scratch_.Reset();
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (i > 0) out.Append(delimiter_);
      const Field* const field = batch.Find(row, keys_[i]);
      if (field != nullptr) out.Append(ToText(field->value(), scratch_));
    }
    out.Append(line_end_);
    return true;
  }

 private:
  const std::vector<std::string> keys_;
  const std::string delimiter_;
  const std::string_view line_end_;
  Arena scratch_;
};

}  // namespace

PluginEntry TsvFormatterPlugin() {
  return DefinePlugin<TsvFormatter>(
      PluginKind::kFormatter, "tsv", "Chosen fields, separated by tabs.", {},
      {{"Two fields", "<format>\n  @type tsv\n  keys a,c\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":1,"b":2}})"
        "\n",
        "1\t\n"}});
}

}  // namespace tailrace
