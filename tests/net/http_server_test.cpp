// SPDX-License-Identifier: Apache-2.0
#include "net/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "net/http_client.h"

namespace tailrace::net {
namespace {

// A server on a loop of its own. The handler runs on the loop's thread.
class Served {
 public:
  explicit Served(HttpServer::Handler handler, HttpServerOptions options = {}) {
    options.bind = "127.0.0.1";
    server_ = std::make_unique<HttpServer>(loop_, std::move(options), std::move(handler));
    const Status status = server_->Start();
    EXPECT_TRUE(status) << status.error().message;
    thread_ = std::thread([this] { loop_.run(); });
  }
  ~Served() {
    OnLoop([this] { server_.reset(); });
    work_.reset();
    thread_.join();
  }

  void OnLoop(std::function<void()> work) {
    std::promise<void> done;
    boost::asio::post(loop_, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
  HttpServer& server() { return *server_; }
  uint16_t port() const { return server_->port(); }
  HttpClient Client() const {
    HttpOptions options;
    options.base_url = "http://127.0.0.1:" + std::to_string(port());
    options.proxy = "";
    return HttpClient(std::move(options));
  }
  // Sends bytes, returns all that comes back until the server closes.
  std::string Raw(std::string_view bytes) const {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port());
    inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    std::string answer;
    char buffer[4096];
    for (ssize_t n; (n = recv(fd, buffer, sizeof buffer, 0)) > 0;)
      answer.append(buffer, static_cast<size_t>(n));
    close(fd);
    return answer;
  }

 private:
  boost::asio::io_context loop_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      loop_.get_executor()};
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
};

void Echo(ServerRequest& request, const HttpServer::Respond& respond) {
  respond({200, "text/plain",
           request.method + ' ' + request.path + ' ' + request.Parameter("q", "none") + ' ' +
               std::string(request.Header("x-a")) + ' ' + std::to_string(request.body.size())});
}

TEST(HttpServerTest, GivesTheHandlerTheRequestAndTheClientTheAnswer) {
  Served served(Echo);
  HttpClient client = served.Client();
  const std::string body(3'000'000, 'x');  // over a megabyte: curl asks first with Expect
  const std::string_view parts[] = {body};
  const auto posted = client.Send({.method = "POST",
                                   .path = "/a%20b?x=1&q=two+words%21",
                                   .headers = {{"X-A", "head"}},
                                   .body = parts});
  ASSERT_TRUE(posted) << posted.error().message;
  EXPECT_EQ(posted->status, 200);
  EXPECT_EQ(posted->body, "POST /a b two words! head 3000000");
  const auto got = client.Send({.path = "/"});
  ASSERT_TRUE(got);
  EXPECT_EQ(got->body, "GET / none  0");
  served.OnLoop([&] { EXPECT_EQ(served.server().connections(), 1u) << "kept alive"; });
  EXPECT_EQ(served.Raw("HEAD /x HTTP/1.1\r\nConnection: close\r\n\r\n").find("\r\n\r\n") + 4,
            served.Raw("HEAD /x HTTP/1.1\r\nConnection: close\r\n\r\n").size())
      << "no body after a HEAD";
}

TEST(HttpServerTest, AnswersWhatItCannotTake) {
  HttpServerOptions options;
  options.body_bytes_max = 100;
  options.header_bytes_max = 200;
  Served served(Echo, options);
  const auto status = [&served](std::string_view bytes) { return served.Raw(bytes).substr(0, 12); };
  EXPECT_EQ(status("\x16\x03\x01 garbage\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET / HTTP/9.9\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET /%zz HTTP/1.1\r\nConnection: close\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n"), "HTTP/1.1 413");
  EXPECT_EQ(status("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 101\r\n\r\n"),
            "HTTP/1.1 413");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nA: " + std::string(300, 'a') + "\r\n\r\n"), "HTTP/1.1 431");
  EXPECT_EQ(status("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), "HTTP/1.1 200");
}

TEST(HttpServerTest, ClosesConnectionsOverTheLimitAndSlowOnes) {
  HttpServerOptions options;
  options.connections_max = 1;
  options.idle_timeout = std::chrono::milliseconds(200);
  Served served(Echo, options);
  HttpClient client = served.Client();
  ASSERT_TRUE(client.Send({.path = "/"}));  // stays open
  EXPECT_EQ(served.Raw(""), "") << "closed at once";
  for (int i = 0; i < 40; ++i) {
    size_t open = 1;
    served.OnLoop([&] { open = served.server().connections(); });
    if (open == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(served.Raw("GET / HT"), "") << "half a request is closed without an answer";
}

TEST(HttpServerTest, AnswersLaterAndFinishesWhatIsUnderWay) {
  HttpServer::Respond held;
  std::promise<void> arrived;
  Served served([&](ServerRequest& /*request*/, HttpServer::Respond respond) {
    held = std::move(respond);
    arrived.set_value();
  });
  auto answer = std::async(std::launch::async, [&] { return served.Client().Send({.path = "/"}); });
  arrived.get_future().wait();
  served.OnLoop([&] { served.server().StopAccepting(); });
  served.OnLoop([&] { held({202, "text/plain", "late"}); });
  const auto response = answer.get();
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 202);
  EXPECT_EQ(response->Header("connection"), "close");
  EXPECT_FALSE(served.Client().Send({.path = "/"})) << "nobody listens any more";
  served.OnLoop([&] { held({200, "text/plain", "again"}); });  // nobody is there: no effect
  held = nullptr;
}

TEST(HttpServerTest, SaysWhyItCannotListen) {
  Served served(Echo);
  boost::asio::io_context loop;
  HttpServerOptions options;
  options.bind = "127.0.0.1";
  options.port = served.port();
  const Status taken = HttpServer(loop, options, Echo).Start();
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message, "cannot listen on 127.0.0.1:" + std::to_string(options.port) +
                                       ": Address already in use");
  options.bind = "nowhere";
  EXPECT_FALSE(HttpServer(loop, options, Echo).Start());
}

}  // namespace
}  // namespace tailrace::net
