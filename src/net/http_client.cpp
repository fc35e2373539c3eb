// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "net/curl_parts.h"
#include "net/http_direct.h"
#include "net/url.h"

namespace tailrace::net {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

// Upper bound of one sleep: only a safety net, Abort() and curl's own timers wake us earlier.
constexpr int kPollMilliseconds = 1000;
constexpr long kUploadBufferBytes = 256 << 10;

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(HttpOptions options) : options_(std::move(options)) {
    InitialiseCurlOnce();
    multi_.reset(curl_multi_init());
    easy_.reset(curl_easy_init());
    if (easy_) Configure();
    if (multi_) direct_ = HttpDirect::Create(options_, multi_.get(), aborted_);
  }

  HttpResult Run(const HttpRequest& request, Milliseconds idle_timeout,
                 const std::function<bool(std::string_view)>* on_data);

  void Abort() {
    aborted_.store(true);
    if (multi_) curl_multi_wakeup(multi_.get());
  }

  std::atomic<bool> aborted_{false};
  HttpOptions options_;

 private:
  // State of the running request, for the callbacks.
  struct Exchange {
    HttpResponse response;
    BodyCursor body;
    const std::function<bool(std::string_view)>* on_data = nullptr;
    bool too_large = false;
    bool stopped = false;  // on_data said so
    bool rewound = false;  // curl sends the request a second time
    Clock::time_point last_data;
  };

  template <typename T>
  void Set(CURLoption option, T value) {
    Note(curl_easy_setopt(easy_.get(), option, value));
  }
  void Note(CURLcode code) {
    if (code != CURLE_OK && setup_error_.empty()) setup_error_ = curl_easy_strerror(code);
  }

  void Configure();
  std::optional<HttpError> CheckRequest(const HttpRequest& request) const;
  HeaderList BuildHeaders(const HttpRequest& request) const;
  void ConfigureRequest(const HttpRequest& request, const HeaderList& headers, bool stream);
  void ConfigureBody(const HttpRequest& request);
  // Drives the transfer to its end. nullopt: ended by us, `ended_by_` says why.
  std::optional<CURLcode> Drive(Milliseconds idle_timeout);
  HttpError ErrorOf(const HttpRequest& request, CURLcode code, Milliseconds idle_timeout);
  HttpError OwnError(HttpFailure failure, const HttpRequest& request, std::string what) const;
  bool RequestLeft() const;

  static std::size_t OnWrite(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t OnRead(char* data, std::size_t size, std::size_t count, void* self);
  static int OnSeek(void* self, curl_off_t offset, int origin);

  MultiHandle multi_;
  EasyHandle easy_;                     // destroyed before multi_
  std::unique_ptr<HttpDirect> direct_;  // null where libcurl has to do everything
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  std::string setup_error_;
  HttpFailure ended_by_ = HttpFailure::kBroken;
  Exchange exchange_;
};

void HttpClient::Impl::Configure() {
  Note(ConfigureConnections(easy_.get(), options_));
  Set(CURLOPT_FOLLOWLOCATION, 0L);
  Set(CURLOPT_PATH_AS_IS, 1L);
  Set(CURLOPT_MAXCONNECTS, 2L);
  Set(CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
  Set(CURLOPT_USERAGENT, options_.user_agent.c_str());
  Set(CURLOPT_ERRORBUFFER, error_text_.data());
  Set(CURLOPT_WRITEFUNCTION, &Impl::OnWrite);
  Set(CURLOPT_WRITEDATA, static_cast<void*>(this));
  Set(CURLOPT_HEADERFUNCTION, &Impl::OnHeader);
  Set(CURLOPT_HEADERDATA, static_cast<void*>(this));
  if (options_.accept_compressed) Set(CURLOPT_ACCEPT_ENCODING, "gzip");
}

HttpError HttpClient::Impl::OwnError(HttpFailure failure, const HttpRequest& request,
                                     std::string what) const {
  return {failure, false, exchange_.response.status,
          TargetOf(options_, request) + ": " + std::move(what)};
}

std::optional<HttpError> HttpClient::Impl::CheckRequest(const HttpRequest& request) const {
  const auto invalid = [&](std::string what) {
    return OwnError(HttpFailure::kInvalid, request, std::move(what));
  };
  if (!easy_ || !multi_) return invalid("the HTTP library could not be initialised");
  if (!setup_error_.empty()) return invalid("options cannot be used: " + setup_error_);
  if (HasLineBreak(request.path) || HasLineBreak(request.method) ||
      HasLineBreak(options_.base_url)) {
    return HttpError{HttpFailure::kInvalid, false, 0,
                     "request with a line break in its path or method"};
  }
  if (HasLineBreak(options_.authorization)) return invalid("credentials with a line break");
  for (const HttpHeader& header : request.headers) {
    if (HasLineBreak(header.name) || HasLineBreak(header.value) || header.name.empty()) {
      return invalid("header '" + header.name.substr(0, header.name.find_first_of("\r\n")) +
                     "' with a line break or without a name");
    }
  }
  if (aborted_.load()) return OwnError(HttpFailure::kAborted, request, "stopped; nothing was sent");
  return std::nullopt;
}

HeaderList HttpClient::Impl::BuildHeaders(const HttpRequest& request) const {
  HeaderList list;
  bool has_content_type = false;
  bool has_authorization = false;
  for (const HttpHeader& header : request.headers) {
    const std::string name = LowerCase(header.name);
    has_content_type |= name == "content-type";
    has_authorization |= name == "authorization";
    // curl's way to send a header with an empty value is "Name;".
    AppendHeader(list,
                 header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  if (!has_authorization && !options_.authorization.empty()) {
    AppendHeader(list, "Authorization: " + options_.authorization);
  }
  AppendHeader(list, "Expect:");
  if (!has_content_type) AppendHeader(list, "Content-Type:");
  return list;
}

void HttpClient::Impl::ConfigureRequest(const HttpRequest& request, const HeaderList& headers,
                                        bool stream) {
  const Milliseconds total = request.total_timeout.value_or(options_.total_timeout);
  Set(CURLOPT_URL, (options_.base_url + request.path).c_str());
  Set(CURLOPT_HTTPHEADER, headers.get());
  Set(CURLOPT_TIMEOUT_MS, stream ? 0L : static_cast<long>(total.count()));
  ConfigureBody(request);
}

void HttpClient::Impl::ConfigureBody(const HttpRequest& request) {
  std::size_t bytes = 0;
  for (std::string_view slice : request.body) bytes += slice.size();
  exchange_.body.slices = request.body;
  Set(CURLOPT_NOBODY, 0L);
  Set(CURLOPT_HTTPGET, 1L);
  if (request.method == "HEAD") {
    Set(CURLOPT_NOBODY, 1L);
  } else if (bytes > 0 || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_POSTFIELDS, nullptr);
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(bytes));
    Set(CURLOPT_READFUNCTION, &Impl::OnRead);
    Set(CURLOPT_READDATA, static_cast<void*>(this));
    // Without a way to seek, curl cannot repeat the request behind our back.
    const bool repeat = MayBeRepeated(request);
    Set(CURLOPT_SEEKFUNCTION, repeat ? &Impl::OnSeek : nullptr);
    Set(CURLOPT_SEEKDATA, static_cast<void*>(this));
  }
  Set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

std::optional<CURLcode> HttpClient::Impl::Drive(Milliseconds idle_timeout) {
  exchange_.last_data = Clock::now();
  for (;;) {
    int running = 0;
    if (curl_multi_perform(multi_.get(), &running) != CURLM_OK) return CURLE_FAILED_INIT;
    if (auto code = FinishedCode(multi_.get())) return code;
    if (running == 0) return CURLE_FAILED_INIT;
    if (aborted_.load()) {
      ended_by_ = HttpFailure::kAborted;
      return std::nullopt;
    }
    int wait = kPollMilliseconds;
    if (idle_timeout.count() > 0) {
      const auto idle =
          std::chrono::duration_cast<Milliseconds>(Clock::now() - exchange_.last_data);
      if (idle >= idle_timeout) {
        ended_by_ = HttpFailure::kTimeout;
        return std::nullopt;
      }
      wait = static_cast<int>(std::min<Milliseconds::rep>(wait, (idle_timeout - idle).count() + 1));
    }
    curl_multi_poll(multi_.get(), nullptr, 0, wait, nullptr);
  }
}

bool HttpClient::Impl::RequestLeft() const {
  long request_bytes = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_REQUEST_SIZE, &request_bytes);
  return request_bytes > 0 || exchange_.rewound || exchange_.response.status != 0;
}

HttpError HttpClient::Impl::ErrorOf(const HttpRequest& request, CURLcode code,
                                    Milliseconds idle_timeout) {
  HttpError error;
  error.failure = FailureOf(code);
  error.may_have_arrived = RequestLeft();
  error.status = exchange_.response.status;
  if (error.failure == HttpFailure::kInvalid && error.may_have_arrived) {
    error.failure = HttpFailure::kBroken;  // the answer is what is invalid: not HTTP/1
  }
  std::string what = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
  if (exchange_.too_large) {
    error.failure = HttpFailure::kTooLarge;
    what = "the answer is larger than " + std::to_string(options_.response_bytes_max) + " bytes";
  } else if (error.failure == HttpFailure::kTimeout && idle_timeout.count() == 0) {
    const bool connected = error.may_have_arrived;
    const Milliseconds total = request.total_timeout.value_or(options_.total_timeout);
    what = connected ? "timed out after " + Seconds(total)
                     : "no connection within " +
                           Seconds(total.count() > 0 ? std::min(total, options_.connect_timeout)
                                                     : options_.connect_timeout);
  }
  error.message =
      TargetOf(options_, request) + ": " + what +
      (error.may_have_arrived ? "; the request may have been applied" : "; nothing was sent");
  return error;
}

HttpResult HttpClient::Impl::Run(const HttpRequest& request, Milliseconds idle_timeout,
                                 const std::function<bool(std::string_view)>* on_data) {
  if (auto error = CheckRequest(request)) return tl::unexpected(*std::move(error));
  if (direct_ && on_data == nullptr) return direct_->Send(request);
  exchange_ = Exchange{};
  exchange_.on_data = on_data;
  error_text_[0] = '\0';
  const HeaderList headers = BuildHeaders(request);
  ConfigureRequest(request, headers, on_data != nullptr);
  if (auto error = CheckRequest(request)) return tl::unexpected(*std::move(error));

  curl_multi_add_handle(multi_.get(), easy_.get());
  const std::optional<CURLcode> code = Drive(idle_timeout);
  const bool left = RequestLeft();
  // A transfer that is not finished loses its connection here.
  curl_multi_remove_handle(multi_.get(), easy_.get());
  curl_easy_setopt(easy_.get(), CURLOPT_HTTPHEADER, nullptr);

  if (!code) {
    const bool aborted = ended_by_ == HttpFailure::kAborted;
    HttpError error = OwnError(
        ended_by_, request, aborted ? "stopped" : "nothing arrived for " + Seconds(idle_timeout));
    error.may_have_arrived = left;
    error.message += left ? "; the request may have been applied" : "; nothing was sent";
    return tl::unexpected(std::move(error));
  }
  if (*code != CURLE_OK && !exchange_.stopped) {
    return tl::unexpected(ErrorOf(request, *code, idle_timeout));
  }
  return std::move(exchange_.response);
}

std::size_t HttpClient::Impl::OnWrite(char* data, std::size_t size, std::size_t count, void* self) {
  Impl& impl = *static_cast<Impl*>(self);
  Exchange& exchange = impl.exchange_;
  const std::string_view piece(data, size * count);
  exchange.last_data = Clock::now();
  if (exchange.on_data != nullptr && exchange.response.ok()) {
    if (!(*exchange.on_data)(piece)) {
      exchange.stopped = true;
      return CURL_WRITEFUNC_ERROR;
    }
    return piece.size();
  }
  if (exchange.response.body.size() + piece.size() > impl.options_.response_bytes_max) {
    exchange.too_large = true;
    return CURL_WRITEFUNC_ERROR;
  }
  exchange.response.body.append(piece);
  return piece.size();
}

std::size_t HttpClient::Impl::OnHeader(char* data, std::size_t size, std::size_t count,
                                       void* self) {
  Exchange& exchange = static_cast<Impl*>(self)->exchange_;
  std::string_view line(data, size * count);
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.remove_suffix(1);
  exchange.last_data = Clock::now();
  if (line.starts_with("HTTP/")) {
    // A new status line: what came before was an interim answer (1xx, or the proxy's).
    exchange.response.headers.clear();
    long status = 0;
    curl_easy_getinfo(static_cast<Impl*>(self)->easy_.get(), CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    return size * count;
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  exchange.response.headers.push_back({LowerCase(line.substr(0, colon)), std::string(value)});
  return size * count;
}

std::size_t HttpClient::Impl::OnRead(char* data, std::size_t size, std::size_t count, void* self) {
  return static_cast<Impl*>(self)->exchange_.body.Read(data, size * count);
}

int HttpClient::Impl::OnSeek(void* self, curl_off_t offset, int origin) {
  if (offset != 0 || origin != SEEK_SET) return CURL_SEEKFUNC_FAIL;
  Exchange& exchange = static_cast<Impl*>(self)->exchange_;
  exchange.body.index = 0;
  exchange.body.offset = 0;
  exchange.rewound = true;
  return CURL_SEEKFUNC_OK;
}

std::string_view HttpResponse::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (header.name == name) return header.value;
  }
  return {};
}

HttpClient::HttpClient(HttpOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

HttpResult HttpClient::Send(const HttpRequest& request) {
  return impl_->Run(request, Milliseconds(0), nullptr);
}

HttpResult HttpClient::Stream(const HttpRequest& request, Milliseconds idle_timeout,
                              const std::function<bool(std::string_view data)>& on_data) {
  return impl_->Run(request, idle_timeout, &on_data);
}

void HttpClient::Abort() { impl_->Abort(); }
bool HttpClient::aborted() const { return impl_->aborted_.load(); }
void HttpClient::SetAuthorization(std::string value) {
  impl_->options_.authorization = std::move(value);
}
const HttpOptions& HttpClient::options() const { return impl_->options_; }

}  // namespace tailrace::net
