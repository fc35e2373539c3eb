// SPDX-License-Identifier: Apache-2.0
#pragma once
// A small HTTP server inside the test process, for what no real server can be made to do: half
// answers, silence, connections that die at a chosen byte. Every connection runs the handler on its
// own thread; the handler reads requests and writes raw bytes.

#include <openssl/ssl.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tailrace::test {

struct ReceivedRequest {
  std::string method;
  std::string target;   // path and query as sent
  std::string headers;  // raw header lines, "Name: value\r\n" each
  std::string body;

  // Value of the first header of this name, compared without case; nullopt if there is none.
  std::optional<std::string> Header(std::string_view name) const;
};

class FakeHttpServer {
 public:
  class Connection {
   public:
    // The next request on this connection, or nullopt when the client has gone.
    std::optional<ReceivedRequest> Read();
    // Raw bytes; false when the client has gone.
    bool Write(std::string_view bytes);
    // A complete answer with Content-Length.
    bool Answer(int status, std::string_view body, std::string_view extra_headers = {});
    // Waits, at most until the server ends; true if the full time went by.
    bool Wait(std::chrono::milliseconds time);
    int index() const { return index_; }  // 0 for the first connection

    // Reads and writes raw sockets and TLS alike; -1 or 0 at the end.
    long ReadSome(char* data, std::size_t size);

    FakeHttpServer* server_ = nullptr;
    int fd_ = -1;
    int index_ = 0;
    SSL* ssl_ = nullptr;
    std::string buffer_;
  };

  struct Tls {
    std::string cert_file;
    std::string key_file;
    std::string client_ca_file;  // not empty: a client certificate is demanded
    int version_max = 0;         // TLS1_2_VERSION and so on; 0 = newest
  };

  using Handler = std::function<void(Connection&)>;

  explicit FakeHttpServer(Handler handler, std::optional<Tls> tls = std::nullopt);
  ~FakeHttpServer();

  std::string Url() const;  // "http://127.0.0.1:PORT"
  int port() const { return port_; }
  int connections() const { return connections_.load(); }

 private:
  friend class Connection;
  void Accept();
  void Serve(int fd, int index);

  Handler handler_;
  std::optional<Tls> tls_;
  SSL_CTX* context_ = nullptr;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> connections_{0};
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable stop_changed_;
  std::vector<int> open_fds_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

// A handler that answers each request with what `answer` gives: {status, body}.
FakeHttpServer::Handler AnswerEach(
    std::function<std::pair<int, std::string>(const ReceivedRequest&)> answer);

}  // namespace tailrace::test
