// SPDX-License-Identifier: Apache-2.0
// <match> @type relabel: sends events on to another label.

#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct RelabelParams {
  static const Schema<RelabelParams>& schema() {
    static const auto s = Schema<RelabelParams>();
    return s;
  }
};

class RelabelOutput final : public Output {
 public:
  using Params = RelabelParams;

  RelabelOutput(const Params& /*params*/, PluginEnv& env) : writable_(env.writable()) {
    label_ = LabelOf(env);
    if (label_.empty()) {
      env.Problem(env.element(), "@type", "relabel needs @label, the label to send events to");
    } else {
      env.UseLabel(label_, env.element());
    }
  }

  void Emit(Batch& batch, EventContext& context) override { context.EmitTo(label_, batch); }
  bool Writable(const Origin& origin) override { return writable_(label_, origin); }
  bool changes_events() const override { return true; }

 private:
  static std::string LabelOf(PluginEnv& env) { return std::string(env.Reserved("@label")); }

  std::string label_;
  std::function<bool(std::string_view, const Origin&)> writable_;
};

}  // namespace

PluginEntry RelabelOutputPlugin() {
  return DefinePlugin<RelabelOutput>(PluginKind::kOutput, "relabel",
                                     "Sends events on to another label.");
}

}  // namespace tailrace
