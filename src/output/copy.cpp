// SPDX-License-Identifier: Apache-2.0
// <match> @type copy: gives every event to several outputs.

#include <algorithm>

#include "tailrace/define_plugin.h"
#include "tailrace/metrics.h"

namespace tailrace {
namespace {

constexpr char kMadeHelp[] = "Events that plugins made or copied beside those that were read.";

enum class CopyMode : uint8_t { kNoCopy, kShallow, kDeep, kMarshal };

EnumNames ParamNames(CopyMode) {
  return {{"no_copy", int(CopyMode::kNoCopy)},
          {"shallow", int(CopyMode::kShallow)},
          {"deep", int(CopyMode::kDeep)},
          {"marshal", int(CopyMode::kMarshal)}};
}

struct CopyParams {
  CopyMode copy_mode = CopyMode::kNoCopy;
  bool deep_copy = false;
  std::vector<RawSection> store;

  static const Schema<CopyParams>& schema() {
    static const auto s =
        Schema<CopyParams>()
            .Param("copy_mode", &CopyParams::copy_mode,
                   "Accepted: no output can see what another one changes, in any mode.")
            .Param("deep_copy", &CopyParams::deep_copy, "Old name of copy_mode.",
                   {.deprecated = "use copy_mode"})
            .RawSection("store", &CopyParams::store, "An output.", {.required = true});
    return s;
  }
};

class CopyOutput final : public Output {
 public:
  using Params = CopyParams;

  CopyOutput(const Params& params, PluginEnv& env) {
    for (const RawSection& section : params.store) {
      Store store;
      const std::string_view words = env.ArgumentOf(*section);
      store.ignore_error = words.find("ignore_error") != std::string_view::npos;
      store.output = env.MakeOutput(*section);
      if (store.output) stores_.push_back(std::move(store));
    }
    made_ = Metrics::Global().Counter("tailrace_events_made_total", kMadeHelp);
  }

  void Emit(Batch& batch, EventContext& context) override {
    made_->Add(batch.live_rows() * (stores_.size() - 1));
    for (size_t i = 0; i < stores_.size(); ++i) {
      Output& output = *stores_[i].output;
      // The last one may do with the batch what it wants.
      if (i + 1 < stores_.size() && output.changes_events()) {
        EmitCopy(batch, output, context);
      } else {
        output.Emit(batch, context);
      }
    }
  }

  bool Writable(const Origin& origin) override {
    // A store whose errors are ignored holds nobody up.
    return std::all_of(stores_.begin(), stores_.end(), [&origin](const Store& store) {
      return store.ignore_error || store.output->Writable(origin);
    });
  }

  bool changes_events() const override {
    return std::any_of(stores_.begin(), stores_.end(),
                       [](const Store& store) { return store.output->changes_events(); });
  }

  double tick_interval() const override {
    double interval = 0;
    for (const Store& store : stores_) {
      const double each = store.output->tick_interval();
      if (each > 0 && (interval == 0 || each < interval)) interval = each;
    }
    return interval;
  }
  void Tick(EventContext& context) override {
    for (const Store& store : stores_) store.output->Tick(context);
  }
  void Flush(EventContext& context) override {
    for (const Store& store : stores_) store.output->Flush(context);
  }

 private:
  struct Store {
    std::unique_ptr<Output> output;
    bool ignore_error = false;
  };

  static void EmitCopy(const Batch& batch, Output& output, EventContext& context) {
    auto copy = context.NewBatch();
    copy->set_origin(batch.origin());
    for (const Row& row : batch.rows()) {
      if (!row.dropped) copy->CopyRow(batch, row);
    }
    output.Emit(*copy, context);
    context.Recycle(std::move(copy));
  }

  std::vector<Store> stores_;
  std::shared_ptr<Cell> made_;
};

}  // namespace

PluginEntry CopyOutputPlugin() {
  return DefinePlugin<CopyOutput>(PluginKind::kOutput, "copy",
                                  "Gives every event to several outputs.");
}

}  // namespace tailrace
