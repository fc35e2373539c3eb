// SPDX-License-Identifier: Apache-2.0
#pragma once
// A blocking HTTP/1.1 client for one server: what outputs use to deliver and what the Kubernetes
// watch uses to listen. One object belongs to one thread; only Abort() may come from another one.
//
// Promises:
//   * connections are kept alive and reused; redirects are not followed;
//   * a failed request says whether the server can have acted on it (HttpError::may_have_arrived),
//     because that decides if sending it again can make duplicates;
//   * no message, ever, holds credentials: only method, scheme, host, port and path (no query);
//   * Abort() ends a running request within 100 ms, at any stage, name resolution included.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::net {

enum class TlsVersion { kDefault, k1_0, k1_1, k1_2, k1_3 };

// Reads "TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3" (a leading colon and "TLSv1.2" are fine too).
std::optional<TlsVersion> ParseTlsVersion(std::string_view text);

struct TlsOptions {
  bool verify = true;  // certificate chain and host name
  // What is trusted. With none of them: the system's certificates. With one: nothing else.
  std::string ca_file;
  std::string ca_path;
  std::string ca_pem;  // PEM text instead of a file
  // Our own certificate, from files or as PEM text.
  std::string cert_file;
  std::string key_file;
  std::string cert_pem;
  std::string key_pem;
  std::string key_passphrase;  // secret
  TlsVersion min_version = TlsVersion::kDefault;
  TlsVersion max_version = TlsVersion::kDefault;
  bool partial_chain = true;  // an intermediate certificate in the trusted set is enough
};

struct HttpOptions {
  // "scheme://host[:port][/prefix]", without credentials and without a slash at the end.
  // Url::Base() gives this form.
  std::string base_url;
  // Value of the Authorization header, or empty: BasicAuthorization(), "Bearer TOKEN", "ApiKey
  // KEY".
  std::string authorization;                        // secret
  std::chrono::milliseconds connect_timeout{5000};  // name resolution, TCP and TLS
  std::chrono::milliseconds total_timeout{60000};   // whole request; 0 = no limit
  std::size_t response_bytes_max = std::size_t{64} << 20;
  // nullopt: from the environment (http_proxy, https_proxy, no_proxy); "" = none.
  std::optional<std::string> proxy;  // may hold credentials: secret
  TlsOptions tls;
  bool accept_compressed = false;  // ask for gzip and unpack it; response_bytes_max counts unpacked
  std::string user_agent = "tailrace";
};

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequest {
  std::string method = "GET";
  std::string path{};  // "/_bulk?pretty", already percent-encoded; appended to base_url
  std::vector<HttpHeader> headers{};
  // The body as pieces that stay valid during the call; they are sent one after the other without
  // being joined first.
  std::span<const std::string_view> body{};
  // Whether a request that died on a kept-alive connection before any answer may be sent again at
  // once. By default as RFC 9110 9.2.2: all but POST and PATCH.
  std::optional<bool> idempotent{};
  // Overrides of HttpOptions for this request alone.
  std::optional<std::chrono::milliseconds> total_timeout{};
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;  // names in lower case, in order
  std::string body;

  // First header of this (lower-case) name, or an empty view.
  std::string_view Header(std::string_view name) const;
  bool ok() const { return status >= 200 && status < 300; }
};

enum class HttpFailure {
  kInvalid,   // the request or the options cannot be used; sending it again will not help
  kConnect,   // no connection: name, TCP, proxy
  kTls,       // handshake or certificate
  kTimeout,   // connect or total timeout, or the idle timeout of a stream
  kBroken,    // the connection ended or the answer is not HTTP
  kTooLarge,  // the answer is over response_bytes_max
  kAborted,   // Abort()
};

struct HttpError {
  HttpFailure failure = HttpFailure::kBroken;
  // False: not one byte of the request has left, the server cannot have acted on it.
  // True: it may have been applied, in part or in full.
  bool may_have_arrived = false;
  int status = 0;  // of the answer that had begun, 0 if none had
  // "POST https://es:9200/_bulk: timed out after 5.0 s; the request may have been applied"
  std::string message;
};

using HttpResult = tl::expected<HttpResponse, HttpError>;

class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;

  // Sends the request and waits for the whole answer. Any HTTP status is a response, not an error.
  HttpResult Send(const HttpRequest& request);

  // For answers without an end. `on_data` gets the body of a 2xx answer as it arrives (pieces of
  // any size) and returns false to stop, which is a success. The body of any other answer is
  // collected in the response as by Send(). total_timeout is not applied; the stream fails with
  // kTimeout when nothing arrives for `idle_timeout` (0 = for ever).
  HttpResult Stream(const HttpRequest& request, std::chrono::milliseconds idle_timeout,
                    const std::function<bool(std::string_view data)>& on_data);

  // Any thread, any time: ends the running request and all later ones with kAborted.
  void Abort();
  bool aborted() const;

  // Between requests: another value for the Authorization header (tokens rotate).
  void SetAuthorization(std::string value);

  const HttpOptions& options() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// "Basic dXNlcjpwYXNz": RFC 7617, UTF-8 as it stands.
std::string BasicAuthorization(std::string_view user, std::string_view password);

}  // namespace tailrace::net
