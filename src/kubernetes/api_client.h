// SPDX-License-Identifier: Apache-2.0
#pragma once
// Requests to the Kubernetes API with credentials that rotate. One object per thread; only Abort()
// may come from another one.

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "kubernetes/client_config.h"
#include "net/http_client.h"

namespace tailrace::kubernetes {

// Why a request did not give what was asked for.
struct ApiError {
  int status = 0;       // HTTP status, or 0 if there was no answer
  std::string message;  // for the operator: request, and what the server or the network said
  std::chrono::seconds retry_after{0};  // as the server asked for
  bool aborted = false;
  bool went_silent = false;  // a watch that had begun; nothing came for `idle`

  bool expired() const { return status == 410; }  // "410 Gone": list again from the newest state
};

template <typename T>
using ApiResult = tl::expected<T, ApiError>;

class ApiClient {
 public:
  explicit ApiClient(const ClientConfig& config);

  // The body of a 200 answer, at most 64 MiB; its capacity allows simdjson to parse it in place.
  ApiResult<std::string> Get(const std::string& path);

  // A watch: gives the body to `on_data` as it arrives, until the server ends it, on_data returns
  // false, or nothing has come for `idle`.
  ApiResult<void> Watch(const std::string& path, std::chrono::milliseconds idle,
                        const std::function<bool(std::string_view)>& on_data);

  void Abort() { client_.Abort(); }

 private:
  // Reads the token's file again. The old token stays in use while the file cannot be read.
  void RefreshToken();
  static ApiError FromAnswer(const std::string& path, const net::HttpClient& client,
                             const net::HttpResponse& response);
  static ApiError FromFailure(const net::HttpError& error);

  const std::string token_file_;
  net::HttpClient client_;
};

}  // namespace tailrace::kubernetes
