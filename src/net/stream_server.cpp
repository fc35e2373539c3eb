// SPDX-License-Identifier: Apache-2.0
#include "net/stream_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "net/byte_stream.h"
#include "tailrace/byte_buffer.h"
#include "tailrace/log.h"
#include "tailrace/metrics.h"

namespace tailrace::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

constexpr size_t kReadBytes = 256 << 10;
constexpr size_t kPadding = 64;
constexpr int kReadsPerTurn = 4;     // then others have theirs
constexpr int kAcceptsPerTurn = 64;  // then others have theirs
// A connection that holds less than this gives back no memory while it is idle.
constexpr size_t kKeptBytes = 4 << 10;
constexpr auto kHoldBack = std::chrono::milliseconds(20);
constexpr auto kSweep = std::chrono::seconds(1);
// After the last answer the peer has so long to close its side.
constexpr double kLingerSeconds = 2;

double Seconds() { return static_cast<double>(SteadyNanos()) / 1e9; }

}  // namespace

class StreamServer::State : public std::enable_shared_from_this<StreamServer::State> {
 public:
  State(asio::io_context& loop, StreamServerOptions options, Socket listener,
        std::unique_ptr<TlsContext> tls, Accept accept);
  ~State() {
    if (listening_.is_open()) listening_.release();
  }

  void Start();
  void StopReading();
  void Close();

  // --- For peers ---
  asio::io_context& loop() { return loop_; }
  const StreamServerOptions& options() const { return options_; }
  char* scratch() { return scratch_.Room(kReadBytes + kPadding); }
  bool reading() const { return reading_; }
  // False where `peer` has to wait until others are done with theirs.
  bool MayBuffer(const Peer& peer) const {
    return buffered_ < options_.buffered_bytes_max || holder_ == nullptr || holder_ == &peer;
  }
  void CountBuffered(const Peer& peer, size_t before, size_t after);
  void HoldBack(std::weak_ptr<Peer> peer);
  void Remove(Peer& peer);
  void CountDropped(std::string_view reason, std::string_view peer, std::string_view detail);

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
  std::vector<std::weak_ptr<Peer>> held_;
  std::unordered_map<const Peer*, std::shared_ptr<Peer>> peers_;
  ByteBuffer scratch_;
  size_t buffered_ = 0;
  const Peer* holder_ = nullptr;
  bool reading_ = true;
  std::map<std::string, std::shared_ptr<Cell>, std::less<>> dropped_;
  std::shared_ptr<Cell> open_, accepted_;
  LogLimit limit_;
};

class StreamServer::Peer final : public Connection,
                                 public std::enable_shared_from_this<StreamServer::Peer> {
 public:
  Peer(std::shared_ptr<State> server, ByteStream stream, std::optional<Address> address)
      : server_(std::move(server)),
        stream_(std::move(stream)),
        address_(address),
        peer_(address ? address->text() : ""),
        descriptor_(server_->loop(), stream_.fd()),
        moved_at_(Seconds()) {}
  ~Peer() override {
    if (descriptor_.is_open()) descriptor_.release();
  }

  void Start(std::unique_ptr<Session> session) {
    session_ = std::move(session);
    handshaking_ = stream_.secure();
    if (!handshaking_) session_->Opened();
    Turn();
  }

  // --- Connection ---
  const std::optional<Address>& address() const override { return address_; }
  const std::string& peer() const override { return peer_; }
  void Send(std::string_view bytes) override;
  void Finish() override;
  void Refuse(std::string_view reason, std::string_view detail) override {
    if (ended_) return;
    server_->CountDropped(reason, peer_, detail);
    Finish();
  }
  void Drop(std::string_view reason, std::string_view detail) override {
    if (ended_) return;
    server_->CountDropped(reason, peer_, detail);
    End();
  }
  void HoldBack() override {
    if (std::exchange(held_, true)) return;
    server_->HoldBack(weak_from_this());
  }
  void Pause() override { paused_ = true; }
  void Resume() override {
    if (!std::exchange(paused_, false)) return;
    PostTurn();
  }
  bool ended() const override { return ended_; }

  // --- For the server ---
  void Release() {
    held_ = false;
    Turn();
  }
  void Look(double now);
  void End();

 private:
  bool MayReceive() const {
    return !ended_ && !broken_ && !held_ && !paused_ && !finishing_ && !at_end_ &&
           server_->reading();
  }
  void Turn();
  bool ReadOnce();
  bool GiveToSession(std::string_view bytes);
  bool GivePending();
  void AtEnd();
  bool Handshake();
  void PostTurn();
  void WaitReadable();
  void WaitWritable();
  void Flush();
  void Linger();
  void Failed();
  std::string_view pending() const {
    return pending_.view().substr(consumed_, pending_.size() - consumed_);
  }
  size_t buffered() const { return pending_.size() - consumed_; }

  std::shared_ptr<State> server_;
  ByteStream stream_;
  std::optional<Address> address_;
  std::string peer_;
  Descriptor descriptor_;
  std::unique_ptr<Session> session_;
  ByteBuffer pending_;   // received and not consumed, from consumed_ on
  size_t consumed_ = 0;  // bytes at the front of pending_ that are done with
  ByteBuffer unsent_;
  size_t sent_ = 0;  // bytes at the front of unsent_ that are gone
  double moved_at_;  // when bytes were received or sent last
  bool handshaking_ = false;
  bool reading_armed_ = false;
  bool writing_armed_ = false;
  bool held_ = false;
  bool paused_ = false;
  bool at_end_ = false;     // the peer sends no more
  bool finishing_ = false;  // nothing is received any more
  bool lingering_ = false;  // all is sent; what comes is thrown away
  bool broken_ = false;     // a write has failed
  bool ended_ = false;
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
  auto peer = std::make_shared<Peer>(shared_from_this(),
                                     ByteStream(std::move(socket), std::move(tls)), address);
  peers_.emplace(peer.get(), peer);
  open_->Set(peers_.size());
  peer->Start(accept_(*peer));
}

void StreamServer::State::Remove(Peer& peer) {
  if (holder_ == &peer) holder_ = nullptr;
  peers_.erase(&peer);
  open_->Set(peers_.size());
}

void StreamServer::State::CountBuffered(const Peer& peer, size_t before, size_t after) {
  buffered_ = buffered_ - before + after;
  if (after == 0 && holder_ == &peer) {
    holder_ = nullptr;
  } else if (after > 0 && holder_ == nullptr && buffered_ >= options_.buffered_bytes_max) {
    holder_ = &peer;
  }
}

void StreamServer::State::HoldBack(std::weak_ptr<Peer> peer) {
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
    const double now = Seconds();
    std::vector<std::shared_ptr<Peer>> peers;
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
    const std::shared_ptr<Peer> peer = peers_.begin()->second;
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

// --- Peer ----------------------------------------------------------------------------------------

bool StreamServer::Peer::Handshake() {
  switch (stream_.Handshake()) {
    case ByteStream::State::kOk:
      handshaking_ = false;
      moved_at_ = Seconds();
      session_->Opened();
      return !ended_;
    case ByteStream::State::kWantRead:
      WaitReadable();
      return false;
    case ByteStream::State::kWantWrite:
      WaitWritable();
      return false;
    default:
      Drop("tls_handshake", stream_.why());
      return false;
  }
}

void StreamServer::Peer::Turn() {
  const auto self = shared_from_this();
  if (broken_) return Failed();
  if (ended_ || (handshaking_ && !Handshake())) return;
  if (lingering_) return Linger();
  if (!pending().empty() && MayReceive() && !GivePending()) return;
  for (int i = 0; i < kReadsPerTurn; ++i) {
    if (!MayReceive()) return;
    if (!server_->MayBuffer(*this)) return HoldBack();
    if (!ReadOnce()) return;
  }
  PostTurn();
}

// False when there is nothing more to do now.
bool StreamServer::Peer::ReadOnce() {
  const bool direct = pending().empty();
  char* into = direct ? server_->scratch() : pending_.Room(kReadBytes + kPadding);
  const ByteStream::Io io = stream_.Read(into, kReadBytes);
  switch (io.state) {
    case ByteStream::State::kOk:
      break;
    case ByteStream::State::kWantRead:
      WaitReadable();
      return false;
    case ByteStream::State::kWantWrite:
      WaitWritable();
      return false;
    case ByteStream::State::kClosed:
      AtEnd();
      return false;
    case ByteStream::State::kFailed:
      Failed();
      return false;
  }
  moved_at_ = Seconds();
  std::memset(into + io.bytes, 0, kPadding);
  if (direct) return GiveToSession({into, io.bytes});
  const size_t before = buffered();
  pending_.Commit(io.bytes);
  server_->CountBuffered(*this, before, buffered());
  return GivePending();
}

// Bytes in the server's scratch buffer: what is left of them is kept.
bool StreamServer::Peer::GiveToSession(std::string_view bytes) {
  const size_t used = session_->Receive(bytes);
  if (ended_) return false;
  if (used < bytes.size() && !finishing_) {
    pending_.Append(bytes.substr(used));
    pending_.Room(kPadding);
    server_->CountBuffered(*this, 0, buffered());
  }
  return MayReceive();
}

bool StreamServer::Peer::GivePending() {
  const size_t before = buffered();
  pending_.Room(kPadding);
  consumed_ += session_->Receive(pending());
  if (ended_) return false;
  server_->CountBuffered(*this, before, buffered());
  if (buffered() == 0) {
    consumed_ = 0;
    pending_.Clear();
    if (pending_.capacity() > kKeptBytes) pending_.Free();
  } else if (consumed_ > buffered()) {
    std::memmove(pending_.data(), pending_.data() + consumed_, buffered());
    pending_.Truncate(buffered());
    consumed_ = 0;
  }
  return MayReceive();
}

void StreamServer::Peer::AtEnd() {
  at_end_ = true;
  session_->Ended(pending());
  if (ended_) return;
  const size_t before = buffered();
  pending_.Free();
  consumed_ = 0;
  server_->CountBuffered(*this, before, 0);
  if (!session_->owes_answer() && unsent_.empty()) End();
}

void StreamServer::Peer::PostTurn() {
  asio::post(server_->loop(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Turn();
  });
}

void StreamServer::Peer::WaitReadable() {
  if (std::exchange(reading_armed_, true)) return;
  descriptor_.async_wait(Descriptor::wait_read, [weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (!self) return;
    self->reading_armed_ = false;
    if (!error) self->Turn();
  });
}

void StreamServer::Peer::WaitWritable() {
  if (std::exchange(writing_armed_, true)) return;
  descriptor_.async_wait(Descriptor::wait_write, [weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (!self) return;
    self->writing_armed_ = false;
    if (error || self->ended_) return;
    self->Flush();
    if (!self->ended_ && !self->reading_armed_) self->Turn();
  });
}

void StreamServer::Peer::Send(std::string_view bytes) {
  if (ended_ || broken_ || lingering_) return;
  if (unsent_.empty() && !handshaking_) {
    const ByteStream::Io io = stream_.Write(bytes);
    if (io.state == ByteStream::State::kOk) bytes.remove_prefix(io.bytes);
    if (io.state == ByteStream::State::kFailed || io.state == ByteStream::State::kClosed) {
      // Not ended here: the caller may be in the middle of something.
      broken_ = true;
      return PostTurn();
    }
    if (bytes.empty()) {
      if (at_end_ && !session_->owes_answer()) Finish();
      return;
    }
  }
  if (unsent_.size() + bytes.size() - sent_ > server_->options().unsent_bytes_max) {
    return Drop("answers_not_read", "more than " +
                                        std::to_string(server_->options().unsent_bytes_max) +
                                        " bytes wait for the peer to take them");
  }
  unsent_.Append(bytes);
  WaitWritable();
}

void StreamServer::Peer::Flush() {
  while (sent_ < unsent_.size()) {
    const ByteStream::Io io = stream_.Write(unsent_.view().substr(sent_));
    if (io.state == ByteStream::State::kOk) {
      sent_ += io.bytes;
      moved_at_ = Seconds();
    } else if (io.state == ByteStream::State::kFailed || io.state == ByteStream::State::kClosed) {
      return Failed();
    } else {
      return WaitWritable();
    }
  }
  unsent_.Clear();
  sent_ = 0;
  if (finishing_) {
    Linger();
  } else if (at_end_ && !session_->owes_answer()) {
    End();
  }
}

void StreamServer::Peer::Finish() {
  if (ended_ || std::exchange(finishing_, true)) return;
  // From the loop: the caller may be in the middle of something.
  if (unsent_.empty()) {
    asio::post(server_->loop(), [weak = weak_from_this()] {
      const auto self = weak.lock();
      if (self && !self->ended_ && self->unsent_.empty()) self->Linger();
    });
  }
}

// A close with unread bytes would destroy what the peer has not read yet.
void StreamServer::Peer::Linger() {
  if (ended_) return;
  if (!std::exchange(lingering_, true)) {
    moved_at_ = Seconds();
    stream_.ShutDown();
  }
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ByteStream::Io io = stream_.Read(server_->scratch(), kReadBytes);
    if (io.state == ByteStream::State::kWantRead) return WaitReadable();
    if (io.state != ByteStream::State::kOk) return End();
  }
  PostTurn();
}

void StreamServer::Peer::Failed() {
  if (ended_) return;
  LogDebug("a connection failed.", {{"peer", peer_}, {"error", stream_.why()}});
  session_->Ended(pending());
  End();
}

void StreamServer::Peer::Look(double now) {
  if (ended_) return;
  const double quiet = now - moved_at_;
  if (handshaking_ && quiet > server_->options().handshake_seconds) {
    Drop("tls_handshake", "the peer does not go on with it");
  } else if (lingering_ ? quiet > kLingerSeconds : finishing_ && quiet > kLingerSeconds * 5) {
    End();
  } else if (!unsent_.empty() && quiet > server_->options().stall_seconds) {
    Drop("answers_not_read", "the peer does not take its answers");
  } else if (!held_ && !paused_ && !handshaking_ && !at_end_ && server_->reading() &&
             (buffered() > 0 || session_->waiting()) && quiet > server_->options().stall_seconds) {
    Drop("stalled", "the peer does not go on with what it has begun");
  }
}

void StreamServer::Peer::End() {
  if (std::exchange(ended_, true)) return;
  const auto self = shared_from_this();
  server_->CountBuffered(*this, buffered(), 0);
  if (descriptor_.is_open()) descriptor_.release();
  stream_.Close();
  pending_.Free();
  consumed_ = 0;
  unsent_.Free();
  server_->Remove(*this);
  // The session goes when nobody is within it.
  asio::post(server_->loop(), [self] { self->session_.reset(); });
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
