// SPDX-License-Identifier: Apache-2.0
#pragma once
// What HttpClient needs of libcurl that is not about a single request: owners of its handles, TLS
// options, the meaning of its error codes. Included by http_client.cpp only.

#include <curl/curl.h>

#include <algorithm>
#include <memory>
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
using HeaderList = std::unique_ptr<curl_slist, SlistDeleter>;

// Adds one "Name: value" line.
void AppendHeader(HeaderList& list, const std::string& line);

// Once per process; also makes broken connections an error of the request, not a signal.
void InitialiseCurlOnce();

// The first error, if there is one.
CURLcode SetTlsOptions(CURL* easy, const TlsOptions& tls);

HttpFailure FailureOf(CURLcode code);

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
