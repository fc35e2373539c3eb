// SPDX-License-Identifier: Apache-2.0
// <source> @type prometheus: the port where Prometheus, the kubelet and people look at the agent
// (https://github.com/fluent/fluent-plugin-prometheus). Beside /metrics it answers /healthz,
// /readyz, the status page and the others of observe/pages.h.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/element.h"
#include "observe/extra_labels.h"
#include "observe/page_port.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

enum class Encoding : uint8_t { kIdentity, kGzip };
EnumNames ParamNames(Encoding) {
  return {{"identity", int(Encoding::kIdentity)}, {"gzip", int(Encoding::kGzip)}};
}

struct PrometheusParams {
  std::string bind = "127.0.0.1";
  int port = 24231;
  std::string metrics_path = "/metrics";
  std::string aggregated_metrics_path = "/aggregated_metrics";
  Encoding content_encoding = Encoding::kIdentity;
  Seconds ignore_error_log_interval{3600};

  static const Schema<PrometheusParams>& schema() {
    using P = PrometheusParams;
    static const auto s =
        Schema<P>()
            .Param("bind", &P::bind, "Address that is listened on.")
            .Param("port", &P::port, "Port that is listened on, once for all workers.",
                   {.min = 0, .max = 65535})
            .Param("metrics_path", &P::metrics_path, "Path of the metrics.")
            .Param("aggregated_metrics_path", &P::aggregated_metrics_path,
                   "Second path of the same metrics, for configurations with several workers.")
            .Param("content_encoding", &P::content_encoding,
                   "gzip: compressed whatever the scraper says; identity: if it accepts it.")
            .Param("ignore_error_log_interval", &P::ignore_error_log_interval,
                   "How often failed scrapes are logged.",
                   {.unused = "refused connections are logged once in ten seconds at most"});
    return s;
  }
};

class PrometheusInput final : public Input {
 public:
  using Params = PrometheusParams;

  PrometheusInput(Params params, PluginEnv& env)
      : params_(std::move(params)), id_(env.id()), listens_(env.worker() == 0) {}

  Status Start(InputRuntime& runtime) override {
    if (!listens_) return {};
    observe::PageOptions pages;
    pages.metrics_path = params_.metrics_path;
    pages.aggregated_metrics_path = params_.aggregated_metrics_path;
    pages.gzip_metrics = params_.content_encoding == Encoding::kGzip;
    return port_.Open(runtime.loop(), params_.bind, params_.port, id_, std::move(pages));
  }

  // Answers to the end: what keeps the agent from stopping is worth seeing.
  void Stop() override {}
  void Close() override { port_.Close(); }

 private:
  PrometheusParams params_;
  std::string id_;
  bool listens_;
  observe::PagePort port_;
};

// The monitors of fluent-plugin-prometheus fill metrics in at intervals; here they are always
// current.
struct MonitorParams {
  Seconds interval{5};
  std::optional<bool> gauge_all;
  std::vector<RawSection> labels;

  static const Schema<MonitorParams>& schema() {
    using P = MonitorParams;
    static const auto s =
        Schema<P>()
            .Param("interval", &P::interval, "How often the metrics are filled in.",
                   {.unused = "they are read when they are asked for"})
            .Param("gauge_all", &P::gauge_all, "Counters of outputs are shown as gauges.",
                   {.unused = "they are always shown as gauges"})
            .RawSection("labels", &P::labels,
                        "Labels that are added to the metrics; ${hostname} and ${worker_id} are "
                        "filled in.");
    return s;
  }
};

std::string Expanded(std::string text, const PluginEnv& env) {
  const auto replace = [&text](std::string_view from, const std::string& to) {
    for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
      text.replace(at, from.size(), to);
  };
  replace("${hostname}", env.hostname());
  replace("${worker_id}", std::to_string(env.worker()));
  return text;
}

class MonitorInput : public Input {
 public:
  using Params = MonitorParams;

  // `prefix` of the metrics that the monitor stands for.
  MonitorInput(const Params& params, const PluginEnv& env, std::string prefix)
      : prefix_(std::move(prefix)) {
    for (const RawSection& section : params.labels) {
      for (const config::Attribute& attribute : section->attrs)
        labels_.emplace_back(attribute.key, Expanded(attribute.text, env));
    }
  }
  Status Start(InputRuntime& /*runtime*/) override {
    if (!labels_.empty()) observe::ExtraLabels::Global().Set(prefix_, labels_);
    return {};
  }
  void Stop() override {}

 private:
  std::string prefix_;
  MetricLabels labels_;
};

struct BufferMonitor final : MonitorInput {
  BufferMonitor(const Params& params, PluginEnv& env)
      : MonitorInput(params, env, "fluentd_status_") {}
};
struct OutputMonitor final : MonitorInput {
  OutputMonitor(const Params& params, PluginEnv& env)
      : MonitorInput(params, env, "fluentd_output_status_") {}
};
struct TailMonitor final : MonitorInput {
  TailMonitor(const Params& params, PluginEnv& env) : MonitorInput(params, env, "fluentd_tail_") {}
};

}  // namespace

PluginEntry PrometheusInputPlugin() {
  return DefinePlugin<PrometheusInput>(
      PluginKind::kInput, "prometheus",
      "Listens for Prometheus and the kubelet: /metrics, /healthz, /readyz and a status page.");
}
PluginEntry PrometheusMonitorInputPlugin() {
  return DefinePlugin<BufferMonitor>(PluginKind::kInput, "prometheus_monitor",
                                     "Accepted; buffers are always among the metrics.");
}
PluginEntry PrometheusOutputMonitorInputPlugin() {
  return DefinePlugin<OutputMonitor>(PluginKind::kInput, "prometheus_output_monitor",
                                     "Accepted; outputs are always among the metrics.");
}
PluginEntry PrometheusTailMonitorInputPlugin() {
  return DefinePlugin<TailMonitor>(PluginKind::kInput, "prometheus_tail_monitor",
                                   "Accepted; tailed files are always among the metrics.");
}

}  // namespace tailrace
