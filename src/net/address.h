// SPDX-License-Identifier: Apache-2.0
#pragma once
// Internet addresses: of peers, and the networks that a configuration allows. IPv4 is kept in its
// IPv6-mapped form, so that a listener on :: sees the same addresses as one on 0.0.0.0.

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::net {

struct Address {
  std::array<uint8_t, 16> bytes{};
  uint16_t port = 0;

  // Nothing for a socket that has no internet address (unix).
  static std::optional<Address> Of(const sockaddr_storage& address);
  // A literal address without a port.
  static std::optional<Address> Parse(std::string_view text);
  // As operators write it, without the port: 127.0.0.1, 2001:db8::1.
  std::string text() const;
  bool is_v4() const;
  // For system calls; the length goes to `size`. IPv4 as AF_INET.
  sockaddr_storage ToSystem(socklen_t* size) const;
  // The same host; the port does not count.
  bool SameHost(const Address& other) const { return bytes == other.bytes; }
};

// A network in prefix notation: 10.0.0.0/8, 2001:db8::/32, or one address.
class Network {
 public:
  static Result<Network> Parse(std::string_view text);
  bool Contains(const Address& address) const;

 private:
  Address base_;
  int bits_ = 128;  // of the 128
};

// All addresses of a host, by the system's resolver: blocks. `port` is put into each.
Result<std::vector<Address>> Resolve(const std::string& host, uint16_t port, bool datagram = false);

}  // namespace tailrace::net
