// SPDX-License-Identifier: Apache-2.0
#pragma once
// What both ways of HttpClient need that is not about a single request: owners of libcurl's
// handles, options of connections and TLS, the meaning of error codes, words for messages.

#include <curl/curl.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/http_client.h"

namespace tailrace::net {

struct MultiDeleter {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct EasyDeleter {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct SlistDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using MultiHandle = std::unique_ptr<CURLM, MultiDeleter>;
using EasyHandle = std::unique_ptr<CURL, EasyDeleter>;
using HeaderList = std::unique_ptr<curl_slist, SlistDeleter>;

// Adds one "Name: value" line.
void AppendHeader(HeaderList& list, const std::string& line);

// Once per process; also makes broken connections an error of the request, not a signal.
void InitialiseCurlOnce();

// The first error, if there is one.
CURLcode SetTlsOptions(CURL* easy, const TlsOptions& tls);

// What all connections of a client have in common; the first error, if there is one.
CURLcode ConfigureConnections(CURL* easy, const HttpOptions& options);

// How the transfer that ended last did, or nullopt while none has.
std::optional<CURLcode> FinishedCode(CURLM* multi);

HttpFailure FailureOf(CURLcode code);

// "POST https://es:9200/_bulk": what a message may say of a request.
std::string TargetOf(const HttpOptions& options, const HttpRequest& request);

// "5.0 s"
std::string Seconds(std::chrono::milliseconds time);

// Whether the request may be sent again at once (HttpRequest::idempotent).
bool MayBeRepeated(const HttpRequest& request);

// Where the body stands while curl asks for it.
struct BodyCursor {
  std::span<const std::string_view> slices;
  std::size_t index = 0;
  std::size_t offset = 0;

  std::size_t Read(char* out, std::size_t room) {
    std::size_t copied = 0;
    while (copied < room && index < slices.size()) {
      const std::string_view rest = slices[index].substr(offset);
      const std::size_t n = std::min(rest.size(), room - copied);
      std::copy_n(rest.data(), n, out + copied);
      copied += n;
      offset += n;
      if (offset == slices[index].size()) {
        ++index;
        offset = 0;
      }
    }
    return copied;
  }
};

}  // namespace tailrace::net
