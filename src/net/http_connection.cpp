// SPDX-License-Identifier: Apache-2.0
#include "net/http_connection.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace tailrace::net {
namespace {

constexpr std::size_t kReceiveBytes = 16 << 10;
// Slices that go to the kernel in one call.
constexpr std::size_t kSlicesMax = 64;
// A slice is given to the TLS library in pieces, so that its own copy of what is under way is
// small.
constexpr std::size_t kTlsPieceBytes = 64 << 10;
// As libcurl: an idle connection is not used after this time.
constexpr std::chrono::seconds kIdleMax{118};

// Takes `size` bytes off the front.
void Advance(std::span<std::string_view>& slices, std::size_t size) {
  while (!slices.empty() && size >= slices.front().size()) {
    size -= slices.front().size();
    slices.front() = {};
    slices = slices.subspan(1);
  }
  if (!slices.empty()) slices.front().remove_prefix(size);
}

}  // namespace

void HttpConnection::BeginRequest() {
  sent_ = 0;
  problem_.clear();
  received_ = {};
}

bool HttpConnection::TakeOver() {
  if (curl_easy_getinfo(easy_, CURLINFO_ACTIVESOCKET, &socket_) != CURLE_OK) {
    socket_ = CURL_SOCKET_BAD;
  }
  used_ = Clock::now();
  return open();
}

void HttpConnection::Close() {
  if (!open()) return;
  // libcurl closes connections that it only made, when their handle leaves.
  curl_multi_remove_handle(multi_, easy_);
  socket_ = CURL_SOCKET_BAD;
}

bool HttpConnection::Alive() {
  if (!open() || Clock::now() - used_ > kIdleMax) return false;
  char byte = 0;
  const ssize_t got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  // TLS has messages of its own between answers (session tickets).
  return got > 0 && tls_ && Receive() == Io::kAgain;
}

HttpConnection::Io HttpConnection::Failed(std::string_view verb, int error) {
  problem_ = std::string(verb) + " failed: " + std::generic_category().message(error);
  return Io::kEnded;
}

HttpConnection::Io HttpConnection::Send(std::span<std::string_view> slices) {
  used_ = Clock::now();
  return tls_ ? SendTls(slices) : SendPlain(slices);
}

HttpConnection::Io HttpConnection::SendPlain(std::span<std::string_view> slices) {
  std::array<iovec, kSlicesMax> parts{};
  Advance(slices, 0);
  while (!slices.empty()) {
    const std::size_t count = std::min(slices.size(), kSlicesMax);
    for (std::size_t i = 0; i < count; ++i) {
      parts[i] = {const_cast<char*>(slices[i].data()), slices[i].size()};
    }
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = count;
    const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN ? Io::kAgain : Failed("sending", errno);
    }
    sent_ += static_cast<std::size_t>(sent);
    Advance(slices, static_cast<std::size_t>(sent));
  }
  return Io::kDone;
}

HttpConnection::Io HttpConnection::SendTls(std::span<std::string_view> slices) {
  Advance(slices, 0);
  while (!slices.empty()) {
    const std::string_view piece = slices.front().substr(0, kTlsPieceBytes);
    std::size_t sent = 0;
    const CURLcode code = curl_easy_send(easy_, piece.data(), piece.size(), &sent);
    if (code == CURLE_AGAIN) return Io::kAgain;
    if (code != CURLE_OK) {
      problem_ = "sending failed: " + std::string(curl_easy_strerror(code));
      return Io::kEnded;
    }
    sent_ += sent;
    Advance(slices, sent);
  }
  return Io::kDone;
}

HttpConnection::Io HttpConnection::Receive() {
  used_ = Clock::now();
  buffer_.resize(kReceiveBytes);
  std::size_t size = 0;
  if (tls_) {
    const CURLcode code = curl_easy_recv(easy_, buffer_.data(), buffer_.size(), &size);
    if (code == CURLE_AGAIN) return Io::kAgain;
    if (code != CURLE_OK) {
      problem_ = "receiving failed: " + std::string(curl_easy_strerror(code));
      return Io::kEnded;
    }
  } else {
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
    if (got < 0) {
      return errno == EAGAIN || errno == EINTR ? Io::kAgain : Failed("receiving", errno);
    }
    size = static_cast<std::size_t>(got);
  }
  received_ = std::string_view(buffer_).substr(0, size);
  if (size > 0) return Io::kDone;
  problem_.clear();
  return Io::kEnded;
}

void HttpConnection::Wait(bool to_write, std::chrono::milliseconds time) {
  curl_waitfd wait{};
  wait.fd = socket_;
  wait.events = static_cast<short>(CURL_WAIT_POLLIN | (to_write ? CURL_WAIT_POLLOUT : 0));
  curl_multi_poll(multi_, &wait, 1, static_cast<int>(time.count()), nullptr);
}

}  // namespace tailrace::net
