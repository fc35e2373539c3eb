// SPDX-License-Identifier: Apache-2.0
#pragma once
// The handshake of the forward protocol, for both sides: HELO from the listener, PING from the
// client, PONG from the listener. Keys and passwords travel as salted SHA-512 digests only.
// https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1

#include <optional>
#include <string>
#include <string_view>

namespace tailrace::forward {

struct Helo {
  std::string nonce;
  std::string auth_salt;  // "" where no user is asked for
  bool keepalive = true;
};
struct Ping {
  std::string hostname;  // the client's
  std::string salt;
  std::string key_digest;
  std::string user;
  std::string password_digest;
};
struct Pong {
  bool accepted = false;
  std::string reason;    // why not
  std::string hostname;  // the listener's
  std::string key_digest;
};

inline constexpr size_t kSaltBytes = 16;

// Random bytes that nobody can foresee.
std::string NewSalt();
// hex(SHA-512(salt + hostname + nonce + key)).
std::string KeyDigest(std::string_view salt, std::string_view hostname, std::string_view nonce,
                      std::string_view key);
// hex(SHA-512(auth_salt + user + password)).
std::string PasswordDigest(std::string_view auth_salt, std::string_view user,
                           std::string_view password);
// Equal, in a time that says nothing about where they differ.
bool SameDigest(std::string_view a, std::string_view b);

std::string Write(const Helo& helo);
std::string Write(const Ping& ping);
std::string Write(const Pong& pong);
// From one whole MessagePack value; nothing if it is none of this kind.
std::optional<Helo> ReadHelo(std::string_view message);
std::optional<Ping> ReadPing(std::string_view message);
std::optional<Pong> ReadPong(std::string_view message);

}  // namespace tailrace::forward
