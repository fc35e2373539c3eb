// SPDX-License-Identifier: Apache-2.0
#include "net/http_client.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "net/fake_http_server.h"

namespace tailrace::net {
namespace {

using namespace std::chrono_literals;  // NOLINT: literals only
using test::AnswerEach;
using test::FakeHttpServer;
using test::ReceivedRequest;
using Clock = std::chrono::steady_clock;

HttpOptions OptionsFor(const FakeHttpServer& server) {
  HttpOptions options;
  options.base_url = server.Url();
  options.proxy = "";
  return options;
}

TEST(HttpClientTest, SendsSlicesHeadersAndCredentialsOnOneConnection) {
  std::vector<ReceivedRequest> seen;
  std::mutex mutex;
  FakeHttpServer server(AnswerEach([&](const ReceivedRequest& request) {
    const std::lock_guard lock(mutex);
    seen.push_back(request);
    return std::pair(201, std::string("{\"ok\":true}"));
  }));
  HttpOptions options = OptionsFor(server);
  options.authorization = BasicAuthorization("elastic", "pass:word");
  HttpClient client(options);
  const std::string large(300000, 'x');
  const std::array<std::string_view, 4> body = {"{\"index\":{}}\n", "", large, "\n"};
  HttpRequest request;
  request.method = "POST";
  request.path = "/_bulk?refresh=false";
  request.headers = {{"Content-Type", "application/x-ndjson"}, {"X-Empty", ""}};
  request.body = body;
  for (int i = 0; i < 3; ++i) {
    const HttpResult result = client.Send(request);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->status, 201);
    EXPECT_EQ(result->body, "{\"ok\":true}");
    EXPECT_EQ(result->Header("content-length"), "11");
  }
  EXPECT_EQ(server.connections(), 1);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[2].method, "POST");
  EXPECT_EQ(seen[2].target, "/_bulk?refresh=false");
  EXPECT_EQ(seen[2].body, "{\"index\":{}}\n" + large + "\n");
  EXPECT_EQ(seen[2].Header("content-type"), "application/x-ndjson");
  EXPECT_EQ(seen[2].Header("x-empty"), "");
  EXPECT_EQ(seen[2].Header("authorization"), "Basic ZWxhc3RpYzpwYXNzOndvcmQ=");
  EXPECT_FALSE(seen[2].Header("expect"));
}

TEST(HttpClientTest, MethodsChangeOnOneObject) {
  std::vector<std::string> seen;
  FakeHttpServer server(AnswerEach([&](const ReceivedRequest& request) {
    seen.push_back(request.method + " " + request.target + " " +
                   request.Header("content-length").value_or("-") + " " +
                   request.Header("content-type").value_or("-"));
    return std::pair(200, std::string());
  }));
  HttpClient client(OptionsFor(server));
  const std::array<std::string_view, 1> body = {"abc"};
  ASSERT_TRUE(client.Send({.method = "PUT", .path = "/a", .body = body}));
  ASSERT_TRUE(client.Send({.method = "GET", .path = "/b"}));
  ASSERT_TRUE(client.Send({.method = "DELETE", .path = "/c"}));
  ASSERT_TRUE(client.Send({.method = "POST", .path = "/d"}));
  ASSERT_TRUE(client.Send({.method = "GET", .path = "/e", .body = body}));
  EXPECT_EQ(seen, (std::vector<std::string>{"PUT /a 3 -", "GET /b - -", "DELETE /c - -",
                                            "POST /d 0 -", "GET /e 3 -"}));
}

TEST(HttpClientTest, HeadHasNoBody) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    while (auto request = connection.Read()) {
      connection.Write(request->method == "HEAD" ? "HTTP/1.1 404 X\r\nContent-Length: 5\r\n\r\n"
                                                 : "HTTP/1.1 200 X\r\nContent-Length: 2\r\n\r\nok");
    }
  });
  HttpClient client(OptionsFor(server));
  EXPECT_EQ(client.Send({.method = "HEAD", .path = "/index"})->status, 404);
  EXPECT_EQ(client.Send({.method = "GET", .path = "/index"})->body, "ok");
}

TEST(HttpClientTest, RefusedConnectionIsNotSent) {
  int port = 0;
  {
    port = FakeHttpServer([](FakeHttpServer::Connection&) {}).port();
  }
  HttpOptions options;
  options.base_url = "http://127.0.0.1:" + std::to_string(port);
  options.authorization = "Bearer sesame";
  options.proxy = "";
  const HttpResult result = HttpClient(options).Send({.path = "/x?token=sesame"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kConnect);
  EXPECT_FALSE(result.error().may_have_arrived);
  EXPECT_NE(result.error().message.find("GET " + options.base_url + "/x: "), std::string::npos);
  EXPECT_NE(result.error().message.find("nothing was sent"), std::string::npos);
  EXPECT_EQ(result.error().message.find("sesame"), std::string::npos);
}

TEST(HttpClientTest, UnknownNameIsNotSent) {
  HttpOptions options;
  options.base_url = "http://no-such-host.invalid:9200";
  options.proxy = "";
  const HttpResult result = HttpClient(options).Send({.path = "/"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kConnect);
  EXPECT_FALSE(result.error().may_have_arrived);
}

TEST(HttpClientTest, SilentServerTimesOutAndMayHaveApplied) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    connection.Read();
    connection.Wait(10s);
  });
  HttpOptions options = OptionsFor(server);
  options.total_timeout = 200ms;
  const auto begin = Clock::now();
  const HttpResult result = HttpClient(options).Send({.method = "POST", .path = "/_bulk"});
  EXPECT_LT(Clock::now() - begin, 2s);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kTimeout);
  EXPECT_TRUE(result.error().may_have_arrived);
  EXPECT_NE(result.error().message.find("timed out after 0.2 s; the request may have been applied"),
            std::string::npos)
      << result.error().message;
}

TEST(HttpClientTest, HalfAnswerIsBroken) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    connection.Read();
    connection.Write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\":[");
  });
  const HttpResult result = HttpClient(OptionsFor(server)).Send({.method = "POST", .path = "/"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kBroken);
  EXPECT_TRUE(result.error().may_have_arrived);
}

TEST(HttpClientTest, NotHttpIsBroken) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    connection.Read();
    connection.Write("220 mail.example ESMTP\r\n");
  });
  const HttpResult result = HttpClient(OptionsFor(server)).Send({.path = "/"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kBroken);
}

TEST(HttpClientTest, AnswerOverTheLimit) {
  FakeHttpServer server(
      AnswerEach([](const ReceivedRequest&) { return std::pair(200, std::string(5000, 'x')); }));
  HttpOptions options = OptionsFor(server);
  options.response_bytes_max = 4999;
  HttpClient client(options);
  const HttpResult result = client.Send({.path = "/"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kTooLarge);
  options.response_bytes_max = 5000;
  EXPECT_TRUE(HttpClient(options).Send({.path = "/"}));
}

TEST(HttpClientTest, LimitCountsUnpackedBytes) {
  const std::string plain(1 << 20, 'x');
  std::string packed(compressBound(plain.size()) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  FakeHttpServer server([&](FakeHttpServer::Connection& connection) {
    while (connection.Read()) connection.Answer(200, packed, "Content-Encoding: gzip\r\n");
  });
  HttpOptions options = OptionsFor(server);
  options.accept_compressed = true;
  EXPECT_EQ(HttpClient(options).Send({.path = "/"})->body, plain);
  options.response_bytes_max = 1000;
  EXPECT_EQ(HttpClient(options).Send({.path = "/"}).error().failure, HttpFailure::kTooLarge);
}

// The server closes the kept-alive connection when the second request has come.
FakeHttpServer::Handler DiesOnSecondRequest(std::atomic<int>& requests) {
  return [&requests](FakeHttpServer::Connection& connection) {
    while (connection.Read()) {
      if (++requests == 2) return;
      connection.Answer(200, "ok");
    }
  };
}

TEST(HttpClientTest, PostIsNeverRepeatedBehindTheCallersBack) {
  std::atomic<int> requests{0};
  FakeHttpServer server(DiesOnSecondRequest(requests));
  HttpClient client(OptionsFor(server));
  const std::array<std::string_view, 1> body = {"abc"};
  const HttpRequest post{.method = "POST", .path = "/", .body = body};
  ASSERT_TRUE(client.Send(post));
  const HttpResult result = client.Send(post);
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().may_have_arrived);
  EXPECT_EQ(requests, 2);
  EXPECT_TRUE(client.Send(post));
}

TEST(HttpClientTest, IdempotentRequestIsRepeatedAtOnce) {
  std::atomic<int> requests{0};
  FakeHttpServer server(DiesOnSecondRequest(requests));
  HttpClient client(OptionsFor(server));
  const std::array<std::string_view, 1> body = {"abc"};
  const HttpRequest post{.method = "POST", .path = "/", .body = body, .idempotent = true};
  ASSERT_TRUE(client.Send(post));
  EXPECT_TRUE(client.Send(post));
  EXPECT_EQ(requests, 3);
}

TEST(HttpClientTest, AbortEndsARunningRequestWithin100Ms) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    connection.Read();
    connection.Wait(10s);
  });
  HttpClient client(OptionsFor(server));
  Clock::time_point aborted;
  std::thread other([&] {
    std::this_thread::sleep_for(150ms);
    aborted = Clock::now();
    client.Abort();
  });
  const HttpResult result = client.Send({.path = "/"});
  const auto end = Clock::now();
  other.join();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kAborted);
  EXPECT_TRUE(result.error().may_have_arrived);
  EXPECT_LT(end - aborted, 100ms);
  EXPECT_EQ(client.Send({.path = "/"}).error().failure, HttpFailure::kAborted);
}

TEST(HttpClientTest, HeadersCannotBeInjected) {
  FakeHttpServer server(
      AnswerEach([](const ReceivedRequest&) { return std::pair(200, std::string()); }));
  HttpClient client(OptionsFor(server));
  EXPECT_EQ(client.Send({.path = "/ HTTP/1.1\r\nX: y"}).error().failure, HttpFailure::kInvalid);
  EXPECT_EQ(client.Send({.path = "/", .headers = {{"X", "a\r\nY: b"}}}).error().failure,
            HttpFailure::kInvalid);
  EXPECT_EQ(server.connections(), 0);
}

TEST(HttpClientTest, RedirectsAreNotFollowed) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    while (connection.Read()) connection.Answer(302, "", "Location: http://127.0.0.1:1/\r\n");
  });
  const HttpResult result = HttpClient(OptionsFor(server)).Send({.path = "/"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 302);
  EXPECT_EQ(result->Header("location"), "http://127.0.0.1:1/");
}

TEST(HttpClientTest, RefusalBeforeTheBodyIsThereIsRead) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    std::array<char, 1000> some{};
    connection.ReadSome(some.data(), some.size());
    connection.Answer(413, "too large");
    connection.Wait(10s);
  });
  HttpClient client(OptionsFor(server));
  const std::string large(32 << 20, 'x');
  const std::array<std::string_view, 1> body = {large};
  const HttpRequest post{.method = "POST", .path = "/", .body = body};
  for (int i = 1; i <= 2; ++i) {
    const HttpResult result = client.Send(post);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->status, 413);
    // The rest of the body is still owed on that connection: it cannot be kept.
    EXPECT_EQ(server.connections(), i);
  }
}

TEST(HttpClientTest, AServerThatClosedMeanwhileIsNoFailure) {
  std::atomic<bool> closed{false};
  FakeHttpServer server([&](FakeHttpServer::Connection& connection) {
    connection.Read();
    connection.Answer(200, "ok");
    if (connection.index() == 0) closed = true;
    if (connection.index() > 0) connection.Read();
  });
  HttpClient client(OptionsFor(server));
  ASSERT_TRUE(client.Send({.method = "POST", .path = "/"}));
  for (int i = 0; i < 1000 && !closed; ++i) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(20ms);
  const HttpResult result = client.Send({.method = "POST", .path = "/"});
  EXPECT_TRUE(result) << result.error().message;
}

TEST(HttpClientTest, PrefixAndPort) {
  std::string seen;
  FakeHttpServer server(AnswerEach([&](const ReceivedRequest& request) {
    seen = request.target + " " + request.Header("host").value_or("-") + " " +
           request.Header("user-agent").value_or("-");
    return std::pair(200, std::string());
  }));
  HttpOptions options = OptionsFor(server);
  const std::string host = options.base_url.substr(7);
  HttpClient bare(options);
  ASSERT_TRUE(bare.Send({.path = "?pretty"}));
  EXPECT_EQ(seen, "/?pretty " + host + " tailrace");
  options.base_url += "/es";
  HttpClient client(options);
  ASSERT_TRUE(client.Send({.path = "/_bulk", .headers = {{"Host", "other"}}}));
  EXPECT_EQ(seen, "/es/_bulk other tailrace");
}

TEST(HttpClientTest, AProxyIsAskedForTheWholeUrl) {
  std::string seen;
  FakeHttpServer proxy(AnswerEach([&](const ReceivedRequest& request) {
    seen = request.method + " " + request.target + " " + request.body;
    return std::pair(200, std::string("ok"));
  }));
  HttpOptions options;
  options.base_url = "http://search.invalid:9200";
  options.proxy = proxy.Url();
  const std::array<std::string_view, 2> body = {"ab", "c"};
  const HttpResult result =
      HttpClient(options).Send({.method = "POST", .path = "/_bulk", .body = body});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(seen, "POST http://search.invalid:9200/_bulk abc");
}

TEST(HttpClientTest, StreamGivesPiecesAsTheyComeAndStops) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    connection.Read();
    connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    connection.Wait(50ms);
    connection.Write("3\r\ntwo\r\n");
    connection.Wait(10s);
  });
  HttpClient client(OptionsFor(server));
  std::string got;
  const HttpResult result = client.Stream({.path = "/watch"}, 5s, [&](std::string_view data) {
    got += data;
    return got != "onetwo";
  });
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(got, "onetwo");
}

TEST(HttpClientTest, StreamIdleTimeout) {
  FakeHttpServer server([](FakeHttpServer::Connection& connection) {
    connection.Read();
    connection.Write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    connection.Wait(10s);
  });
  HttpClient client(OptionsFor(server));
  const HttpResult result =
      client.Stream({.path = "/watch"}, 150ms, [](std::string_view) { return true; });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kTimeout);
  EXPECT_NE(result.error().message.find("nothing arrived for 0.1 s"), std::string::npos)
      << result.error().message;
}

TEST(HttpClientTest, StreamCollectsTheBodyOfARefusal) {
  FakeHttpServer server(
      AnswerEach([](const ReceivedRequest&) { return std::pair(403, std::string("no")); }));
  HttpClient client(OptionsFor(server));
  const HttpResult result = client.Stream({.path = "/watch"}, 5s, [](std::string_view) {
    ADD_FAILURE() << "a refusal is not data";
    return true;
  });
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 403);
  EXPECT_EQ(result->body, "no");
}

class HttpClientTlsTest : public testing::Test {
 protected:
  // A CA, a server certificate for 127.0.0.1 and a client certificate with a protected key.
  static void SetUpTestSuite() {
    dir_ = std::filesystem::temp_directory_path() / ("tailrace_tls_" + std::to_string(getpid()));
    std::filesystem::create_directories(dir_);
    const std::string script =
        "cd '" + dir_.string() +
        "' && exec 2>/dev/null && set -e\n"
        "new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \"$@\"; }\n"
        "new -x509 -days 2 -subj /CN=test-ca -keyout ca.key -out ca.pem\n"
        "new -x509 -days 2 -subj /CN=other-ca -keyout other.key -out other.pem\n"
        "new -subj /CN=server -keyout server.key -out server.csr\n"
        "echo subjectAltName=IP:127.0.0.1 > san\n"
        "openssl x509 -req -days 2 -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
        "-extfile san -out server.pem\n"
        "new -subj /CN=wrong -keyout wrong.key -out wrong.csr\n"
        "echo subjectAltName=DNS:elsewhere.example > san\n"
        "openssl x509 -req -days 2 -in wrong.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
        "-extfile san -out wrong.pem\n"
        "new -subj /CN=client -keyout plain.key -out client.csr\n"
        "openssl x509 -req -days 2 -in client.csr -CA ca.pem -CAkey ca.key -CAcreateserial "
        "-out client.pem\n"
        "openssl ec -in plain.key -aes128 -passout pass:open-sesame -out client.key\n";
    ASSERT_EQ(std::system(("bash -c '" + Quoted(script) + "'").c_str()), 0);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(dir_); }

  static std::string Quoted(const std::string& text) {
    std::string quoted;
    for (char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted;
  }
  static std::string Path(const std::string& name) { return (dir_ / name).string(); }

  static FakeHttpServer Server(const std::string& name, const std::string& client_ca = "",
                               int version_max = 0) {
    return FakeHttpServer(
        AnswerEach([](const ReceivedRequest&) { return std::pair(200, std::string("ok")); }),
        FakeHttpServer::Tls{Path(name + ".pem"), Path(name + ".key"), client_ca, version_max});
  }

  static std::filesystem::path dir_;
};
std::filesystem::path HttpClientTlsTest::dir_;

TEST_F(HttpClientTlsTest, VerifiesAgainstTheGivenCaOnly) {
  FakeHttpServer server = Server("server");
  HttpOptions options = OptionsFor(server);
  options.tls.ca_file = Path("ca.pem");
  const HttpResult good = HttpClient(options).Send({.path = "/"});
  ASSERT_TRUE(good) << good.error().message;
  EXPECT_EQ(good->body, "ok");

  options.tls.ca_file = Path("other.pem");
  const HttpResult bad = HttpClient(options).Send({.path = "/"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().failure, HttpFailure::kTls);
  EXPECT_FALSE(bad.error().may_have_arrived);

  options.tls.ca_file.clear();
  EXPECT_EQ(HttpClient(options).Send({.path = "/"}).error().failure, HttpFailure::kTls);
  options.tls.verify = false;
  EXPECT_TRUE(HttpClient(options).Send({.path = "/"}));
}

TEST_F(HttpClientTlsTest, LargeBodiesOnOneConnection) {
  FakeHttpServer server(
      AnswerEach([](const ReceivedRequest& request) { return std::pair(200, request.body); }),
      FakeHttpServer::Tls{Path("server.pem"), Path("server.key"), "", 0});
  HttpOptions options = OptionsFor(server);
  options.tls.ca_file = Path("ca.pem");
  HttpClient client(options);
  const std::string large(3 << 20, 'x');
  const std::array<std::string_view, 3> body = {"begin", large, "end"};
  for (int i = 0; i < 3; ++i) {
    const HttpResult result = client.Send({.method = "POST", .path = "/", .body = body});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_TRUE(result->body == "begin" + large + "end");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(HttpClientTlsTest, MissingCaFileNamesIt) {
  FakeHttpServer server = Server("server");
  HttpOptions options = OptionsFor(server);
  options.tls.ca_file = Path("none.pem");
  const HttpResult result = HttpClient(options).Send({.path = "/"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, HttpFailure::kTls);
  EXPECT_NE(result.error().message.find("none.pem"), std::string::npos) << result.error().message;
}

TEST_F(HttpClientTlsTest, WrongHostNameIsRefused) {
  FakeHttpServer server = Server("wrong");
  HttpOptions options = OptionsFor(server);
  options.tls.ca_file = Path("ca.pem");
  EXPECT_EQ(HttpClient(options).Send({.path = "/"}).error().failure, HttpFailure::kTls);
}

TEST_F(HttpClientTlsTest, ClientCertificateWithPassphrase) {
  FakeHttpServer server = Server("server", Path("ca.pem"));
  HttpOptions options = OptionsFor(server);
  options.tls.ca_file = Path("ca.pem");
  EXPECT_FALSE(HttpClient(options).Send({.path = "/"}));
  options.tls.cert_file = Path("client.pem");
  options.tls.key_file = Path("client.key");
  options.tls.key_passphrase = "open-sesame";
  const HttpResult good = HttpClient(options).Send({.path = "/"});
  ASSERT_TRUE(good) << good.error().message;
  options.tls.key_passphrase = "wrong-sesame";
  const HttpResult bad = HttpClient(options).Send({.path = "/"});
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().message.find("sesame"), std::string::npos);
}

TEST_F(HttpClientTlsTest, VersionRange) {
  FakeHttpServer server = Server("server", "", TLS1_2_VERSION);
  HttpOptions options = OptionsFor(server);
  options.tls.ca_file = Path("ca.pem");
  EXPECT_TRUE(HttpClient(options).Send({.path = "/"}));
  options.tls.min_version = TlsVersion::k1_2;
  options.tls.max_version = TlsVersion::k1_2;
  EXPECT_TRUE(HttpClient(options).Send({.path = "/"}));
  options.tls.min_version = TlsVersion::k1_3;
  options.tls.max_version = TlsVersion::kDefault;
  const HttpResult refused = HttpClient(options).Send({.path = "/"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().failure, HttpFailure::kTls);
}

TEST(HttpClientTlsVersionTest, Names) {
  EXPECT_EQ(ParseTlsVersion("TLSv1_2"), TlsVersion::k1_2);
  EXPECT_EQ(ParseTlsVersion(":TLSv1_3"), TlsVersion::k1_3);
  EXPECT_EQ(ParseTlsVersion("TLSv1"), TlsVersion::k1_0);
  EXPECT_FALSE(ParseTlsVersion("SSLv3"));
}

}  // namespace
}  // namespace tailrace::net
