// SPDX-License-Identifier: Apache-2.0
#pragma once
// The agent's own pages, whatever port they are asked at: metrics, health, plugins, status.
//
//   /                    the status page (HTML)
//   /metrics             for Prometheus; also /aggregated_metrics, which is the same: there is one
//   process /healthz             200 while every loop moves, else 503 and which does not /readyz
//   200 while nothing keeps the agent from its work, else 503 and the reasons /api/plugins.json as
//   Fluentd's monitor_agent (https://docs.fluentd.org/input/monitor_agent) /api/config.json
//   likewise /api/state.json      plugins and metrics, for `tailrace top`
//
// Threads: any; each answer reads Metrics, Health and Topology of the process.

#include <optional>
#include <string>

#include "net/http_server.h"

namespace tailrace::observe {

struct PageOptions {
  std::string metrics_path = "/metrics";
  std::string aggregated_metrics_path = "/aggregated_metrics";
  bool gzip_metrics = false;
  // What /api/plugins shows beside the numbers.
  bool include_config = false;
  bool include_retry = false;
  // The configuration, for /api/config; secrets are masked by whoever gives it.
  std::string config_path;
};

// The answer to a request, 404 where there is no such page.
net::ServerResponse AgentPage(const net::ServerRequest& request, const PageOptions& options);

}  // namespace tailrace::observe
