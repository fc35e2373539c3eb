// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parameters of the forward input (https://docs.fluentd.org/input/forward).

#include <optional>
#include <string>
#include <vector>

#include "net/transport_params.h"
#include "tailrace/params.h"

namespace tailrace::forward {

struct UserParams {
  std::string username;
  Secret password;
  static const Schema<UserParams>& schema();
};

struct ClientParams {
  std::optional<std::string> host, network;
  std::optional<Secret> shared_key;
  std::vector<std::string> users;
  static const Schema<ClientParams>& schema();
};

struct SecurityParams {
  std::string self_hostname;
  Secret shared_key;
  bool user_auth = false;
  bool allow_anonymous_source = true;
  std::vector<UserParams> user;
  std::vector<ClientParams> client;
  static const Schema<SecurityParams>& schema();
};

struct ForwardInputParams {
  int port = 24224;
  std::string bind = "0.0.0.0";
  std::optional<int> backlog;
  std::optional<int> linger_timeout;
  Seconds blocking_timeout{0.5};
  std::optional<bool> resolve_hostname;
  bool deny_keepalive = false;
  bool send_keepalive_packet = false;
  std::optional<Size> chunk_size_warn_limit, chunk_size_limit;
  Size decompression_size_limit{int64_t{256} << 20};
  bool skip_invalid_event = true;
  std::optional<std::string> source_address_key, source_hostname_key;
  std::optional<std::string> tag, add_tag_prefix;
  int connections_limit = 4096;
  Size receive_limit{int64_t{256} << 20};
  Seconds stall_timeout{60};
  net::TransportParams transport;
  std::optional<SecurityParams> security;

  static const Schema<ForwardInputParams>& schema();
};

}  // namespace tailrace::forward
