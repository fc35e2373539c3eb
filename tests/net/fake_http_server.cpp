// SPDX-License-Identifier: Apache-2.0
#include "net/fake_http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>

namespace tailrace::test {

std::optional<std::string> ReceivedRequest::Header(std::string_view name) const {
  std::size_t begin = 0;
  while (begin < headers.size()) {
    const std::size_t end = headers.find("\r\n", begin);
    const std::string line = headers.substr(begin, end - begin);
    const std::size_t colon = line.find(':');
    if (colon == name.size() && strncasecmp(line.data(), name.data(), colon) == 0) {
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      return value == std::string::npos ? "" : line.substr(value);
    }
    if (end == std::string::npos) break;
    begin = end + 2;
  }
  return std::nullopt;
}

long FakeHttpServer::Connection::ReadSome(char* data, std::size_t size) {
  if (ssl_ != nullptr) return SSL_read(ssl_, data, static_cast<int>(size));
  return recv(fd_, data, size, 0);
}

std::optional<ReceivedRequest> FakeHttpServer::Connection::Read() {
  const auto fill = [&] {
    char piece[65536];
    const long n = ReadSome(piece, sizeof piece);
    if (n <= 0) return false;
    buffer_.append(piece, static_cast<std::size_t>(n));
    return true;
  };
  std::size_t head_end = 0;
  while ((head_end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!fill()) return std::nullopt;
  }
  ReceivedRequest request;
  const std::string head = buffer_.substr(0, head_end + 2);
  buffer_.erase(0, head_end + 4);
  const std::size_t line_end = head.find("\r\n");
  const std::size_t first = head.find(' ');
  const std::size_t second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  request.headers = head.substr(line_end + 2);
  if (const auto length = request.Header("content-length")) {
    const std::size_t n = std::stoul(*length);
    while (buffer_.size() < n) {
      if (!fill()) return std::nullopt;
    }
    request.body = buffer_.substr(0, n);
    buffer_.erase(0, n);
  }
  return request;
}

bool FakeHttpServer::Connection::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const long n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                   : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool FakeHttpServer::Connection::Answer(int status, std::string_view body,
                                        std::string_view extra_headers) {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text += extra_headers;
  text += "\r\n";
  text += body;
  return Write(text);
}

bool FakeHttpServer::Connection::Wait(std::chrono::milliseconds time) {
  std::unique_lock lock(server_->mutex_);
  return !server_->stop_changed_.wait_for(lock, time, [&] { return server_->stopping_.load(); });
}

FakeHttpServer::FakeHttpServer(Handler handler, std::optional<Tls> tls)
    : handler_(std::move(handler)), tls_(std::move(tls)) {
  std::signal(SIGPIPE, SIG_IGN);
  if (tls_) {
    context_ = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context_, tls_->cert_file.c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context_, tls_->key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
      throw std::runtime_error("fake server: certificate cannot be loaded");
    }
    if (tls_->version_max != 0) SSL_CTX_set_max_proto_version(context_, tls_->version_max);
    if (!tls_->client_ca_file.empty()) {
      SSL_CTX_load_verify_locations(context_, tls_->client_ca_file.c_str(), nullptr);
      SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    }
  }
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
      listen(listener_, 16) != 0 ||
      getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    throw std::runtime_error("fake server: cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

FakeHttpServer::~FakeHttpServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (int fd : open_fds_) shutdown(fd, SHUT_RDWR);
  }
  stop_changed_.notify_all();
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  close(listener_);
  if (context_ != nullptr) SSL_CTX_free(context_);
}

std::string FakeHttpServer::Url() const {
  return (tls_ ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port_);
}

void FakeHttpServer::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      close(fd);
      return;
    }
    const int index = connections_.fetch_add(1);
    open_fds_.push_back(fd);
    threads_.emplace_back([this, fd, index] { Serve(fd, index); });
  }
}

void FakeHttpServer::Serve(int fd, int index) {
  Connection connection;
  connection.server_ = this;
  connection.fd_ = fd;
  connection.index_ = index;
  bool usable = true;
  if (context_ != nullptr) {
    connection.ssl_ = SSL_new(context_);
    SSL_set_fd(connection.ssl_, fd);
    usable = SSL_accept(connection.ssl_) == 1;
  }
  if (usable) handler_(connection);
  if (connection.ssl_ != nullptr) {
    SSL_shutdown(connection.ssl_);
    SSL_free(connection.ssl_);
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_fds_, fd);
  close(fd);
}

FakeHttpServer::Handler AnswerEach(
    std::function<std::pair<int, std::string>(const ReceivedRequest&)> answer) {
  return [answer = std::move(answer)](FakeHttpServer::Connection& connection) {
    while (auto request = connection.Read()) {
      const auto [status, body] = answer(*request);
      if (!connection.Answer(status, body)) return;
    }
  };
}

}  // namespace tailrace::test
