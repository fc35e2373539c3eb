// SPDX-License-Identifier: Apache-2.0
// <match> @type null: throws events away, and counts them as delivered.

#include "tailrace/define_plugin.h"
#include "tailrace/metrics.h"

namespace tailrace {
namespace {

struct NullParams {
  bool never_flush = false;
  static const Schema<NullParams>& schema() {
    static const auto s = Schema<NullParams>().Param(
        "never_flush", &NullParams::never_flush,
        "Keeps events for ever instead of throwing them away; for tests of back-pressure.");
    return s;
  }
};

class NullOutput final : public Output {
 public:
  using Params = NullParams;
  NullOutput(Params params, PluginEnv& env)
      : never_flush_(params.never_flush),
        delivered_(Metrics::Global().Counter("tailrace_output_delivered_events_total",
                                             "Events that the destination acknowledged.",
                                             {{"plugin_id", env.id()}, {"type", "null"}})) {}

  void Emit(Batch& batch, EventContext& /*context*/) override {
    if (never_flush_) {
      kept_.insert(kept_.end(), batch.segments().begin(), batch.segments().end());
    } else {
      delivered_->Add(batch.live_rows());
    }
  }

 private:
  bool never_flush_;
  std::shared_ptr<Cell> delivered_;
  std::vector<SegmentRef> kept_;
};

}  // namespace

PluginEntry NullOutputPlugin() {
  return DefinePlugin<NullOutput>(PluginKind::kOutput, "null", "Throws events away.");
}

}  // namespace tailrace
