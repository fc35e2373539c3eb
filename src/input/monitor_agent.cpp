// SPDX-License-Identifier: Apache-2.0
// <source> @type monitor_agent: what the agent knows of its plugins, as JSON over HTTP and, with a
// tag, as events (https://docs.fluentd.org/input/monitor_agent).

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "event/json.h"
#include "observe/page_port.h"
#include "observe/plugin_pages.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct MonitorAgentParams {
  std::string bind = "0.0.0.0";
  int port = 24220;
  std::optional<std::string> tag;
  Seconds emit_interval{60};
  bool include_config = false;
  bool include_retry = false;
  bool include_debug_info = false;

  static const Schema<MonitorAgentParams>& schema() {
    using P = MonitorAgentParams;
    static const auto s =
        Schema<P>()
            .Param("bind", &P::bind, "Address that is listened on.")
            .Param("port", &P::port, "Port that is listened on, once for all workers.",
                   {.min = 0, .max = 65535})
            .Param("tag", &P::tag, "Tag of the events that are emitted; without it there are none.")
            .Param("emit_interval", &P::emit_interval, "Time between events.", {.min = 0.1})
            .Param("include_config", &P::include_config,
                   "Shows the parameters of each plugin; secrets are masked.")
            .Param("include_retry", &P::include_retry, "Shows the retry state of each output.")
            .Param("include_debug_info", &P::include_debug_info, "Shows Ruby's instance variables.",
                   {.unused = "there are none"});
    return s;
  }
};

class MonitorAgentInput final : public Input {
 public:
  using Params = MonitorAgentParams;

  MonitorAgentInput(Params params, PluginEnv& env)
      : params_(std::move(params)), id_(env.id()), clock_(env.clock()), active_(env.worker() == 0) {
    pages_.include_config = params_.include_config;
    pages_.include_retry = params_.include_retry;
  }

  Status Start(InputRuntime& runtime) override {
    if (!active_) return {};
    runtime_ = &runtime;
    if (params_.tag) {
      origin_ = std::make_shared<Origin>(Origin{*params_.tag, "", ""});
      timer_ = std::make_unique<boost::asio::steady_timer>(runtime.loop());
      Schedule();
    }
    return port_.Open(runtime.loop(), params_.bind, params_.port, id_, pages_);
  }

  void Stop() override { timer_.reset(); }
  void Close() override { port_.Close(); }

 private:
  void Schedule() {
    timer_->expires_after(
        std::chrono::nanoseconds(static_cast<int64_t>(params_.emit_interval.value * 1e9)));
    timer_->async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      EmitEvents();
      Schedule();
    });
  }

  void EmitEvents() {
    if (!runtime_->emitter().Writable(*origin_)) return;
    auto batch = runtime_->NewBatch();
    batch->set_origin(origin_);
    for (const std::string& object : observe::PluginObjects(pages_, {})) {
      Line line;
      line.segment = batch->SegmentIndex({});  // nothing to acknowledge
      Row& row = batch->AddRow(line);
      row.time = clock_();
      const std::string padded = object + std::string(json::kPadding, '\0');
      json::ParseObject(batch->arena().Store(padded).substr(0, object.size()), *batch, row);
    }
    runtime_->emitter().Emit(*batch);
    runtime_->Recycle(std::move(batch));
  }

  MonitorAgentParams params_;
  std::string id_;
  std::function<EventTime()> clock_;
  bool active_;
  observe::PageOptions pages_;
  InputRuntime* runtime_ = nullptr;
  std::shared_ptr<const Origin> origin_;
  std::unique_ptr<boost::asio::steady_timer> timer_;
  observe::PagePort port_;
};

}  // namespace

PluginEntry MonitorAgentInputPlugin() {
  return DefinePlugin<MonitorAgentInput>(
      PluginKind::kInput, "monitor_agent",
      "Shows the agent's plugins and their numbers over HTTP, and emits them as events.");
}

}  // namespace tailrace
