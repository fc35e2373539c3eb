// SPDX-License-Identifier: Apache-2.0
#include "input/forward/forward_params.h"

namespace tailrace::forward {
namespace {

std::string CheckSecurity(const SecurityParams& params) {
  if (params.user_auth && params.user.empty()) {
    return "<user> sections required if user_auth enabled";
  }
  if (!params.allow_anonymous_source && params.client.empty()) {
    return "<client> sections required if allow_anonymous_source disabled";
  }
  return "";
}

std::string CheckClient(const ClientParams& params) {
  if (params.host && params.network) return "both of 'host' and 'network' are specified for client";
  if (!params.host && !params.network) {
    return "Either of 'host' and 'network' must be specified for client";
  }
  return "";
}

std::string CheckInput(const ForwardInputParams& params) {
  if (params.tag && params.tag->empty()) return "'tag' parameter must not be empty";
  if (params.add_tag_prefix && params.add_tag_prefix->empty()) {
    return "'add_tag_prefix' parameter must not be empty";
  }
  if (params.transport.protocol == net::Protocol::kUdp) {
    return "forward goes over tcp or tls, not udp";
  }
  if (params.source_hostname_key && params.resolve_hostname == false) {
    return "resolve_hostname must be true with source_hostname_key";
  }
  return "";
}

}  // namespace

const Schema<UserParams>& UserParams::schema() {
  static const auto s =
      Schema<UserParams>()
          .Param("username", &UserParams::username, "The user's name.", {.required = true})
          .Param("password", &UserParams::password, "The user's password.",
                 {.required = true, .secret = true});
  return s;
}

const Schema<ClientParams>& ClientParams::schema() {
  using P = ClientParams;
  static const auto s =
      Schema<P>()
          .Param("host", &P::host, "The client's address or name.")
          .Param("network", &P::network, "The clients' network, as 10.0.0.0/8.")
          .Param("shared_key", &P::shared_key, "The key of these clients.", {.secret = true})
          .Param("users", &P::users, "Users that may come from there; none: all.")
          .Check([](const P& p) { return CheckClient(p); });
  return s;
}

const Schema<SecurityParams>& SecurityParams::schema() {
  using P = SecurityParams;
  static const auto s =
      Schema<P>()
          .Param("self_hostname", &P::self_hostname, "The name that this side goes by.",
                 {.required = true})
          .Param("shared_key", &P::shared_key, "The key that both sides know.",
                 {.required = true, .secret = true})
          .Param("user_auth", &P::user_auth, "Clients must name a user and know the password.")
          .Param("allow_anonymous_source", &P::allow_anonymous_source,
                 "Accept clients that no <client> section names.")
          .Section("user", &P::user, "A user.")
          .Section("client", &P::client, "Clients with a key or users of their own.")
          .Check([](const P& p) { return CheckSecurity(p); });
  return s;
}

const Schema<ForwardInputParams>& ForwardInputParams::schema() {
  using P = ForwardInputParams;
  static const auto s =
      Schema<P>()
          .Param("port", &P::port, "The port, for TCP and for UDP heartbeats.",
                 {.min = 0, .max = 65535})
          .Param("bind", &P::bind, "The address to listen on.")
          .Param("backlog", &P::backlog, "Connections that may wait to be accepted.", {.min = 1})
          .Param("linger_timeout", &P::linger_timeout, "Accepted; connections end in order.",
                 {.deprecated = "connections are ended in order in any case"})
          .Param("blocking_timeout", &P::blocking_timeout, "Accepted; nothing here blocks.")
          .Param("resolve_hostname", &P::resolve_hostname, "Look up the names of clients.")
          .Param("deny_keepalive", &P::deny_keepalive, "Close after the first message.")
          .Param("send_keepalive_packet", &P::send_keepalive_packet,
                 "Have the system look whether silent clients are still there.")
          .Param("chunk_size_warn_limit", &P::chunk_size_warn_limit,
                 "Messages of more bytes are named in the log.")
          .Param("chunk_size_limit", &P::chunk_size_limit,
                 "Messages of more bytes are passed over, counted and not acknowledged. Where it "
                 "is not set, receive_limit ends the connection.")
          .Param("decompression_size_limit", &P::decompression_size_limit,
                 "A message that unpacks to more ends the connection.")
          .Param("skip_invalid_event", &P::skip_invalid_event,
                 "Accepted; what is no event is always passed over and counted.")
          .Param("source_address_key", &P::source_address_key,
                 "A field that gets the client's address.")
          .Param("source_hostname_key", &P::source_hostname_key,
                 "A field that gets the client's name.")
          .Param("tag", &P::tag, "The tag of all events, whatever the client says.")
          .Param("add_tag_prefix", &P::add_tag_prefix, "Put before every tag, with a dot.")
          .Param("connections_limit", &P::connections_limit,
                 "Connections of one worker; more are closed at once.", {.min = 1})
          .Param("receive_limit", &P::receive_limit,
                 "Bytes of messages that have not arrived as a whole, of all connections of one "
                 "worker. Beyond it clients wait for each other.",
                 {.min = 65536})
          .Param("stall_timeout", &P::stall_timeout,
                 "A client that does not go on with a message for so long is disconnected.",
                 {.min = 1})
          .Section("transport", &P::transport, "TCP or TLS.")
          .Section("security", &P::security, "Who may send.")
          .Check([](const P& p) { return CheckInput(p); });
  return s;
}

}  // namespace tailrace::forward
