// SPDX-License-Identifier: Apache-2.0
#pragma once
// The short way of HttpClient: requests that need no proxy and no unpacking are written and read
// here, over one kept-alive HttpConnection; everything else goes through libcurl. Same promises as
// HttpClient. Why: docs/decisions/0045-own-http-path.md. Used by http_client.cpp only; one thread.

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "net/curl_parts.h"
#include "net/http_connection.h"

namespace tailrace::net {

class HttpDirect {
 public:
  // `options`, `multi` and `aborted` outlive this; the multi handle is woken after `aborted` is
  // set. Null where the options need libcurl for the whole request.
  static std::unique_ptr<HttpDirect> Create(const HttpOptions& options, CURLM* multi,
                                            const std::atomic<bool>& aborted);

  // As HttpClient::Send(), for a request that has been checked.
  HttpResult Send(const HttpRequest& request);

 private:
  using Clock = std::chrono::steady_clock;
  struct Exchange;

  HttpDirect(const HttpOptions& options, CURLM* multi, const std::atomic<bool>& aborted,
             EasyHandle easy);

  std::string Head(const HttpRequest& request) const;
  std::optional<HttpError> Connect(const HttpRequest& request);
  std::optional<HttpError> Run(const HttpRequest& request, Exchange& exchange);
  // Time until the request must be through, at most a second; none left: nullopt.
  std::optional<std::chrono::milliseconds> Left(const HttpRequest& request) const;
  HttpError ErrorOf(HttpFailure failure, const HttpRequest& request, std::string what,
                    int status = 0) const;

  const HttpOptions& options_;
  CURLM* multi_;
  const std::atomic<bool>& aborted_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  EasyHandle easy_;
  HttpConnection connection_;
  std::string host_;    // for the Host header
  std::string prefix_;  // path of base_url
  Clock::time_point begin_;
};

}  // namespace tailrace::net
