// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <optional>
#include <unordered_set>

#include "net/url.h"
#include "tailrace/log.h"
#include "tailrace/metrics.h"

namespace tailrace::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

using Plain = beast::tcp_stream;
using Tls = beast::ssl_stream<beast::tcp_stream>;

// Fills path and query from the target; false where its escapes are broken.
bool SplitTarget(ServerRequest& request) {
  const std::string_view target = request.target;
  const size_t mark = target.find('?');
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  auto path = PercentDecode(target.substr(0, mark));
  if (!path) return false;
  request.path = std::move(*path);
  return true;
}

// Common name of the peer's certificate.
std::string ClientName(Tls& stream) {
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      SSL_get_peer_certificate(stream.native_handle()), &X509_free);
  if (certificate == nullptr) return {};
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                            sizeof name);
  return name;
}

// The status that tells a client what was wrong with its request; 0 where there is nobody to tell.
int StatusOf(const error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) return 431;
  if (error == http::error::end_of_stream || error == http::error::partial_message) return 0;
  return error.category() == http::make_error_code(http::error::bad_version).category() ? 400 : 0;
}

}  // namespace

std::string_view ServerRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string ServerRequest::Parameter(std::string_view name, std::string_view fallback) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    const auto decode = [](std::string_view text) {
      std::string blanks(text);
      std::replace(blanks.begin(), blanks.end(), '+', ' ');
      return PercentDecode(blanks).value_or(blanks);
    };
    if (decode(pair.substr(0, equals)) != name) continue;
    return decode(pair.substr(std::min(equals + 1, pair.size())));
  }
  return std::string(fallback);
}

// One connection, whatever its transport.
class Connection {
 public:
  virtual ~Connection() = default;
  virtual void Run() = 0;
  virtual void Close() = 0;
  // Ends now if no request is under way, else after its answer.
  virtual void Finish() = 0;
};

class HttpServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& loop, HttpServerOptions options, Handler handler);

  Status Start();
  uint16_t port() const;
  void StopAccepting();
  void Close();
  std::size_t connections() const { return connections_.size(); }

  bool accepting() const { return acceptor_.is_open(); }
  const HttpServerOptions& options() const { return options_; }
  void Handle(ServerRequest& request, Respond respond) { handler_(request, std::move(respond)); }
  void Remove(Connection* connection) { connections_.erase(connection); }
  // Counts and, at a limited rate, logs what ended a connection or a request early.
  void Refused(const char* reason, const std::string& remote, const std::string& detail);

 private:
  template <class Stream>
  class Session;

  void Accept();
  void Serve(tcp::socket socket);

  asio::io_context& loop_;
  HttpServerOptions options_;
  Handler handler_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_pause_;
  std::unordered_set<Connection*> connections_;
  LogLimit log_limit_;
};

template <class Stream>
class HttpServer::Impl::Session final : public Connection,
                                        public std::enable_shared_from_this<Session<Stream>> {
 public:
  template <class... Args>
  Session(std::shared_ptr<Impl> server, std::string remote, Args&&... args)
      : server_(std::move(server)),
        remote_(std::move(remote)),
        stream_(std::forward<Args>(args)...) {}
  ~Session() override { server_->Remove(this); }

  void Run() override {
    if constexpr (std::is_same_v<Stream, Tls>) {
      Socket().expires_after(server_->options().request_timeout);
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](const error_code& error) {
                                if (error) return self->Fail("tls_handshake", error);
                                self->client_name_ = ClientName(self->stream_);
                                self->ReadHeader();
                              });
    } else {
      ReadHeader();
    }
  }

  void Close() override {
    error_code ignored;
    Socket().socket().close(ignored);
  }

  void Finish() override {
    finishing_ = true;
    if (!busy_) Close();
  }

 private:
  beast::tcp_stream& Socket() { return beast::get_lowest_layer(stream_); }

  void ReadHeader() {
    busy_ = false;
    if (finishing_) return Shutdown();
    parser_.emplace();
    parser_->header_limit(static_cast<uint32_t>(server_->options().header_bytes_max));
    parser_->body_limit(server_->options().body_bytes_max);
    Socket().expires_after(server_->options().idle_timeout);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = this->shared_from_this()](const error_code& error, size_t) {
                              if (error) return self->Fail("bad_request", error);
                              self->GotHeader();
                            });
  }

  void GotHeader() {
    busy_ = true;
    Socket().expires_after(server_->options().request_timeout);
    const auto& message = parser_->get();
    if (!beast::iequals(message[http::field::expect], "100-continue")) return ReadBody();
    const auto length = parser_->content_length();
    if (length && *length > server_->options().body_bytes_max) {
      return Answer({413, "text/plain; charset=utf-8", "the body is too large\n"}, false);
    }
    auto go_on = std::make_shared<http::response<http::empty_body>>(http::status::continue_, 11);
    http::async_write(stream_, *go_on,
                      [self = this->shared_from_this(), go_on](const error_code& error, size_t) {
                        if (error) return self->Fail("broken", error);
                        self->ReadBody();
                      });
  }

  void ReadBody() {
    http::async_read(stream_, buffer_, *parser_,
                     [self = this->shared_from_this()](const error_code& error, size_t) {
                       if (error) return self->Fail("bad_request", error);
                       self->GotRequest();
                     });
  }

  void GotRequest() {
    auto message = parser_->release();
    Socket().expires_never();
    const bool keep = message.keep_alive();
    head_only_ = message.method() == http::verb::head;
    ServerRequest request;
    request.method = std::string(message.method_string());
    request.target = std::string(message.target());
    request.remote_address = remote_;
    request.client_name = client_name_;
    for (const auto& field : message)
      request.headers.emplace_back(
          LowerCase({field.name_string().data(), field.name_string().size()}), field.value());
    request.body = std::move(message.body());
    if (!SplitTarget(request)) {
      return Answer({400, "text/plain; charset=utf-8", "the address has a broken escape\n"}, keep);
    }
    server_->Handle(request,
                    [self = this->shared_from_this(), keep](ServerResponse response) mutable {
                      // Holds the connection until it is answered, and not longer.
                      const auto session = std::exchange(self, nullptr);
                      if (session != nullptr) session->Answer(std::move(response), keep);
                    });
  }

  void Answer(ServerResponse response, bool keep) {
    if (!Socket().socket().is_open()) return;
    keep = keep && !finishing_ && server_->accepting();
    auto message = std::make_shared<http::response<http::string_body>>(
        static_cast<http::status>(response.status), 11);
    message->set(http::field::content_type, response.content_type);
    for (const auto& [name, value] : response.headers) message->insert(name, value);
    message->keep_alive(keep);
    message->body() = std::move(response.body);
    message->prepare_payload();
    if (head_only_) message->body().clear();  // Content-Length stays, RFC 9110 9.3.2
    Socket().expires_after(server_->options().request_timeout);
    http::async_write(
        stream_, *message,
        [self = this->shared_from_this(), message, keep](const error_code& error, size_t) {
          if (error) return self->Fail("broken", error);
          if (!keep) return self->Shutdown();
          self->ReadHeader();
        });
  }

  void Fail(const char* reason, const error_code& error) {
    const int status = StatusOf(error);
    if (status != 0) {
      server_->Refused(reason, remote_, error.message());
      return Answer({status, "text/plain; charset=utf-8", error.message() + "\n"}, false);
    }
    if (error == beast::error::timeout && busy_) server_->Refused("timeout", remote_, "too slow");
    if (std::string_view(reason) == "tls_handshake" && error != asio::error::operation_aborted) {
      server_->Refused(reason, remote_, error.message());
    }
    Close();
  }

  void Shutdown() {
    error_code ignored;
    Socket().socket().shutdown(tcp::socket::shutdown_send, ignored);
    Close();
  }

  std::shared_ptr<Impl> server_;
  std::string remote_;
  std::string client_name_;
  Stream stream_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  bool busy_ = false;
  bool finishing_ = false;
  bool head_only_ = false;
};

HttpServer::Impl::Impl(asio::io_context& loop, HttpServerOptions options, Handler handler)
    : loop_(loop),
      options_(std::move(options)),
      handler_(std::move(handler)),
      acceptor_(loop),
      accept_pause_(loop) {}

Status HttpServer::Impl::Start() {
  const std::string where = options_.bind + ":" + std::to_string(options_.port);
  error_code error;
  const auto address = asio::ip::make_address(options_.bind, error);
  if (error) return Fail("cannot listen on " + where + ": not an IP address");
  const tcp::endpoint endpoint(address, options_.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    error_code ignored;
    acceptor_.close(ignored);
    return Fail("cannot listen on " + where + ": " + error.message());
  }
  Accept();
  return {};
}

uint16_t HttpServer::Impl::port() const {
  error_code error;
  const auto endpoint = acceptor_.local_endpoint(error);
  return error ? uint16_t{0} : endpoint.port();
}

void HttpServer::Impl::Accept() {
  acceptor_.async_accept([weak = weak_from_this()](const error_code& error, tcp::socket socket) {
    const auto self = weak.lock();
    if (self == nullptr || !self->accepting()) return;
    if (!error) {
      self->Serve(std::move(socket));
      return self->Accept();
    }
    // No descriptors left, say: a moment's rest keeps this from turning.
    self->Refused("accept", self->options_.bind, error.message());
    self->accept_pause_.expires_after(std::chrono::milliseconds(100));
    self->accept_pause_.async_wait([weak](const error_code& stopped) {
      if (const auto again = weak.lock(); again != nullptr && !stopped && again->accepting())
        again->Accept();
    });
  });
}

void HttpServer::Impl::Serve(tcp::socket socket) {
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  const std::string address = error ? std::string("gone") : remote.address().to_string();
  if (connections_.size() >= options_.connections_max) {
    return Refused("too_many_connections", address, "closed");
  }
  std::shared_ptr<Connection> connection;
  if (options_.tls != nullptr) {
    connection = std::make_shared<Session<Tls>>(shared_from_this(), address, std::move(socket),
                                                *options_.tls);
  } else {
    connection = std::make_shared<Session<Plain>>(shared_from_this(), address, std::move(socket));
  }
  connections_.insert(connection.get());
  connection->Run();
}

void HttpServer::Impl::Refused(const char* reason, const std::string& remote,
                               const std::string& detail) {
  Metrics::Global()
      .Counter("tailrace_connections_refused_total",
               "Connections and requests that a listener ended early, by reason.",
               {{"plugin_id", options_.name}, {"reason", reason}})
      ->Add();
  uint64_t suppressed = 0;
  if (!log_limit_.Allow(&suppressed)) return;
  LogWarn("a connection was refused.", {{"plugin_id", options_.name},
                                        {"remote", remote},
                                        {"reason", reason},
                                        {"error", detail},
                                        {"not_logged", suppressed}});
}

void HttpServer::Impl::StopAccepting() {
  error_code ignored;
  acceptor_.close(ignored);
  accept_pause_.cancel();
  // Finish() may end a session, which leaves the set.
  const std::vector<Connection*> open(connections_.begin(), connections_.end());
  for (Connection* connection : open) connection->Finish();
}

void HttpServer::Impl::Close() {
  StopAccepting();
  const std::vector<Connection*> open(connections_.begin(), connections_.end());
  for (Connection* connection : open) connection->Close();
}

HttpServer::HttpServer(asio::io_context& loop, HttpServerOptions options, Handler handler)
    : impl_(std::make_shared<Impl>(loop, std::move(options), std::move(handler))) {}
HttpServer::~HttpServer() { Close(); }

Status HttpServer::Start() { return impl_->Start(); }
uint16_t HttpServer::port() const { return impl_->port(); }
void HttpServer::StopAccepting() { impl_->StopAccepting(); }
void HttpServer::Close() { impl_->Close(); }
std::size_t HttpServer::connections() const { return impl_->connections(); }

}  // namespace tailrace::net
