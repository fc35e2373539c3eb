// SPDX-License-Identifier: Apache-2.0
// <filter> @type stdout: prints events and passes them on (https://docs.fluentd.org/filter/stdout).

#include <cstdio>

#include "event/formatter_encoder.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct StdoutFilterParams {
  std::vector<RawSection> format;
  std::vector<RawSection> inject;

  static const Schema<StdoutFilterParams>& schema() {
    using P = StdoutFilterParams;
    static const auto s = Schema<P>()
                              .RawSection("format", &P::format, "How events are written.")
                              .RawSection("inject", &P::inject, "What is added to them.");
    return s;
  }
};

class StdoutFilter final : public Filter {
 public:
  using Params = StdoutFilterParams;

  StdoutFilter(const Params& /*params*/, PluginEnv& env)
      : encoder_(FormatterEncoder::Create(env, "stdout")) {}

  void Apply(Batch& batch, EventContext& /*context*/) override {
    text_.Clear();
    std::string why;
    const size_t count = batch.rows().size();
    for (uint32_t i = 0; i < count; ++i) {
      // An event that cannot be printed passes all the same.
      if (!batch.rows()[i].dropped) encoder_->Append(batch, i, text_, &why);
    }
    std::fwrite(text_.data(), 1, text_.size(), stdout);
    std::fflush(stdout);
  }

 private:
  std::unique_ptr<FormatterEncoder> encoder_;
  ByteBuffer text_;
};

}  // namespace

PluginEntry StdoutFilterPlugin() {
  return DefinePlugin<StdoutFilter>(PluginKind::kFilter, "stdout",
                                    "Prints events and passes them on.");
}

}  // namespace tailrace
