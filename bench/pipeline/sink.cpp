// SPDX-License-Identifier: Apache-2.0
// A bulk endpoint that costs as little as possible, so that a benchmark on one machine measures
// the sender. One thread, epoll, HTTP/1.1 keep-alive, gzip. It answers as Elasticsearch 8 does.
//
//   tailrace_sink [--port N] [--verify] [--manifest FILE] [--slow MS] [--fail STATUS:CHANCE]
//                 [--fail-items STATUS:CHANCE] [--fail-for SECONDS]
//
// --port 0 takes a free port; the first line on standard output names it. --verify keeps the books
// on every event (bulk_ledger.h). --slow delays every bulk answer. --fail refuses whole requests,
// --fail-items single documents, both at random with a fixed seed, for the first --fail-for
// seconds (default: always). GET /_counts shows the books, /_summary compares them with the
// manifest as well, SIGTERM prints that and ends.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <queue>
#include <string>
#include <unordered_map>

#include "bulk_ledger.h"
#include "http_connection.h"

namespace {

using tailrace::bench::BulkLedger;
using tailrace::bench::HttpConnection;
using tailrace::bench::HttpRequest;
using tailrace::bench::ParseState;
using SteadyClock = std::chrono::steady_clock;

constexpr std::string_view kHello =
    R"({"name":"sink","cluster_name":"bench","cluster_uuid":"AAAAAAAAAAAAAAAAAAAAAA",)"
    R"("version":{"number":"8.19.0","build_flavor":"default","build_type":"tar",)"
    R"("build_hash":"0000000000000000000000000000000000000000","build_date":"2025-07-01T00:00:00Z",)"
    R"("build_snapshot":false,"lucene_version":"9.12.2",)"
    R"("minimum_wire_compatibility_version":"7.17.0",)"
    R"("minimum_index_compatibility_version":"7.0.0"},"tagline":"You Know, for Search"})";
constexpr std::string_view kLicense =
    R"({"license":{"status":"active","uid":"0","type":"basic","mode":"basic"}})";
constexpr std::string_view kUnavailable =
    R"({"error":{"type":"es_rejected_execution_exception","reason":"asked to fail"},"status":0})";

struct Failure {
  int status = 0;
  double chance = 0;
};

struct Options {
  std::uint16_t port = 9200;
  bool verify = false;
  std::string manifest;
  int slow_ms = 0;
  Failure requests;
  Failure items;
  double fail_for_s = 1e9;
};

[[noreturn]] void Usage() {
  std::fprintf(
      stderr,
      "usage: tailrace_sink [--port N] [--verify] [--manifest FILE] [--slow MS]\n"
      "         [--fail STATUS:CHANCE] [--fail-items STATUS:CHANCE] [--fail-for SECONDS]\n");
  std::exit(2);
}

Failure ParseFailure(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) Usage();
  return {std::atoi(text.c_str()), std::atof(text.c_str() + colon + 1)};
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--verify") {
      options.verify = true;
      continue;
    }
    if (++i >= argc) Usage();
    const std::string value = argv[i];
    if (name == "--port")
      options.port = static_cast<std::uint16_t>(std::atoi(value.c_str()));
    else if (name == "--manifest")
      options.manifest = value;
    else if (name == "--slow")
      options.slow_ms = std::atoi(value.c_str());
    else if (name == "--fail")
      options.requests = ParseFailure(value);
    else if (name == "--fail-items")
      options.items = ParseFailure(value);
    else if (name == "--fail-for")
      options.fail_for_s = std::atof(value.c_str());
    else
      Usage();
  }
  return options;
}

class Sink {
 public:
  explicit Sink(Options options)
      : options_(std::move(options)), ledger_(options_.verify), started_(SteadyClock::now()) {
    ledger_.FailItems(options_.items.status, options_.items.chance);
  }

  int Run();

 private:
  struct Client {
    explicit Client(int f) : fd(f) {}
    ~Client() { ::close(fd); }
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;
    int fd;
    std::uint64_t number = 0;  // tells a reused descriptor from the connection it was
    HttpConnection http;
    bool close_when_sent = false;
    bool held = false;  // an answer waits for its time; nothing more is read until then
    bool wants_write = false;
  };
  struct Due {
    SteadyClock::time_point when;
    int fd;
    std::uint64_t number;
    bool operator<(const Due& other) const { return when > other.when; }
  };

  bool Listen();
  void Accept();
  void OnReadable(Client& client);
  // Handles all whole requests in the input. False if the connection is to be dropped.
  bool HandleInput(Client& client);
  void Handle(const HttpRequest& request, Client& client);
  void HandleBulk(const HttpRequest& request, Client& client);
  bool Flush(Client& client);
  void Watch(Client& client);
  void ReleaseDue();
  int WaitMs() const;
  bool FailNow();

  Options options_;
  BulkLedger ledger_;
  SteadyClock::time_point started_;
  int epoll_ = -1;
  int listener_ = -1;
  std::uint64_t clients_made_ = 0;
  std::unordered_map<int, std::unique_ptr<Client>> clients_;
  std::priority_queue<Due> due_;
  std::string answer_;
  std::uint64_t random_ = 0x2545f4914f6cdd1dULL;
};

bool Sink::Listen() {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int one = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(options_.port);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, generic, length) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, generic, &length) != 0) {
    std::fprintf(stderr, "tailrace_sink: cannot listen on port %u: %s\n", options_.port,
                 std::strerror(errno));
    return false;
  }
  std::printf("{\"port\":%u}\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return true;
}

int Sink::Run() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  const int signal_fd = ::signalfd(-1, &signals, SFD_CLOEXEC);
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  if (!Listen()) return 3;
  for (const int fd : {listener_, signal_fd}) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }
  for (;;) {
    epoll_event events[64];
    const int count = ::epoll_wait(epoll_, events, 64, WaitMs());
    ReleaseDue();
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == signal_fd) {
        std::printf("%s\n", ledger_.Summary(options_.manifest).c_str());
        return 0;
      }
      if (fd == listener_) {
        Accept();
        continue;
      }
      const auto found = clients_.find(fd);
      if (found == clients_.end()) continue;
      if ((events[i].events & EPOLLOUT) != 0) {
        if (!Flush(*found->second)) clients_.erase(fd);
      } else {
        OnReadable(*found->second);
      }
    }
  }
}

void Sink::Accept() {
  const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  auto client = std::make_unique<Client>(fd);
  client->number = ++clients_made_;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  clients_.insert_or_assign(fd, std::move(client));
}

void Sink::OnReadable(Client& client) {
  constexpr std::size_t kReadBytes = 1 << 20;
  char* into = client.http.PrepareInput(kReadBytes);
  const ssize_t got = ::recv(client.fd, into, client.http.input_capacity(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    clients_.erase(client.fd);
    return;
  }
  client.http.Received(static_cast<std::size_t>(got));
  if (!HandleInput(client) || !Flush(client)) clients_.erase(client.fd);
}

bool Sink::HandleInput(Client& client) {
  while (!client.held && !client.close_when_sent) {
    HttpRequest request;
    const ParseState state = client.http.Parse(request);
    if (state == ParseState::kNeedMore) return true;
    if (state == ParseState::kBad) {
      client.http.Respond(400, R"({"error":"not a request","status":400})");
      client.close_when_sent = true;
      return true;
    }
    if (!request.keep_alive) client.close_when_sent = true;
    Handle(request, client);
    client.http.Consume();
  }
  return true;
}

void Sink::Handle(const HttpRequest& request, Client& client) {
  const bool head_only = request.method == "HEAD";
  const std::size_t slash = request.path.rfind('/');
  const std::string_view last =
      request.path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  if (last == "_bulk") {
    HandleBulk(request, client);
  } else if (last == "_summary") {
    client.http.Respond(200, ledger_.Summary(options_.manifest));
  } else if (last == "_counts") {
    client.http.Respond(200, ledger_.Summary(""));
  } else if (last == "_license" || last == "_xpack") {
    client.http.Respond(200, kLicense, head_only);
  } else if (request.method == "GET" && request.path == "/") {
    client.http.Respond(200, kHello);
  } else {
    client.http.Respond(200, R"({"acknowledged":true})", head_only);
  }
}

bool Sink::FailNow() {
  if (options_.requests.chance <= 0) return false;
  random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  return static_cast<double>(random_ >> 11) * 0x1p-53 < options_.requests.chance;
}

void Sink::HandleBulk(const HttpRequest& request, Client& client) {
  ledger_.wire_bytes += request.wire_body_bytes;
  const bool may_fail =
      std::chrono::duration<double>(SteadyClock::now() - started_).count() < options_.fail_for_s;
  if (may_fail && FailNow()) {
    ++ledger_.requests_refused;
    client.http.Respond(options_.requests.status, kUnavailable);
    return;
  }
  if (!may_fail) ledger_.FailItems(0, 0);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::string_view query = request.query;
  const std::size_t filter = query.find("filter_path=");
  BulkLedger::Items items = BulkLedger::Items::kAll;
  if (filter != std::string_view::npos) {
    const bool status = query.find("items.*.status", filter) != std::string_view::npos;
    items = status ? BulkLedger::Items::kStatus : BulkLedger::Items::kNone;
  }
  const bool good =
      ledger_.Take(request.body, std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(),
                   items, answer_);
  client.http.Respond(good ? 200 : 400, answer_);
  if (options_.slow_ms > 0) {
    client.held = true;
    due_.push({SteadyClock::now() + std::chrono::milliseconds(options_.slow_ms), client.fd,
               client.number});
    Watch(client);
  }
}

bool Sink::Flush(Client& client) {
  if (client.held) return true;
  HttpConnection& http = client.http;
  while (http.out_sent < http.out.size()) {
    const ssize_t sent = ::send(client.fd, http.out.data() + http.out_sent,
                                http.out.size() - http.out_sent, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) return false;
      client.wants_write = true;
      Watch(client);
      return true;
    }
    http.out_sent += static_cast<std::size_t>(sent);
  }
  http.out.clear();
  http.out_sent = 0;
  if (client.wants_write) {
    client.wants_write = false;
    Watch(client);
  }
  return !client.close_when_sent;
}

void Sink::Watch(Client& client) {
  epoll_event event{};
  event.events = client.held ? 0U : client.wants_write ? EPOLLOUT : EPOLLIN;
  event.data.fd = client.fd;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.fd, &event);
}

void Sink::ReleaseDue() {
  while (!due_.empty() && due_.top().when <= SteadyClock::now()) {
    const Due due = due_.top();
    due_.pop();
    const auto found = clients_.find(due.fd);
    if (found == clients_.end() || found->second->number != due.number) continue;
    Client& client = *found->second;
    client.held = false;
    Watch(client);
    if (!HandleInput(client) || !Flush(client)) clients_.erase(due.fd);
  }
}

int Sink::WaitMs() const {
  if (due_.empty()) return -1;
  const auto left = due_.top().when - SteadyClock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
  return ms < 0 ? 0 : static_cast<int>(ms);
}

}  // namespace

int main(int argc, char** argv) { return Sink(ParseOptions(argc, argv)).Run(); }
