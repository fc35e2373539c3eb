// SPDX-License-Identifier: Apache-2.0
#pragma once
// One connection of a StreamServer: reads for its session, sends what the session says, ends in
// order. Internal to net/stream_server.cpp.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/byte_stream.h"
#include "net/stream_server.h"
#include "tailrace/byte_buffer.h"
#include "tailrace/steady_clock.h"

namespace tailrace::net {

class StreamPeer;

// What a connection needs of its server.
class PeerHost {
 public:
  static constexpr size_t kReadBytes = 256 << 10;
  static constexpr size_t kPadding = 64;

  virtual ~PeerHost() = default;
  virtual boost::asio::io_context& loop() = 0;
  virtual const StreamServerOptions& options() const = 0;
  // Room for kReadBytes + kPadding, used by one connection at a time.
  virtual char* scratch() = 0;
  // False once nothing more is received.
  virtual bool reading() const = 0;
  // False where `peer` has to wait until others are done with theirs.
  virtual bool MayBuffer(const StreamPeer& peer) const = 0;
  virtual void CountBuffered(const StreamPeer& peer, size_t before, size_t after) = 0;
  // Calls Release() a moment later.
  virtual void HoldBack(std::weak_ptr<StreamPeer> peer) = 0;
  virtual void Remove(StreamPeer& peer) = 0;
  virtual void CountDropped(std::string_view reason, std::string_view peer,
                            std::string_view detail) = 0;
};

class StreamPeer final : public Connection, public std::enable_shared_from_this<StreamPeer> {
 public:
  StreamPeer(std::shared_ptr<PeerHost> server, ByteStream stream, std::optional<Address> address)
      : server_(std::move(server)),
        stream_(std::move(stream)),
        address_(address),
        peer_(address ? address->text() : ""),
        descriptor_(server_->loop(), stream_.fd()),
        moved_at_(SteadySeconds()) {}
  ~StreamPeer() override {
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
  // For what a read, write or handshake says that it needs (TLS may need either).
  void Await(ByteStream::State state);
  void WaitReadable();
  void WaitWritable();
  void Flush();
  void Linger();
  void Failed();
  std::string_view pending() const {
    return pending_.view().substr(consumed_, pending_.size() - consumed_);
  }
  size_t buffered() const { return pending_.size() - consumed_; }

  std::shared_ptr<PeerHost> server_;
  ByteStream stream_;
  std::optional<Address> address_;
  std::string peer_;
  boost::asio::posix::stream_descriptor descriptor_;
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

}  // namespace tailrace::net
