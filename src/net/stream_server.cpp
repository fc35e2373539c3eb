// SPDX-License-Identifier: Apache-2.0
#include "net/stream_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <map>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "net/stream_peer.h"
#include "tailrace/log.h"
#include "tailrace/metrics.h"

namespace tailrace::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

constexpr int kAcceptsPerTurn = 64;  // then others have theirs
constexpr auto kHoldBack = std::chrono::milliseconds(20);
constexpr auto kSweep = std::chrono::seconds(1);

}  // namespace

class StreamServer::State final : public PeerHost,
                                  public std::enable_shared_from_this<StreamServer::State> {
 public:
  State(asio::io_context& loop, StreamServerOptions options, Socket listener,
        std::unique_ptr<TlsContext> tls, Accept accept);
  ~State() override {
    if (listening_.is_open()) listening_.release();
  }

  void Start();
  void StopReading();
  void Close();

  // --- PeerHost ---
  asio::io_context& loop() override { return loop_; }
  const StreamServerOptions& options() const override { return options_; }
  char* scratch() override { return scratch_.Room(kReadBytes + kPadding); }
  bool reading() const override { return reading_; }
  bool MayBuffer(const StreamPeer& peer) const override {
    return buffered_ < options_.buffered_bytes_max || holder_ == nullptr || holder_ == &peer;
  }
  void CountBuffered(const StreamPeer& peer, size_t before, size_t after) override;
  void HoldBack(std::weak_ptr<StreamPeer> peer) override;
  void Remove(StreamPeer& peer) override;
  void CountDropped(std::string_view reason, std::string_view peer,
                    std::string_view detail) override;

 private:
  friend class StreamServer;
  void WaitForPeers();
  void AcceptPeers();
  void AcceptOne(int fd, const sockaddr_storage& address);
  void WakeHeldBack();
  void Sweep();

  asio::io_context& loop_;
  StreamServerOptions options_;
  Socket listener_;
  std::unique_ptr<TlsContext> tls_;
  Accept accept_;
  Descriptor listening_;
  asio::steady_timer held_timer_, sweep_timer_, accept_timer_;
  std::vector<std::weak_ptr<StreamPeer>> held_;
  std::unordered_map<const StreamPeer*, std::shared_ptr<StreamPeer>> peers_;
  ByteBuffer scratch_;
  size_t buffered_ = 0;
  const StreamPeer* holder_ = nullptr;
  bool reading_ = true;
  std::map<std::string, std::shared_ptr<Cell>, std::less<>> dropped_;
  std::shared_ptr<Cell> open_, accepted_;
  LogLimit limit_;
};

// --- State ---------------------------------------------------------------------------------------

StreamServer::State::State(asio::io_context& loop, StreamServerOptions options, Socket listener,
                           std::unique_ptr<TlsContext> tls, Accept accept)
    : loop_(loop),
      options_(std::move(options)),
      listener_(std::move(listener)),
      tls_(std::move(tls)),
      accept_(std::move(accept)),
      listening_(loop, listener_.fd()),
      held_timer_(loop),
      sweep_timer_(loop),
      accept_timer_(loop) {
  const MetricLabels labels = {{"plugin_id", options_.plugin_id}, {"type", options_.type}};
  open_ =
      Metrics::Global().Gauge("tailrace_input_connections", "Connections that are open.", labels);
  accepted_ = Metrics::Global().Counter("tailrace_input_connections_accepted_total",
                                        "Connections that were accepted.", labels);
}

void StreamServer::State::Start() {
  WaitForPeers();
  Sweep();
}

void StreamServer::State::WaitForPeers() {
  listening_.async_wait(Descriptor::wait_read, [weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (error || !self || !self->reading_) return;
    self->AcceptPeers();
  });
}

void StreamServer::State::AcceptPeers() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int fd = ::accept4(listener_.fd(), reinterpret_cast<sockaddr*>(&address), &size,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      AcceptOne(fd, address);
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    if (errno == ECONNABORTED || errno == EINTR) continue;
    // No descriptor or memory left: the peers wait in the listener's queue.
    CountDropped("accept_failed", "", std::generic_category().message(errno));
    accept_timer_.expires_after(std::chrono::milliseconds(100));
    accept_timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
      const auto self = weak.lock();
      if (!error && self && self->reading_) self->WaitForPeers();
    });
    return;
  }
  WaitForPeers();
}

void StreamServer::State::AcceptOne(int fd, const sockaddr_storage& system) {
  Socket socket(fd);
  const auto address = Address::Of(system);
  accepted_->Add();
  if (peers_.size() >= options_.connections_max) {
    CountDropped("too_many_connections", address ? address->text() : "",
                 "at most " + std::to_string(options_.connections_max) + " are served");
    return;
  }
  const auto set = [fd](int level, int option) {
    const int one = 1;
    ::setsockopt(fd, level, option, &one, sizeof one);
  };
  if (address) set(IPPROTO_TCP, TCP_NODELAY);
  if (options_.keepalive_packets) set(SOL_SOCKET, SO_KEEPALIVE);
  TlsHandle tls;
  if (tls_) {
    tls = tls_->New(fd, "");
    if (!tls) return;
  }
  auto peer = std::make_shared<StreamPeer>(shared_from_this(),
                                           ByteStream(std::move(socket), std::move(tls)), address);
  peers_.emplace(peer.get(), peer);
  open_->Set(peers_.size());
  peer->Start(accept_(*peer));
}

void StreamServer::State::Remove(StreamPeer& peer) {
  if (holder_ == &peer) holder_ = nullptr;
  peers_.erase(&peer);
  open_->Set(peers_.size());
}

void StreamServer::State::CountBuffered(const StreamPeer& peer, size_t before, size_t after) {
  buffered_ = buffered_ - before + after;
  if (after == 0 && holder_ == &peer) {
    holder_ = nullptr;
  } else if (after > 0 && holder_ == nullptr && buffered_ >= options_.buffered_bytes_max) {
    holder_ = &peer;
  }
}

void StreamServer::State::HoldBack(std::weak_ptr<StreamPeer> peer) {
  held_.push_back(std::move(peer));
  if (held_.size() > 1) return;
  held_timer_.expires_after(kHoldBack);
  held_timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (!error && self) self->WakeHeldBack();
  });
}

void StreamServer::State::WakeHeldBack() {
  for (const auto& weak : std::exchange(held_, {})) {
    if (const auto peer = weak.lock()) peer->Release();
  }
}

void StreamServer::State::Sweep() {
  sweep_timer_.expires_after(kSweep);
  sweep_timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    const double now = SteadySeconds();
    std::vector<std::shared_ptr<StreamPeer>> peers;
    peers.reserve(self->peers_.size());
    for (const auto& [key, peer] : self->peers_) peers.push_back(peer);
    for (const auto& peer : peers) peer->Look(now);
    self->Sweep();
  });
}

void StreamServer::State::StopReading() {
  if (!std::exchange(reading_, false)) return;
  if (listening_.is_open()) listening_.release();
  listener_.Close();
  held_timer_.cancel();
  accept_timer_.cancel();
}

void StreamServer::State::Close() {
  StopReading();
  sweep_timer_.cancel();
  while (!peers_.empty()) {
    const std::shared_ptr<StreamPeer> peer = peers_.begin()->second;
    peer->End();
    peers_.erase(peer.get());
  }
}

void StreamServer::State::CountDropped(std::string_view reason, std::string_view peer,
                                       std::string_view detail) {
  auto& cell = dropped_[std::string(reason)];
  if (cell == nullptr) {
    cell = Metrics::Global().Counter("tailrace_input_connections_dropped_total",
                                     "Connections that were closed because of what the peer did.",
                                     {{"plugin_id", options_.plugin_id},
                                      {"type", options_.type},
                                      {"reason", std::string(reason)}});
  }
  cell->Add();
  uint64_t suppressed = 0;
  if (!limit_.Allow(&suppressed)) return;
  LogWarn("a connection is dropped.", {{"reason", reason},
                                       {"detail", detail},
                                       {"peer", peer},
                                       {"suppressed", suppressed},
                                       {"type", options_.type},
                                       {"plugin_id", options_.plugin_id}});
}

// --- StreamServer --------------------------------------------------------------------------------

StreamServer::StreamServer(asio::io_context& loop, StreamServerOptions options, Socket listener,
                           std::unique_ptr<TlsContext> tls, Accept accept)
    : state_(std::make_shared<State>(loop, std::move(options), std::move(listener), std::move(tls),
                                     std::move(accept))) {}

StreamServer::~StreamServer() { state_->Close(); }

void StreamServer::Start() { state_->Start(); }
void StreamServer::StopReading() { state_->StopReading(); }
size_t StreamServer::connections() const { return state_->peers_.size(); }

}  // namespace tailrace::net
