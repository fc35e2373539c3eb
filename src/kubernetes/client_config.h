// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the Kubernetes API is and how to prove who we are. Three ways, in this order:
//
//   1. explicit parameters (kubernetes_url and its companions);
//   2. a kubeconfig file (clusters, users, contexts;
//   https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/);
//   3. inside of a cluster: KUBERNETES_SERVICE_HOST and _PORT, and the service account's files.
//
// Tokens from files are read again before each request, because the kubelet renews them.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "tailrace/result.h"

namespace tailrace::kubernetes {

struct ClientConfig {
  std::string server;         // "https://host:port[/prefix]", without "/api"
  std::string shown_url;      // as it was given: what master_url shows
  net::TlsOptions tls;        // secret parts
  std::string token;          // secret
  std::string token_file;     // wins over `token`
  std::string authorization;  // secret; "Basic ..." from a kubeconfig or from the URL
  std::optional<std::string> proxy;
  std::chrono::milliseconds connect_timeout{3000};
  std::chrono::milliseconds read_timeout{10000};
  std::string source;  // for the log: "kubeconfig /x", "service account", "kubernetes_url"
};

// The parameters of the filter, as strings that may be empty.
struct ClientParameters {
  std::string kubernetes_url;
  std::string kubeconfig;
  std::string bearer_token_file;
  std::string ca_file;
  std::string client_cert;
  std::string client_key;
  std::string secret_dir = "/var/run/secrets/kubernetes.io/serviceaccount";
  bool verify_ssl = true;
  bool ssl_partial_chain = false;
  std::chrono::milliseconds open_timeout{3000};
  std::chrono::milliseconds read_timeout{10000};
};

// Reads an environment variable; "" if it is not set.
using Environment = std::function<std::string(const char* name)>;
std::string ProcessEnvironment(const char* name);

// Nothing (no error) if no way leads to an API: metadata then comes from tags alone. An error names
// the file and the member that cannot be used.
Result<std::optional<ClientConfig>> ResolveClientConfig(
    const ClientParameters& parameters, const Environment& environment = ProcessEnvironment);

// The current context of a kubeconfig. Relative file names are taken from its folder. Users that
// need a program (exec, auth-provider) are refused.
Result<ClientConfig> ReadKubeconfig(const std::string& path);

// Whole file, at most 1 MiB; the error names it.
Result<std::string> ReadSmallFile(const std::string& path);

}  // namespace tailrace::kubernetes
