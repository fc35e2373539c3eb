// SPDX-License-Identifier: Apache-2.0
// One field, as it is (https://docs.fluentd.org/formatter/single_value).
#include "event/value.h"
#include "formatter/formatter_params.h"

namespace tailrace {
namespace {

struct SingleValueFormatterParams : formatter::LineParams {
  std::string message_key = "message";

  static const Schema<SingleValueFormatterParams>& schema() {
    static const auto s = Schema<SingleValueFormatterParams>()
                              .Param("message_key", &SingleValueFormatterParams::message_key,
                                     "The field; nothing is written where it is missing.")
                              .Inherit<formatter::LineParams>();
    return s;
  }
};

class SingleValueFormatter final : public Formatter {
 public:
  using Params = SingleValueFormatterParams;

  SingleValueFormatter(const Params& params, PluginEnv& /*env*/)
      : key_(params.message_key), line_end_(params.line_end()) {}

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* /*why*/) override {
    scratch_.Reset();
    const Field* const field = batch.Find(row, key_);
    if (field != nullptr) out.Append(ToText(field->value(), scratch_));
    out.Append(line_end_);
    return true;
  }

 private:
  const std::string key_;
  const std::string_view line_end_;
  Arena scratch_;
};

}  // namespace

PluginEntry SingleValueFormatterPlugin() {
  return DefinePlugin<SingleValueFormatter>(
      PluginKind::kFormatter, "single_value", "One field, as it is.", {},
      {{"The message", "<format>\n  @type single_value\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"message":"hello","n":1}})"
        "\n",
        "hello\n"}});
}

}  // namespace tailrace
