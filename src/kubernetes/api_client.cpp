// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/api_client.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

#include "kubernetes/object_reader.h"

namespace tailrace::kubernetes {
namespace {

constexpr std::size_t kMessageBytesMax = 500;
constexpr std::chrono::seconds kRetryAfterMax{300};

net::HttpOptions OptionsOf(const ClientConfig& config) {
  net::HttpOptions options;
  options.base_url = config.server;
  options.authorization = config.authorization;
  if (!config.token.empty()) options.authorization = std::string("Bearer ").append(config.token);
  options.connect_timeout = config.connect_timeout;
  // A list of many pods takes the API longer than a single answer.
  options.total_timeout = config.connect_timeout + 6 * config.read_timeout;
  options.proxy = config.proxy;
  options.tls = config.tls;
  options.accept_compressed = true;
  return options;
}

// The message of a Status object, or the text as it is.
std::string ServerMessage(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element status;
  std::string message = body;
  if (parser.parse(body).get(status) == simdjson::SUCCESS) {
    if (const std::string_view text = TextMember(status, "message"); !text.empty()) message = text;
  }
  for (char& c : message) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  if (message.size() > kMessageBytesMax) message.resize(kMessageBytesMax);
  return message;
}

}  // namespace

ApiClient::ApiClient(const ClientConfig& config)
    : token_file_(config.token_file), client_(OptionsOf(config)) {}

void ApiClient::RefreshToken() {
  if (token_file_.empty()) return;
  auto token = ReadSmallFile(token_file_);
  if (!token) return;
  const std::size_t end = token->find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return;
  token->resize(end + 1);
  client_.SetAuthorization(std::string("Bearer ").append(*token));
}

ApiError ApiClient::FromAnswer(const std::string& path, const net::HttpClient& client,
                               const net::HttpResponse& response) {
  ApiError error;
  error.status = response.status;
  error.message = client.options().base_url + path.substr(0, path.find('?')) + " answered " +
                  std::to_string(response.status);
  if (!response.body.empty()) error.message += ": " + ServerMessage(response.body);
  const std::string_view wait = response.Header("retry-after");
  int seconds = 0;
  if (std::from_chars(wait.data(), wait.data() + wait.size(), seconds).ec == std::errc() &&
      seconds > 0) {
    error.retry_after = std::min(std::chrono::seconds(seconds), kRetryAfterMax);
  }
  return error;
}

ApiError ApiClient::FromFailure(const net::HttpError& error) {
  ApiError api_error;
  api_error.aborted = error.failure == net::HttpFailure::kAborted;
  api_error.went_silent = error.failure == net::HttpFailure::kTimeout && error.status == 200;
  // Whether a read "may have been applied" is of no interest.
  api_error.message = error.message.substr(0, error.message.rfind("; "));
  return api_error;
}

ApiResult<std::string> ApiClient::Get(const std::string& path) {
  RefreshToken();
  net::HttpResult result =
      client_.Send({.path = path, .headers = {{"Accept", "application/json"}}});
  if (!result) return tl::unexpected(FromFailure(result.error()));
  if (result->status != 200) return tl::unexpected(FromAnswer(path, client_, *result));
  ApiResult<std::string> body;
  body->swap(result->body);
  body->reserve(body->size() + simdjson::SIMDJSON_PADDING);
  return body;
}

ApiResult<void> ApiClient::Watch(const std::string& path, std::chrono::milliseconds idle,
                                 const std::function<bool(std::string_view)>& on_data) {
  RefreshToken();
  const net::HttpResult result =
      client_.Stream({.path = path, .headers = {{"Accept", "application/json"}}}, idle, on_data);
  if (!result) return tl::unexpected(FromFailure(result.error()));
  if (result->status != 200) return tl::unexpected(FromAnswer(path, client_, *result));
  return {};
}

}  // namespace tailrace::kubernetes
