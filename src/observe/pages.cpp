// SPDX-License-Identifier: Apache-2.0
#include "observe/pages.h"

#include <fmt/format.h>
#include <unistd.h>

#include "event/json.h"
#include "net/gzip.h"
#include "observe/exposition.h"
#include "observe/extra_labels.h"
#include "observe/plugin_pages.h"
#include "observe/status_page.h"
#include "tailrace/health.h"

namespace tailrace::observe {
namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kText = "text/plain; charset=utf-8";

net::ServerResponse MetricsPage(const net::ServerRequest& request, const PageOptions& options) {
  const ExpositionFormat format = FormatFor(request.Header("accept"));
  net::ServerResponse response;
  response.content_type = ContentType(format);
  std::vector<Sample> samples = Metrics::Global().Collect();
  ExtraLabels::Global().AddTo(samples);
  response.body = Exposition(samples, format);
  const bool takes_gzip = request.Header("accept-encoding").find("gzip") != std::string_view::npos;
  if (!takes_gzip && !options.gzip_metrics) return response;
  ByteBuffer compressed;
  if (net::GzipCompressor(net::CompressionLevel::kFast).Compress(response.body, compressed)) {
    response.body = compressed.view();
    response.headers.emplace_back("Content-Encoding", "gzip");
  }
  return response;
}

// 200 and `well` if there are no problems, else 503 and one line each.
net::ServerResponse HealthPage(const std::vector<Health::Problem>& problems, const char* well) {
  if (problems.empty()) return {200, kText, std::string(well) + "\n"};
  std::string body;
  for (const auto& problem : problems)
    body += fmt::format("{}: {} (for {:.0f} s)\n", problem.part, problem.reason, problem.seconds);
  return {503, kText, std::move(body)};
}

PluginSelection SelectionOf(const net::ServerRequest& request) {
  return {request.Parameter("@id"), request.Parameter("@type"), request.Parameter("tag")};
}

// The options that the request asks for, as far as monitor_agent lets a request ask.
PageOptions Asked(const net::ServerRequest& request, PageOptions options) {
  if (const std::string with = request.Parameter("with_config"); with == "no" || with == "false")
    options.include_config = false;
  if (const std::string with = request.Parameter("with_retry"); with == "no" || with == "false")
    options.include_retry = false;
  return options;
}

std::string ConfigJson(const PageOptions& options) {
  ByteBuffer out;
  out.Append(fmt::format(R"({{"pid":{},"ppid":{},"config_path":)", getpid(), getppid()));
  json::AppendString(options.config_path, out);
  out.Append(R"(,"pid_file":null,"plugin_dirs":[],"log_path":null,"version":)");
  json::AppendString(TAILRACE_VERSION, out);
  out.Append('}');
  return std::string(out.view());
}

}  // namespace

net::ServerResponse AgentPage(const net::ServerRequest& request, const PageOptions& options) {
  if (request.method != "GET" && request.method != "HEAD") {
    return {405, kText, "only GET is answered here\n", {{"Allow", "GET, HEAD"}}};
  }
  const std::string& path = request.path;
  if (path == options.metrics_path || path == options.aggregated_metrics_path) {
    return MetricsPage(request, options);
  }
  if (path == "/healthz" || path == "/livez") return HealthPage(Health::Global().Stuck(), "ok");
  if (path == "/readyz") {
    auto problems = Health::Global().Stuck();
    for (auto& problem : Health::Global().Problems()) problems.push_back(std::move(problem));
    return HealthPage(problems, "ready");
  }
  const PageOptions asked = Asked(request, options);
  if (path == "/api/plugins.json") return {200, kJson, PluginsJson(asked, SelectionOf(request))};
  if (path == "/api/plugins") return {200, kText, PluginsLtsv(asked, SelectionOf(request))};
  if (path == "/api/config.json") return {200, kJson, ConfigJson(options)};
  if (path == "/api/config") {
    return {200, kText,
            fmt::format("pid:{}\tversion:{}\tconfig_path:{}\n", getpid(), TAILRACE_VERSION,
                        options.config_path)};
  }
  if (path == "/api/state.json") return {200, kJson, StateJson()};
  if (path == "/") return {200, "text/html; charset=utf-8", StatusPage()};
  return {404, kText, "there is no such page\n"};
}

}  // namespace tailrace::observe
