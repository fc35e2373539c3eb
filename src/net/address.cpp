// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>

namespace tailrace::net {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr int kMappedBits = 96;

struct FreeAddresses {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

}  // namespace

std::optional<Address> Address::Of(const sockaddr_storage& address) {
  Address result;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::copy(kMapped.begin(), kMapped.end(), result.bytes.begin());
    std::memcpy(result.bytes.data() + kMapped.size(), &v4.sin_addr, sizeof v4.sin_addr);
    result.port = ntohs(v4.sin_port);
    return result;
  }
  if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(result.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    result.port = ntohs(v6.sin6_port);
    return result;
  }
  return std::nullopt;
}

std::optional<Address> Address::Parse(std::string_view text) {
  const std::string copy(text);
  Address result;
  if (inet_pton(AF_INET6, copy.c_str(), result.bytes.data()) == 1) return result;
  std::copy(kMapped.begin(), kMapped.end(), result.bytes.begin());
  if (inet_pton(AF_INET, copy.c_str(), result.bytes.data() + kMapped.size()) == 1) return result;
  return std::nullopt;
}

bool Address::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes.begin()); }

std::string Address::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const bool v4 = is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, bytes.data() + (v4 ? kMapped.size() : 0), out.data(),
            out.size());
  return out.data();
}

sockaddr_storage Address::ToSystem(socklen_t* size) const {
  sockaddr_storage result{};
  if (is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, bytes.data() + kMapped.size(), sizeof v4.sin_addr);
    std::memcpy(&result, &v4, sizeof v4);
    *size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    std::memcpy(&v6.sin6_addr, bytes.data(), bytes.size());
    std::memcpy(&result, &v6, sizeof v6);
    *size = sizeof v6;
  }
  return result;
}

Result<Network> Network::Parse(std::string_view text) {
  Network result;
  const size_t slash = text.find('/');
  const auto base = Address::Parse(text.substr(0, slash));
  if (!base) return Fail("'" + std::string(text) + "' is no network address, as 10.0.0.0/8");
  result.base_ = *base;
  if (slash == std::string_view::npos) return result;
  const std::string_view digits = text.substr(slash + 1);
  const int most = base->is_v4() ? 32 : 128;
  int bits = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (error != std::errc() || end != digits.data() + digits.size() || bits < 0 || bits > most) {
    return Fail("'" + std::string(text) + "' has no valid prefix length (0 to " +
                std::to_string(most) + ")");
  }
  result.bits_ = base->is_v4() ? bits + kMappedBits : bits;
  return result;
}

bool Network::Contains(const Address& address) const {
  const auto whole = static_cast<size_t>(bits_ / 8);
  if (!std::equal(base_.bytes.begin(), base_.bytes.begin() + whole, address.bytes.begin())) {
    return false;
  }
  const int rest = bits_ % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xFF << (8 - rest));
  return ((base_.bytes[whole] ^ address.bytes[whole]) & mask) == 0;
}

Result<std::vector<Address>> Resolve(const std::string& host, uint16_t port, bool datagram) {
  addrinfo hints{};
  hints.ai_socktype = datagram ? SOCK_DGRAM : SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  const std::unique_ptr<addrinfo, FreeAddresses> owner(found);
  if (code != 0) return Fail("cannot resolve " + host + ": " + gai_strerror(code));
  std::vector<Address> result;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    sockaddr_storage storage{};
    std::memcpy(&storage, each->ai_addr, std::min<size_t>(each->ai_addrlen, sizeof storage));
    if (auto address = Address::Of(storage)) {
      address->port = port;
      result.push_back(*address);
    }
  }
  if (result.empty()) return Fail("cannot resolve " + host + ": it has no internet address");
  return result;
}

}  // namespace tailrace::net
