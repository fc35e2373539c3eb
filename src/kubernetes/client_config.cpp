// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/client_config.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "net/url.h"

namespace tailrace::kubernetes {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;

bool FileExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Kubeclient takes URLs with and without "/api"; requests add it themselves.
std::string WithoutApi(std::string server) {
  if (server.ends_with("/api")) server.resize(server.size() - 4);
  return server;
}

Status UseUrl(const std::string& text, ClientConfig& config) {
  auto url = net::ParseUrl(text, {.scheme = "https"});
  if (!url) return Fail("kubernetes_url: " + url.error().message);
  config.server = WithoutApi(url->Base());
  config.shown_url = text;
  if (url->has_userinfo) {
    config.authorization = net::BasicAuthorization(url->user, url->password);
    config.shown_url = url->Base();
  }
  return {};
}

std::string ServiceUrl(const Environment& environment) {
  std::string host = environment("KUBERNETES_SERVICE_HOST");
  const std::string port = environment("KUBERNETES_SERVICE_PORT");
  if (host.empty() || port.empty()) return {};
  if (host.find(':') != std::string::npos) host = std::string("[").append(host).append("]");
  return "https://" + host + ":" + port + "/api";
}

// The service account's files serve where nothing else was given, as in the plugin.
void UseServiceAccount(const std::string& dir, ClientConfig& config) {
  if (config.tls.ca_file.empty() && config.tls.ca_pem.empty() && FileExists(dir + "/ca.crt")) {
    config.tls.ca_file = dir + "/ca.crt";
  }
  const bool has_credentials =
      !config.token_file.empty() || !config.token.empty() || !config.authorization.empty();
  if (!has_credentials && FileExists(dir + "/token")) config.token_file = dir + "/token";
}

Status CheckFiles(const ClientConfig& config) {
  const std::pair<const char*, const std::string*> files[] = {
      {"ca_file", &config.tls.ca_file},
      {"client_cert", &config.tls.cert_file},
      {"client_key", &config.tls.key_file},
      {"bearer_token_file", &config.token_file}};
  for (const auto& [name, path] : files) {
    if (path->empty()) continue;
    if (auto content = ReadSmallFile(*path); !content) {
      return Fail(std::string(name) + ": " + content.error().message);
    }
  }
  return {};
}

}  // namespace

std::string ProcessEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail("cannot open " + path + ": " + std::strerror(errno));
  std::string content;
  char piece[16384];
  while (file.read(piece, sizeof piece) || file.gcount() > 0) {
    content.append(piece, static_cast<std::size_t>(file.gcount()));
    if (content.size() > kFileBytesMax) return Fail(path + " is larger than 1 MiB");
  }
  if (file.bad()) return Fail("cannot read " + path);
  return content;
}

Result<std::optional<ClientConfig>> ResolveClientConfig(const ClientParameters& parameters,
                                                        const Environment& environment) {
  ClientConfig config;
  if (!parameters.kubernetes_url.empty()) {
    config.source = "kubernetes_url";
    if (auto status = UseUrl(parameters.kubernetes_url, config); !status) {
      return tl::unexpected(status.error());
    }
  } else if (!parameters.kubeconfig.empty()) {
    auto read = ReadKubeconfig(parameters.kubeconfig);
    if (!read) return tl::unexpected(read.error());
    config = *std::move(read);
  } else {
    const std::string url = ServiceUrl(environment);
    if (url.empty()) return std::optional<ClientConfig>();
    config.source = "service account";
    if (auto status = UseUrl(url, config); !status) return tl::unexpected(status.error());
  }
  if (!parameters.ca_file.empty()) {
    config.tls.ca_file = parameters.ca_file;
    config.tls.ca_pem.clear();
  }
  if (!parameters.client_cert.empty()) config.tls.cert_file = parameters.client_cert;
  if (!parameters.client_key.empty()) config.tls.key_file = parameters.client_key;
  if (!parameters.bearer_token_file.empty()) config.token_file = parameters.bearer_token_file;
  if (!parameters.verify_ssl) config.tls.verify = false;
  config.tls.partial_chain = parameters.ssl_partial_chain;
  config.connect_timeout = parameters.open_timeout;
  config.read_timeout = parameters.read_timeout;
  if (parameters.kubeconfig.empty() || !parameters.kubernetes_url.empty()) {
    UseServiceAccount(parameters.secret_dir, config);
  }
  if (auto status = CheckFiles(config); !status) return tl::unexpected(status.error());
  return std::optional<ClientConfig>(std::move(config));
}

}  // namespace tailrace::kubernetes
