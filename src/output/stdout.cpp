// SPDX-License-Identifier: Apache-2.0
// <match> @type stdout: prints events, for trying things out
// (https://docs.fluentd.org/output/stdout).

#include <cstdio>

#include "event/formatter_encoder.h"
#include "tailrace/buffered_params.h"
#include "tailrace/define_plugin.h"
#include "tailrace/metrics.h"

namespace tailrace {
namespace {

struct StdoutParams : BufferedParams {
  bool use_logger = true;
  std::vector<RawSection> format;
  std::vector<RawSection> inject;

  static const Schema<StdoutParams>& schema() {
    using P = StdoutParams;
    static const auto s =
        Schema<P>()
            .Inherit<BufferedParams>()
            .Param("use_logger", &P::use_logger, "Accepted: events always go to standard output.")
            .RawSection("format", &P::format, "How events are written.")
            .RawSection("inject", &P::inject, "What is added to them.");
    return s;
  }
};

class StdoutOutput final : public Output {
 public:
  using Params = StdoutParams;

  StdoutOutput(const Params& /*params*/, PluginEnv& env)
      : encoder_(FormatterEncoder::Create(env, "stdout")),
        delivered_(Metrics::Global().Counter("tailrace_output_delivered_events_total",
                                             "Events that the destination acknowledged.",
                                             {{"plugin_id", env.id()}, {"type", "stdout"}})) {}

  void Emit(Batch& batch, EventContext& context) override {
    text_.Clear();
    std::string why;
    uint64_t written = 0;
    const size_t count = batch.rows().size();
    for (uint32_t i = 0; i < count; ++i) {
      if (batch.rows()[i].dropped) continue;
      if (encoder_->Append(batch, i, text_, &why)) {
        ++written;
      } else {
        context.MoveToError(batch, batch.rows()[i], why);
      }
    }
    std::fwrite(text_.data(), 1, text_.size(), stdout);
    std::fflush(stdout);
    delivered_->Add(written);
  }

 private:
  std::unique_ptr<FormatterEncoder> encoder_;
  std::shared_ptr<Cell> delivered_;
  ByteBuffer text_;
};

}  // namespace

PluginEntry StdoutOutputPlugin() {
  return DefinePlugin<StdoutOutput>(PluginKind::kOutput, "stdout",
                                    "Prints events on standard output.");
}

}  // namespace tailrace
