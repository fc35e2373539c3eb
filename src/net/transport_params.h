// SPDX-License-Identifier: Apache-2.0
#pragma once
// The <transport> section of inputs that listen, with Fluentd's parameters
// (https://docs.fluentd.org/configuration/transport-section).

#include <optional>
#include <string>

#include "net/tls.h"
#include "tailrace/params.h"

namespace tailrace::net {

enum class Protocol : uint8_t { kTcp, kUdp, kTls };
inline EnumNames ParamNames(Protocol) {
  return {{"tcp", int(Protocol::kTcp)}, {"udp", int(Protocol::kUdp)}, {"tls", int(Protocol::kTls)}};
}

// Fluentd's names. The old ones are known, and refused with the reason.
enum class TlsVersionName : uint8_t { k10, k11, k12, k13 };
inline EnumNames ParamNames(TlsVersionName) {
  return {{"TLSv1_2", int(TlsVersionName::k12)}, {"TLS1_2", int(TlsVersionName::k12)},
          {"TLSv1_3", int(TlsVersionName::k13)}, {"TLS1_3", int(TlsVersionName::k13)},
          {"TLSv1_1", int(TlsVersionName::k11)}, {"TLS1_1", int(TlsVersionName::k11)},
          {"TLSv1", int(TlsVersionName::k10)}};
}
// Nothing for versions that are not spoken.
std::optional<TlsProtocol> SpokenVersion(TlsVersionName name);

struct TransportParams {
  std::optional<Protocol> protocol;  // nothing: the input's own default
  std::optional<int> linger_timeout;
  std::optional<int> backlog;
  std::optional<Size> receive_buffer_size;

  std::optional<TlsVersionName> version, min_version, max_version;
  std::string ciphers = kDefaultCiphers;
  bool insecure = false;
  bool ensure_fips = false;
  std::optional<std::string> ca_path, cert_path, private_key_path;
  std::optional<Secret> private_key_passphrase;
  bool client_cert_auth = false;
  std::optional<std::string> ca_cert_path, ca_private_key_path;
  std::optional<Secret> ca_private_key_passphrase;
  std::optional<std::string> cert_verifier;
  int generate_private_key_length = 2048;
  std::string generate_cert_country = "US";
  std::string generate_cert_state = "CA";
  std::string generate_cert_locality = "Mountain View";
  std::optional<std::string> generate_cert_common_name;
  Seconds generate_cert_expiration{10.0 * 365 * 86400};
  std::string generate_cert_digest = "sha256";

  static const Schema<TransportParams>& schema();

  // For a listener whose protocol is TLS. `hostname` names a certificate that is made.
  TlsServerSettings ServerSettings(const std::string& hostname) const;
};

}  // namespace tailrace::net
