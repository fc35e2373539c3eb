// SPDX-License-Identifier: Apache-2.0
// Foreign bytes of src/net: compressed data with a limit, server addresses, HTTP answers. What an
// address says must say the same when it is read again; an answer must mean the same however its
// bytes are cut.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/gzip.h"
#include "net/http_answer.h"
#include "net/url.h"
#include "net/zstd.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace net = tailrace::net;
  constexpr size_t kBytesMax = 1 << 20;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  tailrace::ByteBuffer out;
  if (net::GzipDecompress(input, kBytesMax, out) && out.size() > kBytesMax) std::abort();
  out.Clear();
  if (net::ZstdDecompress(input, kBytesMax, out) && out.size() > kBytesMax) std::abort();
  const auto url = net::ParseUrl(input);
  if (url) {
    const auto again = net::ParseUrl(url->Base());
    if (!again || again->Base() != url->Base() || again->has_userinfo) std::abort();
  }
  tailrace::net::HttpAnswerReader whole(false, kBytesMax);
  tailrace::net::HttpAnswerReader pieces(false, kBytesMax);
  whole.Take(input);
  for (size_t at = 0; at < input.size(); at += 7) pieces.Take(input.substr(at, 7));
  if (whole.state() != pieces.state() || whole.keep_alive() != pieces.keep_alive() ||
      whole.response().body != pieces.response().body) {
    std::abort();
  }
  return 0;
}
