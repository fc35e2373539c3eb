// SPDX-License-Identifier: Apache-2.0
#include "net/byte_stream.h"

#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>

#include "tailrace/steady_clock.h"

namespace tailrace::net {
namespace {

constexpr int64_t kNanosPerMilli = 1'000'000;

}  // namespace

ByteStream::Io ByteStream::FromTls(int result) {
  if (result > 0) return {State::kOk, static_cast<size_t>(result)};
  const int system = errno;
  switch (SSL_get_error(tls_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {State::kWantRead};
    case SSL_ERROR_WANT_WRITE:
      return {State::kWantWrite};
    case SSL_ERROR_ZERO_RETURN:
      return {State::kClosed};
    case SSL_ERROR_SYSCALL:
      if (ERR_peek_error() == 0) {
        why_ = system != 0 ? std::generic_category().message(system) : "the connection was cut";
        return {State::kFailed};
      }
      [[fallthrough]];
    default:
      if (const auto verified = SSL_get_verify_result(tls_.get()); verified != X509_V_OK) {
        ERR_clear_error();
        why_ = std::string("certificate not accepted: ") + X509_verify_cert_error_string(verified);
      } else {
        why_ = "TLS: " + TakeTlsError();
      }
      return {State::kFailed};
  }
}

ByteStream::State ByteStream::Handshake() {
  if (!tls_) return State::kOk;
  ERR_clear_error();
  errno = 0;
  return FromTls(SSL_do_handshake(tls_.get())).state;
}

ByteStream::Io ByteStream::Read(char* into, size_t room) {
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    return FromTls(SSL_read(tls_.get(), into, static_cast<int>(std::min<size_t>(room, 1u << 30))));
  }
  for (;;) {
    const ssize_t got = ::recv(fd(), into, room, 0);
    if (got > 0) return {State::kOk, static_cast<size_t>(got)};
    if (got == 0) return {State::kClosed};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {State::kWantRead};
    why_ = std::generic_category().message(errno);
    return {State::kFailed};
  }
}

ByteStream::Io ByteStream::Write(std::string_view bytes) {
  if (bytes.empty()) return {};
  if (tls_) {
    ERR_clear_error();
    errno = 0;
    return FromTls(SSL_write(tls_.get(), bytes.data(),
                             static_cast<int>(std::min<size_t>(bytes.size(), 1u << 30))));
  }
  for (;;) {
    const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return {State::kOk, static_cast<size_t>(sent)};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return {State::kWantWrite};
    why_ = std::generic_category().message(errno);
    return {State::kFailed};
  }
}

void ByteStream::ShutDown() {
  if (tls_) {
    ERR_clear_error();
    SSL_shutdown(tls_.get());
    ERR_clear_error();
  }
  ::shutdown(fd(), SHUT_WR);
}

void ByteStream::Close() {
  tls_.reset();
  socket_.Close();
}

bool ByteStream::WaitBy(State state, int64_t deadline_ns) {
  pollfd wait{fd(), static_cast<int16_t>(state == State::kWantWrite ? POLLOUT : POLLIN), 0};
  for (;;) {
    const int64_t left = (deadline_ns - SteadyNanos() + kNanosPerMilli - 1) / kNanosPerMilli;
    if (left <= 0) {
      why_ = "no answer in time";
      return false;
    }
    const int ready = ::poll(&wait, 1, static_cast<int>(std::min<int64_t>(left, 60'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) {
      why_ = std::generic_category().message(errno);
      return false;
    }
  }
}

bool ByteStream::HandshakeBy(int64_t deadline_ns) {
  for (;;) {
    const State state = Handshake();
    if (state == State::kOk) return true;
    if (state == State::kClosed) why_ = "the peer closed the connection";
    if (state == State::kClosed || state == State::kFailed) return false;
    if (!WaitBy(state, deadline_ns)) return false;
  }
}

bool ByteStream::WriteAllBy(std::string_view bytes, int64_t deadline_ns) {
  while (!bytes.empty()) {
    const Io io = Write(bytes);
    if (io.state == State::kOk) {
      bytes.remove_prefix(io.bytes);
    } else if (io.state == State::kClosed || io.state == State::kFailed) {
      if (io.state == State::kClosed) why_ = "the peer closed the connection";
      return false;
    } else if (!WaitBy(io.state, deadline_ns)) {
      return false;
    }
  }
  return true;
}

size_t ByteStream::ReadSomeBy(char* into, size_t room, int64_t deadline_ns) {
  for (;;) {
    const Io io = Read(into, room);
    if (io.state == State::kOk) return io.bytes;
    if (io.state == State::kClosed) {
      why_ = "the peer closed the connection";
      return 0;
    }
    if (io.state == State::kFailed || !WaitBy(io.state, deadline_ns)) return 0;
  }
}

}  // namespace tailrace::net
