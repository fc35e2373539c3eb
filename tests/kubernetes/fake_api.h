// SPDX-License-Identifier: Apache-2.0
#pragma once
// Pieces of Kubernetes API answers for tests, and a scripted API server on top of FakeHttpServer:
// each request is given to a function that says what to do with the connection.

#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "kubernetes/client_config.h"
#include "net/fake_http_server.h"

namespace tailrace::test {

inline std::string PodJson(const std::string& name, const std::string& uid,
                           const std::string& version, const std::string& ip = "10.0.0.1") {
  return R"({"kind":"Pod","metadata":{"name":")" + name + R"(","namespace":"ns","uid":")" + uid +
         R"(","resourceVersion":")" + version +
         R"(","labels":{"app":"x"}},"spec":{"nodeName":"n1"},"status":{"podIP":")" + ip + R"("}})";
}

inline std::string NamespaceJson(const std::string& name, const std::string& version) {
  return R"({"kind":"Namespace","metadata":{"name":")" + name + R"(","uid":"u-)" + name +
         R"(","resourceVersion":")" + version + R"("}})";
}

inline std::string ListJson(const std::vector<std::string>& items, const std::string& version,
                            const std::string& continue_token = "") {
  std::string json = R"({"kind":"List","metadata":{"resourceVersion":")" + version + "\"";
  if (!continue_token.empty()) json += R"(,"continue":")" + continue_token + "\"";
  json += "},\"items\":[";
  for (std::size_t i = 0; i < items.size(); ++i) json += (i > 0 ? "," : "") + items[i];
  return json + "]}";
}

inline std::string EventJson(const std::string& type, const std::string& object) {
  return R"({"type":")" + type + R"(","object":)" + object + "}\n";
}

inline std::string StatusJson(int code, const std::string& reason, const std::string& message) {
  return R"({"kind":"Status","status":"Failure","message":")" + message + R"(","reason":")" +
         reason + R"(","code":)" + std::to_string(code) + "}";
}

class FakeApi {
 public:
  using Connection = FakeHttpServer::Connection;
  // Answers one request; `n` counts all requests from 0. False closes the connection.
  using Script = std::function<bool(Connection&, const ReceivedRequest&, int n)>;

  explicit FakeApi(Script script)
      : script_(std::move(script)), server_([this](Connection& c) { Serve(c); }) {}

  kubernetes::ClientConfig Config() const {
    kubernetes::ClientConfig config;
    config.server = config.shown_url = server_.Url();
    config.proxy = "";
    config.read_timeout = std::chrono::milliseconds(2000);
    return config;
  }
  std::string Url() const { return server_.Url(); }

  // "GET /path?query" of all requests so far.
  std::vector<std::string> Requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::vector<std::string> Authorizations() const {
    const std::lock_guard lock(mutex_);
    return authorizations_;
  }

  // The head of a watch's answer; events follow with SendEvent().
  static bool BeginWatch(Connection& connection) {
    return connection.Write(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n");
  }
  static bool SendPiece(Connection& connection, const std::string& piece) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    return connection.Write(size + piece + "\r\n");
  }
  static bool EndWatch(Connection& connection) { return connection.Write("0\r\n\r\n"); }

 private:
  void Serve(Connection& connection) {
    while (auto request = connection.Read()) {
      int n = 0;
      {
        const std::lock_guard lock(mutex_);
        n = static_cast<int>(requests_.size());
        requests_.push_back(request->method + " " + request->target);
        authorizations_.push_back(request->Header("authorization").value_or(""));
      }
      if (!script_(connection, *request, n)) return;
    }
  }

  Script script_;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::vector<std::string> authorizations_;
  FakeHttpServer server_;
};

// True as soon as `condition` is, false if it is not within five seconds.
inline bool Eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    never.wait_for(lock, std::chrono::milliseconds(5));
  }
  return true;
}

}  // namespace tailrace::test
