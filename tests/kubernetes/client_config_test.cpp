// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/client_config.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

namespace tailrace::kubernetes {
namespace {

class ClientConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = std::filesystem::temp_directory_path() / ("tailrace_cc_" + std::to_string(getpid()));
    std::filesystem::create_directories(dir_);
    parameters_.secret_dir = (dir_ / "none").string();
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string Write(const std::string& name, const std::string& content) {
    std::filesystem::create_directories((dir_ / name).parent_path());
    std::ofstream(dir_ / name) << content;
    return (dir_ / name).string();
  }
  Result<std::optional<ClientConfig>> Resolve() {
    return ResolveClientConfig(parameters_, [this](const char* name) {
      const auto found = environment_.find(name);
      return found == environment_.end() ? std::string() : found->second;
    });
  }

  std::filesystem::path dir_;
  ClientParameters parameters_;
  std::map<std::string, std::string> environment_;
};

TEST_F(ClientConfigTest, NoWayToAnApiIsNoError) {
  const auto config = Resolve();
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->has_value());
}

TEST_F(ClientConfigTest, InCluster) {
  environment_ = {{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  Write("sa/token", "t0ken\n");
  Write("sa/ca.crt", "pem");
  parameters_.secret_dir = (dir_ / "sa").string();
  const auto config = Resolve();
  ASSERT_TRUE(config && config->has_value()) << config.error().message;
  EXPECT_EQ((*config)->server, "https://10.96.0.1:443");
  EXPECT_EQ((*config)->shown_url, "https://10.96.0.1:443/api");
  EXPECT_EQ((*config)->token_file, (dir_ / "sa/token").string());
  EXPECT_EQ((*config)->tls.ca_file, (dir_ / "sa/ca.crt").string());
  EXPECT_TRUE((*config)->tls.verify);
  environment_["KUBERNETES_SERVICE_HOST"] = "fd00::1";
  EXPECT_EQ((*Resolve())->server, "https://[fd00::1]:443");
}

TEST_F(ClientConfigTest, ExplicitParametersWin) {
  environment_ = {{"KUBERNETES_SERVICE_HOST", "10.96.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};
  Write("sa/token", "t0ken");
  parameters_.secret_dir = (dir_ / "sa").string();
  parameters_.kubernetes_url = "https://api.example:6443/api/";
  parameters_.bearer_token_file = Write("my-token", "other");
  parameters_.client_cert = Write("cert", "c");
  parameters_.client_key = Write("key", "k");
  parameters_.verify_ssl = false;
  const auto config = Resolve();
  ASSERT_TRUE(config && config->has_value());
  EXPECT_EQ((*config)->server, "https://api.example:6443");
  EXPECT_EQ((*config)->shown_url, "https://api.example:6443/api/");
  EXPECT_EQ((*config)->token_file, parameters_.bearer_token_file);
  EXPECT_EQ((*config)->tls.cert_file, parameters_.client_cert);
  EXPECT_EQ((*config)->tls.key_file, parameters_.client_key);
  EXPECT_FALSE((*config)->tls.verify);
}

TEST_F(ClientConfigTest, MissingFileIsNamed) {
  parameters_.kubernetes_url = "https://api.example";
  parameters_.ca_file = (dir_ / "no-ca.pem").string();
  const auto config = Resolve();
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("ca_file: cannot open"), std::string::npos);
  EXPECT_NE(config.error().message.find("no-ca.pem"), std::string::npos);
}

constexpr char kKubeconfig[] = R"(apiVersion: v1
kind: Config
current-context: two
contexts:
- name: one
  context: {cluster: c1, user: u1}
- name: two
  context: {cluster: c2, user: USER}
clusters:
- name: c1
  cluster: {server: "https://wrong"}
- name: c2
  cluster:
    server: https://127.0.0.1:6443
    certificate-authority-data: UEVNIENB
users:
- name: u1
  user: {token: wrong}
- name: inline
  user:
    client-certificate-data: Q0VSVA==
    client-key-data: S0VZCg==
- name: files
  user:
    client-certificate: pki/c.pem
    client-key: KEY
    tokenFile: tok
- name: exec
  user:
    exec: {command: aws}
- name: basic
  user: {username: u, password: p}
)";

TEST_F(ClientConfigTest, KubeconfigWithInlineCertificates) {
  std::string text = kKubeconfig;
  text.replace(text.find("USER"), 4, "inline");
  const auto config = ReadKubeconfig(Write("config", text));
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "https://127.0.0.1:6443");
  EXPECT_EQ(config->tls.ca_pem, "PEM CA");
  EXPECT_EQ(config->tls.cert_pem, "CERT");
  EXPECT_EQ(config->tls.key_pem, "KEY\n");
  EXPECT_TRUE(config->token.empty());
}

TEST_F(ClientConfigTest, KubeconfigWithFilesBesideIt) {
  std::string text = kKubeconfig;
  text.replace(text.find("USER"), 4, "files");
  text.replace(text.find("KEY\n"), 3, (dir_ / "abs.key").string());
  Write("pki/c.pem", "c");
  Write("abs.key", "k");
  Write("tok", "t");
  parameters_.kubeconfig = Write("config", text);
  const auto config = Resolve();
  ASSERT_TRUE(config && config->has_value()) << config.error().message;
  EXPECT_EQ((*config)->tls.cert_file, (dir_ / "pki/c.pem").string());
  EXPECT_EQ((*config)->tls.key_file, (dir_ / "abs.key").string());
  EXPECT_EQ((*config)->token_file, (dir_ / "tok").string());
}

TEST_F(ClientConfigTest, KubeconfigProblemsAreExplained) {
  const std::pair<std::string, std::string> cases[] = {{"exec", "come from a program (exec)"},
                                                       {"nobody", "no entry 'nobody' in users"}};
  for (const auto& [user, message] : cases) {
    std::string text = kKubeconfig;
    text.replace(text.find("USER"), 4, user);
    const auto config = ReadKubeconfig(Write("config", text));
    ASSERT_FALSE(config) << user;
    EXPECT_NE(config.error().message.find(message), std::string::npos) << config.error().message;
    EXPECT_NE(config.error().message.find((dir_ / "config").string()), std::string::npos);
  }
  EXPECT_FALSE(ReadKubeconfig((dir_ / "missing").string()));
  EXPECT_FALSE(ReadKubeconfig(Write("config", "a: [b")));
  EXPECT_FALSE(ReadKubeconfig(Write("config", "just text")));
  EXPECT_FALSE(ReadKubeconfig(Write("config", "")));
}

TEST_F(ClientConfigTest, KubeconfigBasicUser) {
  std::string text = kKubeconfig;
  text.replace(text.find("USER"), 4, "basic");
  EXPECT_EQ(ReadKubeconfig(Write("config", text))->authorization, "Basic dTpw");
}

}  // namespace
}  // namespace tailrace::kubernetes
