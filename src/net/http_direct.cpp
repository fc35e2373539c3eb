// SPDX-License-Identifier: Apache-2.0
#include "net/http_direct.h"

#include <strings.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

namespace tailrace::net {
namespace {

using Milliseconds = std::chrono::milliseconds;

// Upper bound of one sleep, as in HttpClient.
constexpr Milliseconds kWaitMax{1000};
constexpr std::string_view kHttp = "http://";
constexpr std::string_view kHttps = "https://";

bool IsSet(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

// Whether libcurl would look for a proxy: then it decides.
bool MayUseProxy(const HttpOptions& options, bool tls) {
  if (options.proxy) return !options.proxy->empty();
  return IsSet("all_proxy") || IsSet("ALL_PROXY") ||
         (tls ? IsSet("https_proxy") || IsSet("HTTPS_PROXY") : IsSet("http_proxy"));
}

bool Named(const HttpHeader& header, const char* name) {
  return ::strcasecmp(header.name.c_str(), name) == 0;
}

void AppendHeader(std::string& head, std::string_view name, std::string_view value) {
  head += name;
  head += value.empty() ? ":" : ": ";
  head += value;
  head += "\r\n";
}

}  // namespace

// The request on its way and the answer as it comes.
struct HttpDirect::Exchange {
  std::vector<std::string_view> slices;
  HttpAnswerReader answer;
  bool sending = true;
  bool send_failed = false;
};

std::unique_ptr<HttpDirect> HttpDirect::Create(const HttpOptions& options, CURLM* multi,
                                               const std::atomic<bool>& aborted) {
  const std::string_view url = options.base_url;
  const bool tls = url.starts_with(kHttps);
  if (!tls && !url.starts_with(kHttp)) return nullptr;
  const std::string_view host = url.substr(tls ? kHttps.size() : kHttp.size());
  // libcurl would encode a name that is not ASCII.
  const bool ascii = std::all_of(host.begin(), host.end(), [](char c) { return c > ' '; });
  if (host.empty() || !ascii || options.accept_compressed || MayUseProxy(options, tls)) {
    return nullptr;
  }
  EasyHandle easy(curl_easy_init());
  if (!easy || ConfigureConnections(easy.get(), options) != CURLE_OK) return nullptr;
  curl_easy_setopt(easy.get(), CURLOPT_URL, options.base_url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_CONNECT_ONLY, 1L);
  std::unique_ptr<HttpDirect> direct(new HttpDirect(options, multi, aborted, std::move(easy)));
  const std::size_t slash = host.find('/');
  direct->host_ = host.substr(0, slash);
  if (slash != std::string_view::npos) direct->prefix_ = host.substr(slash);
  // A Host header names no default port.
  const std::string_view port = tls ? ":443" : ":80";
  if (direct->host_.ends_with(port)) direct->host_.resize(direct->host_.size() - port.size());
  return direct;
}

HttpDirect::HttpDirect(const HttpOptions& options, CURLM* multi, const std::atomic<bool>& aborted,
                       EasyHandle easy)
    : options_(options),
      multi_(multi),
      aborted_(aborted),
      easy_(std::move(easy)),
      connection_(multi, easy_.get(), options.base_url.starts_with(kHttps)) {
  curl_easy_setopt(easy_.get(), CURLOPT_ERRORBUFFER, error_text_.data());
}

HttpError HttpDirect::ErrorOf(HttpFailure failure, const HttpRequest& request, std::string what,
                              int status) const {
  const bool sent = connection_.sent() > 0;
  return {failure, sent, status,
          TargetOf(options_, request) + ": " + std::move(what) +
              (sent ? "; the request may have been applied" : "; nothing was sent")};
}

std::optional<Milliseconds> HttpDirect::Left(const HttpRequest& request) const {
  const Milliseconds total = request.total_timeout.value_or(options_.total_timeout);
  if (total.count() <= 0) return kWaitMax;
  const auto left =
      total - std::chrono::duration_cast<Milliseconds>(Clock::now() - begin_) + Milliseconds(1);
  if (left.count() <= 1) return std::nullopt;
  return std::min(left, kWaitMax);
}

std::string HttpDirect::Head(const HttpRequest& request) const {
  std::size_t bytes = 0;
  for (const std::string_view slice : request.body) bytes += slice.size();
  std::string head = request.method + " " + prefix_;
  if (prefix_.empty() && !request.path.starts_with('/')) head += '/';
  head += request.path;
  head += " HTTP/1.1\r\n";
  const auto given = [&request](const char* name) {
    return std::any_of(request.headers.begin(), request.headers.end(),
                       [name](const HttpHeader& header) { return Named(header, name); });
  };
  if (!given("host")) AppendHeader(head, "Host", host_);
  if (!given("user-agent")) AppendHeader(head, "User-Agent", options_.user_agent);
  if (!given("accept")) AppendHeader(head, "Accept", "*/*");
  if (!given("authorization") && !options_.authorization.empty()) {
    AppendHeader(head, "Authorization", options_.authorization);
  }
  for (const HttpHeader& header : request.headers) AppendHeader(head, header.name, header.value);
  if (bytes > 0 || request.method == "POST" || request.method == "PUT" ||
      request.method == "PATCH") {
    AppendHeader(head, "Content-Length", std::to_string(bytes));
  }
  return head += "\r\n";
}

std::optional<HttpError> HttpDirect::Connect(const HttpRequest& request) {
  connection_.Close();
  error_text_[0] = '\0';
  const Milliseconds total = request.total_timeout.value_or(options_.total_timeout);
  curl_easy_setopt(easy_.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(total.count()));
  curl_multi_add_handle(multi_, easy_.get());
  std::optional<CURLcode> code;
  while (!code) {
    int running = 0;
    curl_multi_perform(multi_, &running);
    code = FinishedCode(multi_);
    if (code) break;
    if (aborted_.load()) {
      curl_multi_remove_handle(multi_, easy_.get());
      return ErrorOf(HttpFailure::kAborted, request, "stopped");
    }
    curl_multi_poll(multi_, nullptr, 0, static_cast<int>(kWaitMax.count()), nullptr);
  }
  if (*code == CURLE_OK && connection_.TakeOver()) return std::nullopt;
  curl_multi_remove_handle(multi_, easy_.get());
  const HttpFailure failure = FailureOf(*code);
  std::string what = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(*code);
  if (failure == HttpFailure::kTimeout) {
    what = "no connection within " + Seconds(total.count() > 0
                                                 ? std::min(total, options_.connect_timeout)
                                                 : options_.connect_timeout);
  }
  return ErrorOf(failure, request, std::move(what));
}

HttpResult HttpDirect::Send(const HttpRequest& request) {
  begin_ = Clock::now();
  const std::string head = Head(request);
  for (bool again = false;; again = true) {
    connection_.BeginRequest();
    const bool reused = connection_.Alive();
    if (!reused) {
      if (auto error = Connect(request)) return tl::unexpected(*std::move(error));
    }
    Exchange exchange{{head}, {request.method == "HEAD", options_.response_bytes_max}};
    exchange.slices.insert(exchange.slices.end(), request.body.begin(), request.body.end());
    const std::optional<HttpError> error = Run(request, exchange);
    const bool whole = !exchange.sending && !exchange.send_failed;
    if (error || !whole || !exchange.answer.keep_alive()) connection_.Close();
    if (!error) return std::move(exchange.answer.response());
    // A kept-alive connection that ends before any answer was most likely closed by a server that
    // had waited long enough.
    const bool repeat = reused && !again && error->failure == HttpFailure::kBroken &&
                        !exchange.answer.begun() &&
                        (connection_.sent() == 0 || MayBeRepeated(request));
    if (!repeat) return tl::unexpected(*error);
  }
}

std::optional<HttpError> HttpDirect::Run(const HttpRequest& request, Exchange& exchange) {
  using Io = HttpConnection::Io;
  using State = HttpAnswerReader::State;
  HttpAnswerReader& answer = exchange.answer;
  while (answer.state() != State::kDone) {
    const int status = answer.response().status;
    if (aborted_.load()) return ErrorOf(HttpFailure::kAborted, request, "stopped", status);
    const std::optional<Milliseconds> left = Left(request);
    if (!left) {
      const Milliseconds total = request.total_timeout.value_or(options_.total_timeout);
      return ErrorOf(HttpFailure::kTimeout, request, "timed out after " + Seconds(total), status);
    }
    if (exchange.sending) {
      const Io io = connection_.Send(exchange.slices);
      exchange.sending = io == Io::kAgain;
      // The server may have said why before it closed: what it said is read.
      exchange.send_failed = io == Io::kEnded;
    }
    switch (connection_.Receive()) {
      case Io::kAgain:
        connection_.Wait(exchange.sending, *left);
        break;
      case Io::kDone:
        answer.Take(connection_.received());
        break;
      case Io::kEnded:
        if (answer.End() == State::kDone) break;
        return ErrorOf(HttpFailure::kBroken, request,
                       !connection_.problem().empty() ? connection_.problem()
                       : answer.begun()               ? "the connection ended within the answer"
                                                      : "the connection ended without an answer",
                       status);
    }
    if (answer.state() == State::kBad) {
      return ErrorOf(HttpFailure::kBroken, request, "the answer is not HTTP/1.1", status);
    }
    if (answer.state() == State::kTooLarge) {
      return ErrorOf(
          HttpFailure::kTooLarge, request,
          "the answer is larger than " + std::to_string(options_.response_bytes_max) + " bytes",
          answer.response().status);
    }
  }
  return std::nullopt;
}

}  // namespace tailrace::net
