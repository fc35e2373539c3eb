// SPDX-License-Identifier: Apache-2.0
#include "net/curl_parts.h"

#include <signal.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <mutex>

namespace tailrace::net {
namespace {

// A renewed CA file is seen by new connections after this time.
constexpr long kCaCacheSeconds = 300;

// Sets options and remembers the first that libcurl refused.
struct OptionSetter {
  CURL* easy = nullptr;
  CURLcode first_error = CURLE_OK;

  template <typename T>
  void Set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(easy, option, value);
    if (first_error == CURLE_OK) first_error = code;
  }
  void SetText(CURLoption option, const std::string& text) {
    if (!text.empty()) Set(option, text.c_str());
  }
  void SetBlob(CURLoption option, const std::string& text) {
    if (text.empty()) return;
    curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY};
    Set(option, &blob);
  }
};

long MinVersion(TlsVersion version) {
  switch (version) {
    case TlsVersion::k1_0:
      return CURL_SSLVERSION_TLSv1_0;
    case TlsVersion::k1_1:
      return CURL_SSLVERSION_TLSv1_1;
    case TlsVersion::k1_2:
      return CURL_SSLVERSION_TLSv1_2;
    case TlsVersion::k1_3:
      return CURL_SSLVERSION_TLSv1_3;
    case TlsVersion::kDefault:
      break;
  }
  return CURL_SSLVERSION_DEFAULT;
}

long MaxVersion(TlsVersion version) {
  switch (version) {
    case TlsVersion::k1_0:
      return CURL_SSLVERSION_MAX_TLSv1_0;
    case TlsVersion::k1_1:
      return CURL_SSLVERSION_MAX_TLSv1_1;
    case TlsVersion::k1_2:
      return CURL_SSLVERSION_MAX_TLSv1_2;
    case TlsVersion::k1_3:
      return CURL_SSLVERSION_MAX_TLSv1_3;
    case TlsVersion::kDefault:
      break;
  }
  return CURL_SSLVERSION_MAX_DEFAULT;
}

}  // namespace

void AppendHeader(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  [[maybe_unused]] curl_slist* same = list.release();
  list.reset(longer);
}

void InitialiseCurlOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    // TLS libraries write to sockets without MSG_NOSIGNAL: a peer that has gone must be an error of
    // that request, not the end of the process.
    struct sigaction current {};
    if (sigaction(SIGPIPE, nullptr, &current) == 0 && current.sa_handler == SIG_DFL) {
      std::signal(SIGPIPE, SIG_IGN);
    }
  });
}

CURLcode SetTlsOptions(CURL* easy, const TlsOptions& tls) {
  OptionSetter setter{easy};
  setter.Set(CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
  setter.Set(CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  setter.Set(CURLOPT_SSLVERSION, MinVersion(tls.min_version) | MaxVersion(tls.max_version));
  if (!tls.ca_file.empty() || !tls.ca_path.empty() || !tls.ca_pem.empty()) {
    // curl keeps its built-in file or folder for the one that is not given: trust only what was
    // asked for.
    setter.Set(CURLOPT_CAINFO, tls.ca_file.empty() ? nullptr : tls.ca_file.c_str());
    setter.Set(CURLOPT_CAPATH, tls.ca_path.empty() ? nullptr : tls.ca_path.c_str());
    setter.SetBlob(CURLOPT_CAINFO_BLOB, tls.ca_pem);
  }
  setter.Set(CURLOPT_CA_CACHE_TIMEOUT, kCaCacheSeconds);
  setter.SetText(CURLOPT_SSLCERT, tls.cert_file);
  setter.SetText(CURLOPT_SSLKEY, tls.key_file);
  setter.SetBlob(CURLOPT_SSLCERT_BLOB, tls.cert_pem);
  setter.SetBlob(CURLOPT_SSLKEY_BLOB, tls.key_pem);
  setter.SetText(CURLOPT_KEYPASSWD, tls.key_passphrase);
  if (!tls.partial_chain)
    setter.Set(CURLOPT_SSL_OPTIONS, static_cast<long>(CURLSSLOPT_NO_PARTIALCHAIN));
  return setter.first_error;
}

CURLcode ConfigureConnections(CURL* easy, const HttpOptions& options) {
  OptionSetter setter{easy};
  setter.Set(CURLOPT_NOSIGNAL, 1L);
  setter.Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  setter.Set(CURLOPT_PROTOCOLS_STR, "http,https");
  setter.Set(CURLOPT_TCP_KEEPALIVE, 1L);
  setter.Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
  // Without this, leaving during name resolution would wait for the resolver.
  setter.Set(CURLOPT_QUICK_EXIT, 1L);
  if (options.proxy) setter.Set(CURLOPT_PROXY, options.proxy->c_str());
  const CURLcode tls = SetTlsOptions(easy, options.tls);
  return setter.first_error != CURLE_OK ? setter.first_error : tls;
}

std::optional<CURLcode> FinishedCode(CURLM* multi) {
  int left = 0;
  while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) return message->data.result;
  }
  return std::nullopt;
}

std::string TargetOf(const HttpOptions& options, const HttpRequest& request) {
  std::string_view path = request.path;
  path = path.substr(0, path.find('?'));
  return request.method + " " + options.base_url + std::string(path);
}

std::string Seconds(std::chrono::milliseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(time.count()) / 1000.0);
  return text.data();
}

bool MayBeRepeated(const HttpRequest& request) {
  if (request.idempotent) return *request.idempotent;
  return request.method != "POST" && request.method != "PATCH";
}

HttpFailure FailureOf(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_UNKNOWN_OPTION:
      return HttpFailure::kInvalid;
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_PROXY:
    case CURLE_INTERFACE_FAILED:
      return HttpFailure::kConnect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
    case CURLE_USE_SSL_FAILED:
      return HttpFailure::kTls;
    case CURLE_OPERATION_TIMEDOUT:
      return HttpFailure::kTimeout;
    default:
      return HttpFailure::kBroken;
  }
}

std::optional<TlsVersion> ParseTlsVersion(std::string_view text) {
  if (!text.empty() && text.front() == ':') text.remove_prefix(1);
  if (text == "TLSv1" || text == "TLSv1_0" || text == "TLSv1.0") return TlsVersion::k1_0;
  if (text == "TLSv1_1" || text == "TLSv1.1") return TlsVersion::k1_1;
  if (text == "TLSv1_2" || text == "TLSv1.2") return TlsVersion::k1_2;
  if (text == "TLSv1_3" || text == "TLSv1.3") return TlsVersion::k1_3;
  return std::nullopt;
}

std::string BasicAuthorization(std::string_view user, std::string_view password) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string plain(user);
  plain += ':';
  plain += password;
  std::string encoded = "Basic ";
  for (std::size_t i = 0; i < plain.size(); i += 3) {
    const auto byte = [&](std::size_t at) {
      return at < plain.size() ? static_cast<unsigned char>(plain[at]) : 0U;
    };
    const unsigned bits = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    encoded += kAlphabet[bits >> 18];
    encoded += kAlphabet[bits >> 12 & 63];
    encoded += i + 1 < plain.size() ? kAlphabet[bits >> 6 & 63] : '=';
    encoded += i + 2 < plain.size() ? kAlphabet[bits & 63] : '=';
  }
  return encoded;
}

}  // namespace tailrace::net
