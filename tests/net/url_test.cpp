// SPDX-License-Identifier: Apache-2.0
#include "net/url.h"

#include <gtest/gtest.h>

namespace tailrace::net {
namespace {

Url Parsed(std::string_view text, const UrlDefaults& defaults = {}) {
  auto url = ParseUrl(text, defaults);
  EXPECT_TRUE(url) << text << ": " << (url ? "" : url.error().message);
  return url.value_or(Url{});
}

TEST(UrlTest, HostAloneTakesTheDefaults) {
  const Url url = Parsed(
      "es.example", {.scheme = "https", .port = 9200, .path = "es/", .user = "u", .password = "p"});
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.host, "es.example");
  EXPECT_EQ(url.port, 9200);
  EXPECT_EQ(url.user, "u");
  EXPECT_EQ(url.password, "p");
  EXPECT_EQ(url.Base(), "https://es.example:9200/es");
}

TEST(UrlTest, HostAndPort) {
  const Url url = Parsed("es.example:19200", {.port = 9200});
  EXPECT_EQ(url.host, "es.example");
  EXPECT_EQ(url.port, 19200);
  EXPECT_EQ(url.Base(), "http://es.example:19200");
}

TEST(UrlTest, FullUrlWithEscapedUserinfo) {
  const Url url = Parsed("HTTPS://john%40x:pa%3Ass%2F@Host:8443/a/b/?x=1#frag");
  EXPECT_EQ(url.scheme, "https");
  EXPECT_EQ(url.user, "john@x");
  EXPECT_EQ(url.password, "pa:ss/");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.path, "/a/b");
  EXPECT_EQ(url.query, "x=1");
  EXPECT_EQ(url.Base(), "https://Host:8443/a/b");
}

TEST(UrlTest, FullUrlWithoutPortMeansTheOneOfItsScheme) {
  EXPECT_EQ(Parsed("https://es.example", {.port = 9200}).port, 0);
}

TEST(UrlTest, BareAtSignInPassword) {
  const Url url = Parsed("https://john:p@ss@host");
  EXPECT_EQ(url.user, "john");
  EXPECT_EQ(url.password, "p@ss");
  EXPECT_EQ(url.host, "host");
}

TEST(UrlTest, LiteralUserinfoInBraces) {
  const Url url = Parsed("https://%{j+hn}:%{pa/s%s@rd}@host:1");
  EXPECT_EQ(url.user, "j+hn");
  EXPECT_EQ(url.password, "pa/s%s@rd");
  EXPECT_EQ(url.Base(), "https://host:1");
}

TEST(UrlTest, Ipv6) {
  EXPECT_EQ(Parsed("[::1]:9200").host, "::1");
  EXPECT_EQ(Parsed("[::1]:9200").port, 9200);
  EXPECT_EQ(Parsed("[::1]", {.port = 7}).Base(), "http://[::1]:7");
  EXPECT_EQ(Parsed("fd00::2").Base(), "http://[fd00::2]");
  EXPECT_EQ(Parsed("http://u:p@[fd00::2]:1/x").Base(), "http://[fd00::2]:1/x");
}

TEST(UrlTest, RefusesWhatIsNoServer) {
  for (const char* bad :
       {"", "  ", "http://", "ftp://x", "host:0", "host:65536", "host:12x", "host:", "[::1",
        "[::1]x", "ho st", "http://a%zz@host", "http://:80", "http://h/a\tb", "h/a b"}) {
    EXPECT_FALSE(ParseUrl(bad)) << bad;
  }
}

TEST(UrlTest, ErrorsDoNotShowCredentials) {
  const auto url = ParseUrl("https://john:secret@host:99999");
  ASSERT_FALSE(url);
  EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
  EXPECT_NE(url.error().message.find("port"), std::string::npos);
}

TEST(UrlTest, List) {
  const auto urls = ParseUrlList(" a:1, https://u:p@b/x ,,c", {.port = 9200});
  ASSERT_TRUE(urls);
  ASSERT_EQ(urls->size(), 3U);
  EXPECT_EQ((*urls)[0].Base(), "http://a:1");
  EXPECT_EQ((*urls)[1].Base(), "https://b/x");
  EXPECT_EQ((*urls)[1].password, "p");
  EXPECT_EQ((*urls)[2].Base(), "http://c:9200");
  EXPECT_FALSE(ParseUrlList(" , "));
}

TEST(UrlTest, PercentCoding) {
  EXPECT_EQ(PercentEncode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(PercentDecode("a%20b%2F%C3%BC+").value(), "a b/ü+");
  EXPECT_FALSE(PercentDecode("%4"));
  EXPECT_FALSE(PercentDecode("%"));
}

}  // namespace
}  // namespace tailrace::net
