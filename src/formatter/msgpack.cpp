// SPDX-License-Identifier: Apache-2.0
// Records as MessagePack maps (https://docs.fluentd.org/formatter/msgpack).
#include "event/msgpack.h"

#include "formatter/formatter_params.h"

namespace tailrace {
namespace {

struct MsgpackFormatterParams : formatter::FormatterParams {
  static const Schema<MsgpackFormatterParams>& schema() {
    static const auto s = Schema<MsgpackFormatterParams>().Inherit<formatter::FormatterParams>();
    return s;
  }
};

class MsgpackFormatter final : public Formatter {
 public:
  using Params = MsgpackFormatterParams;

  MsgpackFormatter(const Params& /*params*/, PluginEnv& /*env*/) {}

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* why) override {
    scratch_.Reset();
    if (msgpack::AppendRow(batch, row, scratch_, out)) return true;
    *why = "an integer is too large for MessagePack";
    return false;
  }

 private:
  Arena scratch_;
};

}  // namespace

PluginEntry MsgpackFormatterPlugin() {
  return DefinePlugin<MsgpackFormatter>(
      PluginKind::kFormatter, "msgpack", "Records as MessagePack maps.", {},
      {{"A record", "<format>\n  @type msgpack\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":"b"}})"
        "\n",
        "\x81\xA1"
        "a"
        "\xA1"
        "b"}});
}

}  // namespace tailrace
