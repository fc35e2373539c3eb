// SPDX-License-Identifier: Apache-2.0
#include <yaml-cpp/yaml.h>

#include <filesystem>

#include "kubernetes/client_config.h"
#include "net/url.h"

namespace tailrace::kubernetes {
namespace {

std::string Text(const YAML::Node& node, const char* key) {
  if (!node.IsMap()) return {};
  const YAML::Node value = node[key];
  return value && value.IsScalar() ? value.Scalar() : std::string();
}

// The entry of `list` ("clusters", "users", "contexts") with this name, its `member` part.
Result<YAML::Node> Named(const YAML::Node& config, const char* list, const char* member,
                         const std::string& name) {
  const YAML::Node entries = config[list];
  if (entries && entries.IsSequence()) {
    for (const YAML::Node& entry : entries) {
      if (Text(entry, "name") != name) continue;
      const YAML::Node part = entry[member];
      if (!part || !part.IsMap()) break;
      return part;
    }
  }
  return Fail("no entry '" + name + "' in " + list);
}

Result<std::string> DecodeBase64(const std::string& text, const char* key) {
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (char c : text) {
    if (c == '=' || c == '\n' || c == '\r' || c == ' ') continue;
    int value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = c - 'A';
    } else if (c >= 'a' && c <= 'z') {
      value = c - 'a' + 26;
    } else if (c >= '0' && c <= '9') {
      value = c - '0' + 52;
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else {
      return Fail(std::string(key) + " is not base64");
    }
    bits = bits << 6 | static_cast<unsigned>(value);
    if (++count % 4 != 1) bytes += static_cast<char>(bits >> (6 - 2 * ((count - 1) % 4)) & 0xff);
  }
  return bytes;
}

// One certificate or key: inline data wins over a file, as in kubectl.
Status Pem(const YAML::Node& node, const std::string& key, const std::filesystem::path& folder,
           std::string& pem, std::string& file) {
  const std::string data_key = key + "-data";
  if (const std::string data = Text(node, data_key.c_str()); !data.empty()) {
    auto decoded = DecodeBase64(data, data_key.c_str());
    if (!decoded) return tl::unexpected(decoded.error());
    pem = *std::move(decoded);
  } else if (const std::string path = Text(node, key.c_str()); !path.empty()) {
    file = (folder / path).lexically_normal().string();
  }
  return {};
}

Status UseCluster(const YAML::Node& cluster, const std::filesystem::path& folder,
                  ClientConfig& config) {
  const std::string server = Text(cluster, "server");
  auto url = net::ParseUrl(server, {.scheme = "https"});
  if (!url) return Fail("server: " + url.error().message);
  config.server = url->Base();
  config.shown_url = config.server;
  if (Text(cluster, "insecure-skip-tls-verify") == "true") config.tls.verify = false;
  if (const std::string proxy = Text(cluster, "proxy-url"); !proxy.empty()) config.proxy = proxy;
  return Pem(cluster, "certificate-authority", folder, config.tls.ca_pem, config.tls.ca_file);
}

Status UseUser(const YAML::Node& user, const std::filesystem::path& folder, ClientConfig& config) {
  for (const char* program : {"exec", "auth-provider"}) {
    if (user[program]) {
      return Fail(std::string("the user's credentials come from a program (") + program +
                  "), which is not run here; use a token, a token file or a client certificate, "
                  "or a service account");
    }
  }
  for (auto [key, pem, file] :
       {std::tuple("client-certificate", &config.tls.cert_pem, &config.tls.cert_file),
        std::tuple("client-key", &config.tls.key_pem, &config.tls.key_file)}) {
    if (auto status = Pem(user, key, folder, *pem, *file); !status) return status;
  }
  config.token = Text(user, "token");
  if (const std::string file = Text(user, "tokenFile"); !file.empty()) {
    config.token_file = (folder / file).lexically_normal().string();
  }
  if (const std::string name = Text(user, "username"); !name.empty()) {
    config.authorization = net::BasicAuthorization(name, Text(user, "password"));
  }
  return {};
}

Result<ClientConfig> ReadConfig(const YAML::Node& root, const std::filesystem::path& folder) {
  if (!root.IsMap()) return Fail("is not a kubeconfig");
  const std::string current = Text(root, "current-context");
  if (current.empty()) return Fail("current-context is not set");
  auto context = Named(root, "contexts", "context", current);
  if (!context) return tl::unexpected(context.error());
  auto cluster = Named(root, "clusters", "cluster", Text(*context, "cluster"));
  if (!cluster) return tl::unexpected(cluster.error());
  ClientConfig config;
  if (auto status = UseCluster(*cluster, folder, config); !status) {
    return tl::unexpected(status.error());
  }
  if (const std::string name = Text(*context, "user"); !name.empty()) {
    auto user = Named(root, "users", "user", name);
    if (!user) return tl::unexpected(user.error());
    if (auto status = UseUser(*user, folder, config); !status) {
      return tl::unexpected(status.error());
    }
  }
  return config;
}

}  // namespace

Result<ClientConfig> ReadKubeconfig(const std::string& path) {
  auto content = ReadSmallFile(path);
  if (!content) return Fail("kubeconfig: " + content.error().message);
  const auto fail = [&](const std::string& what) {
    return Fail("kubeconfig " + path + ": " + what);
  };
  try {
    auto config = ReadConfig(YAML::Load(*content), std::filesystem::path(path).parent_path());
    if (!config) return fail(config.error().message);
    config->source = "kubeconfig " + path;
    return config;
  } catch (const YAML::Exception& error) {
    // Only the place: the text around it may be a key.
    return fail("is not YAML (line " + std::to_string(error.mark.line + 1) + ")");
  }
}

}  // namespace tailrace::kubernetes
