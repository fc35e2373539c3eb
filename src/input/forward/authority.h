// SPDX-License-Identifier: Apache-2.0
#pragma once
// Decides who may send to a forward input: shared keys, users, clients by address.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forward/handshake.h"
#include "input/forward/forward_params.h"
#include "net/address.h"

namespace tailrace::forward {

class Authority {
 public:
  // Client hosts given by name are looked up now.
  static Result<Authority> Create(const SecurityParams& params);

  // The answer to a PING, given as it arrived.
  Pong Answer(std::string_view ping, const Helo& helo,
              const std::optional<net::Address>& address) const;

 private:
  struct Client {
    std::vector<net::Network> networks;
    std::string key;
    std::vector<std::string> users;
  };

  const Client* Find(const std::optional<net::Address>& address) const;
  bool UserIsRight(const Ping& ping, const Helo& helo, const Client* client) const;

  SecurityParams params_;
  std::vector<Client> clients_;
};

}  // namespace tailrace::forward
