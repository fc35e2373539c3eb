// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one place that knows how TLS is set up, for listeners and for clients other than HTTP:
// versions (1.2 at least), ciphers, certificates, verification (on unless switched off by name) and
// the reload of certificate files that were replaced. Secrets never appear in an error.

#include <openssl/ssl.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::net {

enum class TlsProtocol : uint8_t { k12, k13 };

struct FreeTlsContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeTls {
  void operator()(SSL* tls) const { SSL_free(tls); }
};
using TlsHandle = std::unique_ptr<SSL, FreeTls>;

inline constexpr char kDefaultCiphers[] = "ALL:!aNULL:!eNULL:!SSLv2";  // Fluentd's

// What both sides have in common.
struct TlsSettings {
  std::optional<TlsProtocol> min_version;  // 1.2 where not set
  std::optional<TlsProtocol> max_version;
  std::string ciphers = kDefaultCiphers;  // for TLS 1.2
  // PEM: a certificate with its chain, its key, the key's passphrase.
  std::string certificate_path;
  std::string key_path;
  std::string key_passphrase;
  // PEM bundles that the other side's certificate is verified with.
  std::vector<std::string> ca_paths;
};

// A certificate that the listener makes for itself when it starts: signed by the given authority,
// or by itself where there is none.
struct GeneratedCertificate {
  std::string ca_path;
  std::string ca_key_path;
  std::string ca_key_passphrase;
  int key_bits = 2048;
  std::string country = "US";
  std::string state = "CA";
  std::string locality = "Mountain View";
  std::string common_name;  // also its subjectAltName
  double seconds_valid = 10.0 * 365 * 24 * 3600;
};

struct TlsServerSettings : TlsSettings {
  // Clients must show a certificate that ca_paths (or the system's authorities) vouch for.
  bool client_certificates = false;
  std::optional<GeneratedCertificate> generate;
};

struct TlsClientSettings : TlsSettings {
  bool verify = true;
  bool verify_hostname = true;
  bool allow_self_signed = false;
};

// Makes the SSL objects of one listener or client. The files are read again when they have changed,
// looked at once a second at the most; files that cannot be used then are named in the log and the
// old certificate stays. One thread.
class TlsContext {
 public:
  static Result<std::unique_ptr<TlsContext>> ForServer(TlsServerSettings settings);
  static Result<std::unique_ptr<TlsContext>> ForClient(TlsClientSettings settings);

  // For a connection over `fd`, which the caller owns. `host` is what a client verifies and asks
  // for; a listener leaves it empty. Null if there is no memory.
  TlsHandle New(int fd, const std::string& host);

 private:
  using Context = std::unique_ptr<SSL_CTX, FreeTlsContext>;
  using Loader = std::function<Result<Context>()>;

  TlsContext(Context context, Loader load, std::vector<std::string> files);
  void ReloadIfChanged();
  int64_t Fingerprint() const;

  Context context_;
  Loader load_;
  std::vector<std::string> files_;
  int64_t fingerprint_ = 0;
  double next_look_ = 0;  // steady seconds
  std::optional<TlsClientSettings> client_;
};

// The oldest error of OpenSSL's queue as text, and the queue emptied.
std::string TakeTlsError();

// Puts a certificate and key made anew into `context`.
Status UseGeneratedCertificate(const GeneratedCertificate& settings, SSL_CTX* context);

}  // namespace tailrace::net
