// SPDX-License-Identifier: Apache-2.0
#include "bulk_sender.h"

#include <isa-l/igzip_lib.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace tailrace::bench {
namespace {

struct Target {
  std::string host;
  std::string port = "80";
  std::string path = "/_bulk?filter_path=errors,items.*.status,items.*.error";
};

Target ParseUrl(const std::string& url) {
  constexpr std::string_view kScheme = "http://";
  if (url.compare(0, kScheme.size(), kScheme) != 0) {
    throw std::runtime_error("only http:// URLs can be sent to: " + url);
  }
  Target target;
  std::string rest = url.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  if (slash != std::string::npos) {
    if (slash + 1 < rest.size()) target.path = rest.substr(slash);
    rest.resize(slash);
  }
  const std::size_t colon = rest.rfind(':');
  target.host = rest.substr(0, colon);
  if (colon != std::string::npos) target.port = rest.substr(colon + 1);
  return target;
}

int Connect(const Target& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(target.host.c_str(), target.port.c_str(), &hints, &found) != 0) {
    throw std::runtime_error("cannot resolve " + target.host);
  }
  int fd = -1;
  for (const addrinfo* a = found; a != nullptr && fd < 0; a = a->ai_next) {
    fd = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
    if (fd >= 0 && ::connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
      ::close(fd);
      fd = -1;
    }
  }
  ::freeaddrinfo(found);
  if (fd < 0) throw std::runtime_error("cannot connect to " + target.host + ":" + target.port);
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

}  // namespace

struct Gzip::State {
  isal_zstream stream{};
  std::vector<std::uint8_t> level_buffer = std::vector<std::uint8_t>(ISAL_DEF_LVL1_DEFAULT);
};

Gzip::Gzip() : state_(std::make_unique<State>()) {}
Gzip::~Gzip() = default;

std::string_view Gzip::Compress(std::string_view input) {
  isal_zstream& stream = state_->stream;
  isal_deflate_init(&stream);
  stream.level = 1;
  stream.level_buf = state_->level_buffer.data();
  stream.level_buf_size = static_cast<std::uint32_t>(state_->level_buffer.size());
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  if (output_.size() < input.size() + input.size() / 8 + 1024) {
    output_.resize(input.size() + input.size() / 8 + 1024);
  }
  // ISA-L takes a non-const pointer but does not write through it.
  stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(input.data()));
  stream.avail_in = static_cast<std::uint32_t>(input.size());
  stream.next_out = reinterpret_cast<std::uint8_t*>(output_.data());
  stream.avail_out = static_cast<std::uint32_t>(output_.size());
  if (isal_deflate(&stream) != COMP_OK || stream.internal_state.state != ZSTATE_END) {
    throw std::runtime_error("isal_deflate failed");
  }
  return {output_.data(), stream.total_out};
}

BulkSender::BulkSender(const std::string& url, bool gzip) : answer_(1 << 20, '\0'), gzip_(gzip) {
  const Target target = ParseUrl(url);
  fd_ = Connect(target);
  request_head_ = "POST " + target.path + " HTTP/1.1\r\nHost: " + target.host + ":" + target.port +
                  "\r\nContent-Type: application/x-ndjson\r\n" +
                  (gzip ? "Content-Encoding: gzip\r\n" : "") + "Content-Length: ";
}

BulkSender::~BulkSender() { ::close(fd_); }

void BulkSender::Send(std::string_view body) {
  if (gzip_) body = compressor_.Compress(body);
  wire_bytes_ += body.size();
  WriteAll(request_head_ + std::to_string(body.size()) + "\r\n\r\n", body);
  ReadAnswer();
}

void BulkSender::WriteAll(std::string_view head, std::string_view body) {
  while (!head.empty() || !body.empty()) {
    iovec parts[2] = {{const_cast<char*>(head.data()), head.size()},
                      {const_cast<char*>(body.data()), body.size()}};
    const ssize_t wrote = ::writev(fd_, parts, 2);
    if (wrote < 0) {
      if (errno == EINTR) continue;
      throw std::runtime_error(std::string("cannot send: ") + std::strerror(errno));
    }
    const std::size_t from_head =
        std::min<std::size_t>(head.size(), static_cast<std::size_t>(wrote));
    head.remove_prefix(from_head);
    body.remove_prefix(static_cast<std::size_t>(wrote) - from_head);
  }
}

std::size_t BulkSender::Read(std::size_t at) {
  if (at == answer_.size()) answer_.resize(answer_.size() * 2);
  for (;;) {
    const ssize_t got = ::recv(fd_, answer_.data() + at, answer_.size() - at, 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) throw std::runtime_error("the server closed the connection");
    if (errno != EINTR) throw std::runtime_error(std::string("recv: ") + std::strerror(errno));
  }
}

void BulkSender::ReadAnswer() {
  constexpr std::string_view kLength = "content-length: ";
  std::size_t have = 0;
  std::size_t head_end = std::string_view::npos;
  while (head_end == std::string_view::npos) {
    have += Read(have);
    head_end = std::string_view(answer_.data(), have).find("\r\n\r\n");
  }
  const std::string_view head(answer_.data(), head_end + 2);
  const std::size_t length_at = head.find(kLength);
  std::size_t length = 0;
  if (head.compare(0, 12, "HTTP/1.1 200") != 0 || length_at == std::string_view::npos ||
      std::from_chars(head.data() + length_at + kLength.size(), head.data() + head.size(), length)
              .ec != std::errc()) {
    throw std::runtime_error("the server answered: " +
                             std::string(head.substr(0, head.find('\r'))));
  }
  while (have < head_end + 4 + length) have += Read(have);
  const std::string_view body(answer_.data() + head_end + 4, length);
  if (body.substr(0, 128).find("\"errors\":false") == std::string_view::npos) {
    throw std::runtime_error("the server refused items: " + std::string(body.substr(0, 200)));
  }
}

}  // namespace tailrace::bench
