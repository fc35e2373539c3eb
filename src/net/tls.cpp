// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "net/address.h"
#include "tailrace/log.h"
#include "tailrace/steady_clock.h"

namespace tailrace::net {
namespace {

int VersionNumber(TlsProtocol version) {
  return version == TlsProtocol::k13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

int GivePassphrase(char* into, int room, int /*writing*/, void* passphrase) {
  const auto* text = static_cast<const std::string*>(passphrase);
  const int size = std::min(room, static_cast<int>(text->size()));
  std::memcpy(into, text->data(), static_cast<size_t>(size));
  return size;
}

// A chain of one certificate that signed itself is let through.
int AllowSelfSigned(int fine, X509_STORE_CTX* store) {
  const int error = X509_STORE_CTX_get_error(store);
  return fine != 0 || error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ? 1 : 0;
}

Status LoadCertificate(const TlsSettings& settings, SSL_CTX* context) {
  if (settings.certificate_path.empty()) return {};
  // Kept by the caller as long as the call lasts.
  SSL_CTX_set_default_passwd_cb(context, GivePassphrase);
  SSL_CTX_set_default_passwd_cb_userdata(context,
                                         const_cast<std::string*>(&settings.key_passphrase));
  if (SSL_CTX_use_certificate_chain_file(context, settings.certificate_path.c_str()) != 1) {
    return Fail("cannot use the certificate " + settings.certificate_path + ": " + TakeTlsError());
  }
  const std::string& key =
      settings.key_path.empty() ? settings.certificate_path : settings.key_path;
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return Fail("cannot use the private key " + key + ": " + TakeTlsError());
  }
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  return {};
}

Status LoadAuthorities(const TlsSettings& settings, SSL_CTX* context) {
  for (const std::string& path : settings.ca_paths) {
    if (SSL_CTX_load_verify_file(context, path.c_str()) != 1) {
      return Fail("cannot use the certificates in " + path + ": " + TakeTlsError());
    }
  }
  if (settings.ca_paths.empty()) SSL_CTX_set_default_verify_paths(context);
  return {};
}

Status Apply(const TlsSettings& settings, SSL_CTX* context) {
  if (context == nullptr) return Fail("TLS cannot be set up: " + TakeTlsError());
  SSL_CTX_set_min_proto_version(context,
                                VersionNumber(settings.min_version.value_or(TlsProtocol::k12)));
  if (settings.max_version) {
    SSL_CTX_set_max_proto_version(context, VersionNumber(*settings.max_version));
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_set_cipher_list(context, settings.ciphers.c_str()) != 1) {
    return Fail("no cipher is left of '" + settings.ciphers + "'");
  }
  if (Status loaded = LoadCertificate(settings, context); !loaded) return loaded;
  return LoadAuthorities(settings, context);
}

}  // namespace

std::string TakeTlsError() {
  const unsigned long code = ERR_get_error();  // NOLINT: OpenSSL's type
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  std::array<char, 256> text{};
  ERR_error_string_n(code, text.data(), text.size());
  return text.data();
}

TlsContext::TlsContext(Context context, Loader load, std::vector<std::string> files)
    : context_(std::move(context)), load_(std::move(load)), files_(std::move(files)) {
  std::erase(files_, "");
  fingerprint_ = Fingerprint();
  next_look_ = SteadySeconds() + 1;
}

Result<std::unique_ptr<TlsContext>> TlsContext::ForServer(TlsServerSettings settings) {
  const Loader load = [settings]() -> Result<Context> {
    Context context(SSL_CTX_new(TLS_server_method()));
    if (Status applied = Apply(settings, context.get()); !applied) {
      return tl::unexpected<Error>(applied.error());
    }
    if (settings.generate) {
      if (Status made = UseGeneratedCertificate(*settings.generate, context.get()); !made) {
        return tl::unexpected<Error>(made.error());
      }
    }
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    if (settings.client_certificates) {
      SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      if (!settings.ca_paths.empty()) {
        SSL_CTX_set_client_CA_list(context.get(),
                                   SSL_load_client_CA_file(settings.ca_paths.front().c_str()));
      }
    }
    return context;
  };
  auto context = load();
  if (!context) return tl::unexpected<Error>(context.error());
  std::vector<std::string> files = {settings.certificate_path, settings.key_path};
  files.insert(files.end(), settings.ca_paths.begin(), settings.ca_paths.end());
  return std::unique_ptr<TlsContext>(new TlsContext(std::move(*context), load, std::move(files)));
}

Result<std::unique_ptr<TlsContext>> TlsContext::ForClient(TlsClientSettings settings) {
  const Loader load = [settings]() -> Result<Context> {
    Context context(SSL_CTX_new(TLS_client_method()));
    if (Status applied = Apply(settings, context.get()); !applied) {
      return tl::unexpected<Error>(applied.error());
    }
    SSL_CTX_set_verify(context.get(), settings.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE,
                       settings.allow_self_signed ? AllowSelfSigned : nullptr);
    return context;
  };
  auto context = load();
  if (!context) return tl::unexpected<Error>(context.error());
  std::vector<std::string> files = {settings.certificate_path, settings.key_path};
  files.insert(files.end(), settings.ca_paths.begin(), settings.ca_paths.end());
  auto result =
      std::unique_ptr<TlsContext>(new TlsContext(std::move(*context), load, std::move(files)));
  result->client_ = std::move(settings);
  return result;
}

TlsHandle TlsContext::New(int fd, const std::string& host) {
  ReloadIfChanged();
  TlsHandle tls(SSL_new(context_.get()));
  if (tls == nullptr || SSL_set_fd(tls.get(), fd) != 1) return nullptr;
  if (!client_) {
    SSL_set_accept_state(tls.get());
    return tls;
  }
  SSL_set_connect_state(tls.get());
  const bool literal = Address::Parse(host).has_value();
  if (!literal && !host.empty()) SSL_set_tlsext_host_name(tls.get(), host.c_str());
  if (client_->verify && client_->verify_hostname) {
    if (literal) {
      X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls.get()), host.c_str());
    } else {
      SSL_set1_host(tls.get(), host.c_str());
    }
  }
  return tls;
}

// Changes when one of the files does.
int64_t TlsContext::Fingerprint() const {
  int64_t sum = 0;
  for (const std::string& path : files_) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) continue;
    sum = sum * 31 + status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
    sum = sum * 31 + static_cast<int64_t>(status.st_ino) + status.st_size;
  }
  return sum;
}

void TlsContext::ReloadIfChanged() {
  const double now = SteadySeconds();
  if (files_.empty() || now < next_look_) return;
  next_look_ = now + 1;
  const int64_t fingerprint = Fingerprint();
  if (fingerprint == fingerprint_) return;
  fingerprint_ = fingerprint;
  auto context = load_();
  if (!context) {
    LogError("the changed TLS files cannot be used: the certificate from before stays.",
             {{"error", context.error().message}});
    return;
  }
  context_ = std::move(*context);
  LogInfo("TLS files have changed and were read again.", {{"certificate", files_.front()}});
}

}  // namespace tailrace::net
