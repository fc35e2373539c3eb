// SPDX-License-Identifier: Apache-2.0
#pragma once
// The ways in which Fluentd configurations name a server: "host", "host:port", "[::1]:9200",
// "https://user:p%40ss@host:port/path", "https://%{user}:%{p@ss}@host" (literal text in the
// braces). Pure text, no name is resolved.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::net {

struct Url {
  std::string scheme;      // lower case, "http" or "https"
  std::string host;        // no brackets around IPv6
  std::uint16_t port = 0;  // 0 = not given
  std::string path;        // "" or "/..." without a slash at the end; as written, no query
  std::string query;       // after '?', as written
  std::string user;        // percent escapes decoded
  std::string password;    // percent escapes decoded; secret
  bool has_userinfo = false;

  // "scheme://host[:port][path]": brackets put back, no credentials, no query. What logs may show
  // and what HttpOptions::base_url wants.
  std::string Base() const;
};

// What is filled in where the text does not say. `port` is for texts without a scheme: as in Ruby's
// URI, "https://host" means the scheme's own port.
struct UrlDefaults {
  std::string scheme = "http";
  std::uint16_t port = 0;
  std::string path{};
  std::string user{};
  std::string password{};
};

// Reads one of the forms above. The message of an error quotes the text only if it holds no '@'.
Result<Url> ParseUrl(std::string_view text, const UrlDefaults& defaults = {});

// A comma-separated list of them, blanks around the commas allowed (Fluentd's `hosts`). Commas
// inside of an URL must be written %2C.
Result<std::vector<Url>> ParseUrlList(std::string_view text, const UrlDefaults& defaults = {});

// RFC 3986 percent decoding; '+' stays. nullopt-like failure on a broken escape.
Result<std::string> PercentDecode(std::string_view text);

// ASCII letters in lower case: schemes, host names, names of headers.
std::string LowerCase(std::string_view text);

// Everything but unreserved characters (RFC 3986 2.3) is escaped: for one path segment or one query
// value.
std::string PercentEncode(std::string_view text);

}  // namespace tailrace::net
