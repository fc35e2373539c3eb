// SPDX-License-Identifier: Apache-2.0
#include "input/forward/authority.h"

#include <algorithm>

namespace tailrace::forward {

Result<Authority> Authority::Create(const SecurityParams& params) {
  Authority result;
  result.params_ = params;
  for (const ClientParams& each : params.client) {
    Client client;
    client.key = each.shared_key ? each.shared_key->value : params.shared_key.value;
    client.users = each.users;
    if (each.network) {
      auto network = net::Network::Parse(*each.network);
      if (!network) return tl::unexpected<Error>(network.error());
      client.networks.push_back(*network);
    } else {
      auto addresses = net::Resolve(*each.host, 0);
      if (!addresses) return tl::unexpected<Error>(addresses.error());
      for (const net::Address& address : *addresses) {
        client.networks.push_back(*net::Network::Parse(address.text()));
      }
    }
    result.clients_.push_back(std::move(client));
  }
  return result;
}

const Authority::Client* Authority::Find(const std::optional<net::Address>& address) const {
  if (!address) return nullptr;
  for (const Client& client : clients_) {
    if (std::any_of(client.networks.begin(), client.networks.end(),
                    [&](const net::Network& network) { return network.Contains(*address); })) {
      return &client;
    }
  }
  return nullptr;
}

bool Authority::UserIsRight(const Ping& ping, const Helo& helo, const Client* client) const {
  if (client != nullptr && !client->users.empty() &&
      std::find(client->users.begin(), client->users.end(), ping.user) == client->users.end()) {
    return false;
  }
  return std::any_of(params_.user.begin(), params_.user.end(), [&](const UserParams& user) {
    return user.username == ping.user &&
           SameDigest(PasswordDigest(helo.auth_salt, ping.user, user.password.value),
                      ping.password_digest);
  });
}

Pong Authority::Answer(std::string_view message, const Helo& helo,
                       const std::optional<net::Address>& address) const {
  Pong pong;
  const auto ping = ReadPing(message);
  if (!ping) {
    pong.reason = "invalid ping message";
    return pong;
  }
  const Client* client = Find(address);
  if (client == nullptr && !params_.allow_anonymous_source) {
    pong.reason = "anonymous source host '" + (address ? address->text() : "") + "' denied";
    return pong;
  }
  const std::string& key = client != nullptr ? client->key : params_.shared_key.value;
  if (!SameDigest(KeyDigest(ping->salt, ping->hostname, helo.nonce, key), ping->key_digest)) {
    pong.reason = "shared_key mismatch";
    return pong;
  }
  if (params_.user_auth && !UserIsRight(*ping, helo, client)) {
    pong.reason = "username/password mismatch";
    return pong;
  }
  pong.accepted = true;
  pong.hostname = params_.self_hostname;
  pong.key_digest = KeyDigest(ping->salt, params_.self_hostname, helo.nonce, key);
  return pong;
}

}  // namespace tailrace::forward
