// SPDX-License-Identifier: Apache-2.0
#include "net/transport_params.h"

namespace tailrace::net {
namespace {

std::string CheckVersions(const TransportParams& params) {
  for (const auto& name : {params.version, params.min_version, params.max_version}) {
    if (name && !SpokenVersion(*name)) return "TLS before 1.2 is not spoken: it is not secure";
  }
  return "";
}

std::string CheckCertificate(const TransportParams& params) {
  if (params.protocol != Protocol::kTls) return "";
  if (params.cert_verifier) {
    return "cert_verifier names Ruby code, which is not run; client_cert_auth with ca_path checks "
           "certificates";
  }
  const bool given = params.cert_path.has_value();
  const bool signs = params.ca_cert_path.has_value();
  if (!given && !signs && !params.insecure) {
    return "cert_path or ca_cert_path is needed for TLS (or insecure true, for a certificate that "
           "nobody can verify)";
  }
  if (signs && !params.ca_private_key_path) {
    return "ca_cert_path needs ca_private_key_path beside it";
  }
  return "";
}

}  // namespace

std::optional<TlsProtocol> SpokenVersion(TlsVersionName name) {
  if (name == TlsVersionName::k12) return TlsProtocol::k12;
  if (name == TlsVersionName::k13) return TlsProtocol::k13;
  return std::nullopt;
}

const Schema<TransportParams>& TransportParams::schema() {
  using P = TransportParams;
  static const auto s =
      Schema<P>()
          .Argument("protocol", &P::protocol, "tcp, udp or tls.")
          .Param("linger_timeout", &P::linger_timeout, "Accepted; connections end in order.")
          .Param("backlog", &P::backlog, "Connections that may wait to be accepted.", {.min = 1})
          .Param("receive_buffer_size", &P::receive_buffer_size,
                 "Size of the socket's buffer for what has arrived.")
          .Param("version", &P::version, "The lowest version of TLS that is spoken.")
          .Param("min_version", &P::min_version, "The lowest version of TLS that is spoken.")
          .Param("max_version", &P::max_version, "The highest version of TLS that is spoken.")
          .Param("ciphers", &P::ciphers, "Ciphers of TLS 1.2, in OpenSSL's words.")
          .Param("insecure", &P::insecure,
                 "Use a certificate made at the start, which no client can verify.")
          .Param("ensure_fips", &P::ensure_fips, "Accepted; OpenSSL's own configuration decides.")
          .Param("ca_path", &P::ca_path, "Authorities that clients' certificates are checked with.")
          .Param("cert_path", &P::cert_path,
                 "The certificate with its chain, PEM. Read again when the file changes.")
          .Param("private_key_path", &P::private_key_path, "Its key, PEM.")
          .Param("private_key_passphrase", &P::private_key_passphrase, "The key's passphrase.")
          .Param("client_cert_auth", &P::client_cert_auth, "Clients must show a certificate.")
          .Param("ca_cert_path", &P::ca_cert_path,
                 "An authority that signs a certificate made at the start.")
          .Param("ca_private_key_path", &P::ca_private_key_path, "The authority's key.")
          .Param("ca_private_key_passphrase", &P::ca_private_key_passphrase,
                 "The passphrase of the authority's key.")
          .Param("cert_verifier", &P::cert_verifier, "Ruby code; refused.", {.hidden = true})
          .Param("generate_private_key_length", &P::generate_private_key_length,
                 "Bits of the key of a certificate made at the start.", {.min = 2048})
          .Param("generate_cert_country", &P::generate_cert_country, "Its country.")
          .Param("generate_cert_state", &P::generate_cert_state, "Its state.")
          .Param("generate_cert_locality", &P::generate_cert_locality, "Its locality.")
          .Param("generate_cert_common_name", &P::generate_cert_common_name,
                 "Its name; the host's where not set.")
          .Param("generate_cert_expiration", &P::generate_cert_expiration, "How long it is valid.")
          .Param("generate_cert_digest", &P::generate_cert_digest,
                 "Accepted; the digest is SHA-256.")
          .Check([](const P& p) { return CheckVersions(p); })
          .Check([](const P& p) { return CheckCertificate(p); });
  return s;
}

TlsServerSettings TransportParams::ServerSettings(const std::string& hostname) const {
  TlsServerSettings settings;
  if (const auto& lowest = min_version ? min_version : version) {
    settings.min_version = SpokenVersion(*lowest);
  }
  if (max_version) settings.max_version = SpokenVersion(*max_version);
  settings.ciphers = ciphers;
  settings.certificate_path = cert_path.value_or("");
  settings.key_path = private_key_path.value_or("");
  if (private_key_passphrase) settings.key_passphrase = private_key_passphrase->value;
  settings.client_certificates = client_cert_auth;
  if (ca_path) settings.ca_paths = {*ca_path};
  if (cert_path) return settings;
  GeneratedCertificate& made = settings.generate.emplace();
  made.ca_path = ca_cert_path.value_or("");
  made.ca_key_path = ca_private_key_path.value_or("");
  if (ca_private_key_passphrase) made.ca_key_passphrase = ca_private_key_passphrase->value;
  made.key_bits = generate_private_key_length;
  made.country = generate_cert_country;
  made.state = generate_cert_state;
  made.locality = generate_cert_locality;
  made.common_name = generate_cert_common_name.value_or(hostname);
  made.seconds_valid = generate_cert_expiration.value;
  return settings;
}

}  // namespace tailrace::net
