// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <charconv>

namespace tailrace::net {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// A text with '@' may carry a password and is never shown.
std::string Shown(std::string_view text) {
  if (text.find('@') != std::string_view::npos) return "URL (not shown, it holds credentials)";
  return "URL '" + std::string(text) + "'";
}

Status ParsePort(std::string_view text, Url& url) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size() || port == 0 || port > 65535) {
    return Fail("port must be a number from 1 to 65535");
  }
  url.port = static_cast<std::uint16_t>(port);
  return {};
}

bool IsHostCharacter(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '/' && c != '?' && c != '#' &&
         c != '@' && c != '[' && c != ']' && c != '\\' && c != '"' && c != '<' && c != '>';
}

// "host", "host:port", "[v6]", "[v6]:port", or a bare IPv6 address (two colons or more).
Status ParseHostPort(std::string_view text, Url& url) {
  std::string_view port;
  bool has_port = false;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return Fail("'[' without ']'");
    url.host = text.substr(1, close - 1);
    std::string_view rest = text.substr(close + 1);
    if (!rest.empty()) {
      if (rest.front() != ':') return Fail("text after ']' must be ':port'");
      port = rest.substr(1);
      has_port = true;
    }
  } else {
    const std::size_t colon = text.find(':');
    const bool bare_ipv6 =
        colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos;
    url.host = text;
    if (colon != std::string_view::npos && !bare_ipv6) {
      url.host = text.substr(0, colon);
      port = text.substr(colon + 1);
      has_port = true;
    }
  }
  if (url.host.empty()) return Fail("no host name");
  for (char c : url.host) {
    if (!IsHostCharacter(c)) return Fail("host name has a character that cannot be there");
  }
  if (has_port) return ParsePort(port, url);
  return {};
}

Status ParseUserinfo(std::string_view text, Url& url) {
  const std::size_t colon = text.find(':');
  auto user = PercentDecode(text.substr(0, colon));
  if (!user) return tl::unexpected(user.error());
  url.user = *std::move(user);
  url.password.clear();
  if (colon != std::string_view::npos) {
    auto password = PercentDecode(text.substr(colon + 1));
    if (!password) return tl::unexpected(password.error());
    url.password = *std::move(password);
  }
  url.has_userinfo = true;
  return {};
}

// "%{user}:%{password}@" as the Elasticsearch plugin takes it: what is inside the braces is
// literal. Removes it from the front of `text`; answers false if it is not there.
bool TakeLiteralUserinfo(std::string_view& text, Url& url) {
  if (!text.starts_with("%{")) return false;
  const std::size_t middle = text.find("}:%{");
  const std::size_t end = text.rfind("}@");
  if (middle == std::string_view::npos || end == std::string_view::npos || end < middle + 4) {
    return false;
  }
  url.user = text.substr(2, middle - 2);
  url.password = text.substr(middle + 4, end - middle - 4);
  url.has_userinfo = true;
  text.remove_prefix(end + 2);
  return true;
}

Status ParseInto(std::string_view text, Url& url) {
  const std::size_t scheme_end = text.find("://");
  if (scheme_end != std::string_view::npos) {
    url.scheme = LowerCase(text.substr(0, scheme_end));
    url.port = 0;  // a full URL without a port means the scheme's own
    text.remove_prefix(scheme_end + 3);
  }
  const bool literal_userinfo = TakeLiteralUserinfo(text, url);
  if (url.scheme != "http" && url.scheme != "https") return Fail("scheme must be http or https");
  text = text.substr(0, text.find('#'));
  const std::size_t authority_end = text.find_first_of("/?");
  std::string_view authority = text.substr(0, authority_end);
  std::string_view rest;
  if (authority_end != std::string_view::npos) rest = text.substr(authority_end);
  // The last '@' ends the userinfo: people write passwords with a bare '@'.
  const std::size_t at = authority.rfind('@');
  if (at != std::string_view::npos && !literal_userinfo) {
    if (auto status = ParseUserinfo(authority.substr(0, at), url); !status) return status;
    authority.remove_prefix(at + 1);
  }
  if (auto status = ParseHostPort(authority, url); !status) return status;
  for (char c : rest) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
      return Fail("path has a blank or a control character; write it as %XX");
    }
  }
  const std::size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    url.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  while (!rest.empty() && rest.back() == '/') rest.remove_suffix(1);
  if (!rest.empty()) url.path = rest;
  return {};
}

}  // namespace

std::string LowerCase(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string Url::Base() const {
  std::string text = scheme + "://";
  const bool ipv6 = host.find(':') != std::string::npos;
  text += ipv6 ? "[" + host + "]" : host;
  if (port != 0) text += ":" + std::to_string(port);
  text += path;
  return text;
}

Result<Url> ParseUrl(std::string_view text, const UrlDefaults& defaults) {
  text = Trim(text);
  Url url;
  url.scheme = defaults.scheme;
  url.port = defaults.port;
  url.path = defaults.path;
  while (!url.path.empty() && url.path.back() == '/') url.path.pop_back();
  if (!url.path.empty() && url.path.front() != '/') url.path.insert(0, 1, '/');
  url.user = defaults.user;
  url.password = defaults.password;
  url.has_userinfo = !defaults.user.empty();
  if (auto status = ParseInto(text, url); !status) {
    return Fail(Shown(text) + ": " + status.error().message);
  }
  return url;
}

Result<std::vector<Url>> ParseUrlList(std::string_view text, const UrlDefaults& defaults) {
  std::vector<Url> urls;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = Trim(text.substr(0, comma));
    if (!item.empty()) {
      auto url = ParseUrl(item, defaults);
      if (!url) return tl::unexpected(url.error());
      urls.push_back(*std::move(url));
    }
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  if (urls.empty()) return Fail("no host is given");
  return urls;
}

Result<std::string> PercentDecode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? HexValue(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexValue(text[i + 2]) : -1;
    if (high < 0 || low < 0) return Fail("'%' must be followed by two hexadecimal digits");
    decoded += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return decoded;
}

std::string PercentEncode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      encoded += '%';
      encoded += kDigits[static_cast<unsigned char>(c) >> 4];
      encoded += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return encoded;
}

}  // namespace tailrace::net
