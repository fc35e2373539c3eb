// SPDX-License-Identifier: Apache-2.0
#pragma once
// An HTTP/1.1 server on a worker's event loop (Boost.Beast): what inputs that listen for HTTP and
// the agent's own pages are built on.
//
// Promises:
//   * bounded: connections, header bytes, body bytes and the time a client may take have limits;
//   what goes
//     over one is answered (400, 408, 413, 431) or closed, counted, and logged at a limited rate;
//   * an answer may come later than the call of the handler: a request whose events are not safe
//   yet
//     keeps its connection waiting, and costs nothing else;
//   * garbage on the wire ends its own connection and nothing more.
//
// Threads: everything happens on the thread that runs the loop.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tailrace/result.h"

namespace boost::asio {
class io_context;
namespace ssl {
class context;
}
}  // namespace boost::asio

namespace tailrace::net {

struct HttpServerOptions {
  std::string bind = "0.0.0.0";  // an IPv4 or IPv6 address
  uint16_t port = 0;             // 0: any free one
  std::size_t body_bytes_max = std::size_t{32} << 20;
  std::size_t header_bytes_max = std::size_t{16} << 10;
  std::size_t connections_max = 1024;
  std::chrono::milliseconds idle_timeout{10000};     // between requests of a kept-alive connection
  std::chrono::milliseconds request_timeout{60000};  // from the first byte to the last
  // Null: no TLS. Made by the caller (certificates, client verification).
  std::shared_ptr<boost::asio::ssl::context> tls;
  std::string name = "http";  // of the listener, for logs and metrics: a plugin id
};

struct ServerRequest {
  std::string method;  // as sent: "GET", "POST"
  std::string target;  // as sent: "/a%20b?x=1"
  std::string path;    // without the query, percent escapes decoded
  std::string query;   // after '?', as sent
  // Names in lower case, in order.
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  // as sent: Content-Encoding is the handler's affair
  std::string remote_address;
  // Subject common name of the client's certificate; empty without one.
  std::string client_name;

  // First header of this (lower-case) name, or an empty view.
  std::string_view Header(std::string_view name) const;
  // Value of a query parameter, decoded ("+" is a blank); `fallback` if it is not there.
  std::string Parameter(std::string_view name, std::string_view fallback = {}) const;
};

struct ServerResponse {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};  // further ones
};

class HttpServer {
 public:
  // Sends the answer; may be called once, at any time on the loop's thread, also after the client
  // has gone or the server has been closed (then it does nothing).
  using Respond = std::function<void(ServerResponse)>;
  using Handler = std::function<void(ServerRequest& request, Respond respond)>;

  HttpServer(boost::asio::io_context& loop, HttpServerOptions options, Handler handler);
  ~HttpServer();  // as Close()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Listens. The error names the address and what is wrong.
  Status Start();
  // The port that is listened on; 0 before Start().
  uint16_t port() const;
  // Takes no new connection and no new request; requests under way are still answered.
  void StopAccepting();
  // Ends all connections.
  void Close();
  std::size_t connections() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tailrace::net
