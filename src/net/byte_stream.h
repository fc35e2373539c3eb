// SPDX-License-Identifier: Apache-2.0
#pragma once
// A connected socket with or without TLS: bytes in and out, never blocking. Who waits for the
// socket is the caller: an event loop in inputs, poll() with a deadline in flush threads.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/socket.h"
#include "net/tls.h"

namespace tailrace::net {

class ByteStream {
 public:
  enum class State : uint8_t {
    kOk,
    kWantRead,   // try again when the socket is readable
    kWantWrite,  // try again when it is writable
    kClosed,     // the peer will send nothing more
    kFailed,     // why() says how
  };
  struct Io {
    State state = State::kOk;
    size_t bytes = 0;  // with kOk
  };

  ByteStream() = default;
  // Without TLS if `tls` is null, which is for the socket's descriptor.
  ByteStream(Socket socket, TlsHandle tls) : socket_(std::move(socket)), tls_(std::move(tls)) {}

  int fd() const { return socket_.fd(); }
  bool is_open() const { return socket_.is_open(); }
  bool secure() const { return tls_ != nullptr; }

  // Before anything is read or written.
  State Handshake();
  Io Read(char* into, size_t room);
  Io Write(std::string_view bytes);
  // Says that nothing more will be written.
  void ShutDown();
  void Close();
  const std::string& why() const { return why_; }

  // --- For threads that may block: each until its work is done or `deadline` (steady clock, ns) is
  // over; false says why() ---
  bool HandshakeBy(int64_t deadline_ns);
  bool WriteAllBy(std::string_view bytes, int64_t deadline_ns);
  // At least one byte; 0 when the peer has closed or on a failure.
  size_t ReadSomeBy(char* into, size_t room, int64_t deadline_ns);

 private:
  Io FromTls(int result);
  bool WaitBy(State state, int64_t deadline_ns);

  Socket socket_;
  TlsHandle tls_;  // gone before the socket
  std::string why_;
};

}  // namespace tailrace::net
