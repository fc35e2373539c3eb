// SPDX-License-Identifier: Apache-2.0
// Certificates that a listener makes for itself (`insecure true`, or `ca_cert_path` with
// `ca_private_key_path`), as Fluentd does.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>

#include "net/address.h"
#include "net/tls.h"

namespace tailrace::net {
namespace {

struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeExtension {
  void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
};
using Certificate = std::unique_ptr<X509, FreeCertificate>;
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;
using Bio = std::unique_ptr<BIO, FreeBio>;

constexpr long kVersion3 = 2;  // NOLINT: OpenSSL's type

void AddName(X509_NAME* name, const char* field, const std::string& text) {
  if (text.empty()) return;
  X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(text.data()),
                             static_cast<int>(text.size()), -1, 0);
}

void AddExtension(X509* certificate, X509* issuer, int kind, const std::string& text) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreeExtension> extension(
      X509V3_EXT_conf_nid(nullptr, &context, kind, text.c_str()));
  if (extension) X509_add_ext(certificate, extension.get(), -1);
}

struct Authority {
  Certificate certificate;
  Key key;
};

Result<Authority> LoadAuthority(const GeneratedCertificate& settings) {
  Authority result;
  const Bio certificate(BIO_new_file(settings.ca_path.c_str(), "r"));
  if (certificate) {
    result.certificate.reset(PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr));
  }
  if (!result.certificate) {
    return Fail("cannot use the certificate " + settings.ca_path + ": " + TakeTlsError());
  }
  const Bio key(BIO_new_file(settings.ca_key_path.c_str(), "r"));
  if (key) {
    result.key.reset(PEM_read_bio_PrivateKey(
        key.get(), nullptr, nullptr, const_cast<char*>(settings.ca_key_passphrase.c_str())));
  }
  if (!result.key) {
    return Fail("cannot use the private key " + settings.ca_key_path + ": " + TakeTlsError());
  }
  return result;
}

Certificate NewCertificate(const GeneratedCertificate& settings, EVP_PKEY* key) {
  Certificate certificate(X509_new());
  uint64_t serial = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  X509_set_version(certificate.get(), kVersion3);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()),
                  static_cast<long>(settings.seconds_valid));  // NOLINT: OpenSSL's type
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  AddName(name, "C", settings.country);
  AddName(name, "ST", settings.state);
  AddName(name, "L", settings.locality);
  AddName(name, "CN", settings.common_name);
  return certificate;
}

}  // namespace

Status UseGeneratedCertificate(const GeneratedCertificate& settings, SSL_CTX* context) {
  const Key key(EVP_RSA_gen(static_cast<unsigned>(settings.key_bits)));
  if (!key) return Fail("cannot make a private key: " + TakeTlsError());
  const Certificate certificate = NewCertificate(settings, key.get());
  Authority authority;
  if (!settings.ca_path.empty()) {
    auto loaded = LoadAuthority(settings);
    if (!loaded) return tl::unexpected<Error>(loaded.error());
    authority = std::move(*loaded);
  }
  X509* issuer = authority.certificate ? authority.certificate.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  const bool literal = Address::Parse(settings.common_name).has_value();
  AddExtension(certificate.get(), issuer, NID_basic_constraints, "CA:FALSE");
  AddExtension(certificate.get(), issuer, NID_subject_alt_name,
               (literal ? "IP:" : "DNS:") + settings.common_name);
  X509_sign(certificate.get(), authority.key ? authority.key.get() : key.get(), EVP_sha256());
  if (SSL_CTX_use_certificate(context, certificate.get()) != 1 ||
      SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return Fail("cannot make a certificate: " + TakeTlsError());
  }
  if (authority.certificate) {
    SSL_CTX_add1_chain_cert(context, authority.certificate.get());
  }
  return {};
}

}  // namespace tailrace::net
