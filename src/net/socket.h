// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sockets that listen and connect. All are non-blocking and closed on exec; none raises SIGPIPE
// where net/byte_stream.h writes to it.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "net/address.h"
#include "tailrace/result.h"

namespace tailrace::net {

// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  Socket(Socket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), lease_(std::move(other.lease_)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(lease_, other.lease_);
    return *this;
  }
  ~Socket() { Close(); }

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close();
  // Keeps `lease` as long as the descriptor.
  void Hold(std::shared_ptr<void> lease) { lease_ = std::move(lease); }

 private:
  int fd_ = -1;
  std::shared_ptr<void> lease_;
};

struct ListenOptions {
  std::string bind = "0.0.0.0";
  uint16_t port = 0;
  int backlog = 0;  // 0: as long as the system allows
  // Workers of this process that listen on the same port; the system spreads peers over them. The
  // first of them makes sure that no other process has the port.
  int workers = 1;
  int receive_buffer = 0;  // bytes; 0: the system's default
};

Result<Socket> ListenTcp(const ListenOptions& options);
Result<Socket> BindUdp(const ListenOptions& options);
// A stream socket at `path`, with these permission bits. A socket left there by a process that is
// gone is replaced; anything else is not touched.
Result<Socket> ListenUnix(const std::string& path, uint32_t mode, int backlog);

// Blocks until connected, refused, or `seconds` are over.
Result<Socket> ConnectTcp(const Address& address, double seconds);
Result<Socket> ConnectUnix(const std::string& path);

}  // namespace tailrace::net
