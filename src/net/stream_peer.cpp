// SPDX-License-Identifier: Apache-2.0
#include "net/stream_peer.h"

#include <boost/asio/post.hpp>
#include <cstring>

#include "tailrace/log.h"

namespace tailrace::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

constexpr int kReadsPerTurn = 4;  // then others have theirs
// A connection that holds less than this gives back no memory while it is idle.
constexpr size_t kKeptBytes = 4 << 10;
// After the last answer the peer has so long to close its side.
constexpr double kLingerSeconds = 2;

}  // namespace

bool StreamPeer::Handshake() {
  const ByteStream::State state = stream_.Handshake();
  switch (state) {
    case ByteStream::State::kOk:
      handshaking_ = false;
      moved_at_ = SteadySeconds();
      session_->Opened();
      return !ended_;
    case ByteStream::State::kWantRead:
    case ByteStream::State::kWantWrite:
      Await(state);
      return false;
    default:
      Drop("tls_handshake", stream_.why());
      return false;
  }
}

void StreamPeer::Turn() {
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
bool StreamPeer::ReadOnce() {
  const bool direct = pending().empty();
  char* into =
      direct ? server_->scratch() : pending_.Room(PeerHost::kReadBytes + PeerHost::kPadding);
  const ByteStream::Io io = stream_.Read(into, PeerHost::kReadBytes);
  switch (io.state) {
    case ByteStream::State::kOk:
      break;
    case ByteStream::State::kWantRead:
    case ByteStream::State::kWantWrite:
      Await(io.state);
      return false;
    case ByteStream::State::kClosed:
      AtEnd();
      return false;
    case ByteStream::State::kFailed:
      Failed();
      return false;
  }
  moved_at_ = SteadySeconds();
  std::memset(into + io.bytes, 0, PeerHost::kPadding);
  if (direct) return GiveToSession({into, io.bytes});
  const size_t before = buffered();
  pending_.Commit(io.bytes);
  server_->CountBuffered(*this, before, buffered());
  return GivePending();
}

// Bytes in the server's scratch buffer: what is left of them is kept.
bool StreamPeer::GiveToSession(std::string_view bytes) {
  const size_t used = session_->Receive(bytes);
  if (ended_) return false;
  if (used < bytes.size() && !finishing_) {
    pending_.Append(bytes.substr(used));
    pending_.Room(PeerHost::kPadding);
    server_->CountBuffered(*this, 0, buffered());
  }
  return MayReceive();
}

bool StreamPeer::GivePending() {
  const size_t before = buffered();
  pending_.Room(PeerHost::kPadding);
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

void StreamPeer::AtEnd() {
  at_end_ = true;
  session_->Ended(pending());
  if (ended_) return;
  const size_t before = buffered();
  pending_.Free();
  consumed_ = 0;
  server_->CountBuffered(*this, before, 0);
  if (!session_->owes_answer() && unsent_.empty()) End();
}

void StreamPeer::PostTurn() {
  asio::post(server_->loop(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->Turn();
  });
}

void StreamPeer::Await(ByteStream::State state) {
  if (state == ByteStream::State::kWantRead) {
    WaitReadable();
  } else {
    WaitWritable();
  }
}

void StreamPeer::WaitReadable() {
  if (std::exchange(reading_armed_, true)) return;
  descriptor_.async_wait(Descriptor::wait_read, [weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (!self) return;
    self->reading_armed_ = false;
    if (!error) self->Turn();
  });
}

void StreamPeer::WaitWritable() {
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

void StreamPeer::Send(std::string_view bytes) {
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

void StreamPeer::Flush() {
  while (sent_ < unsent_.size()) {
    const ByteStream::Io io = stream_.Write(unsent_.view().substr(sent_));
    if (io.state == ByteStream::State::kOk) {
      sent_ += io.bytes;
      moved_at_ = SteadySeconds();
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

void StreamPeer::Finish() {
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
void StreamPeer::Linger() {
  if (ended_) return;
  if (!std::exchange(lingering_, true)) {
    moved_at_ = SteadySeconds();
    stream_.ShutDown();
  }
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const ByteStream::Io io = stream_.Read(server_->scratch(), PeerHost::kReadBytes);
    if (io.state == ByteStream::State::kWantRead) return WaitReadable();
    if (io.state != ByteStream::State::kOk) return End();
  }
  PostTurn();
}

void StreamPeer::Failed() {
  if (ended_) return;
  LogDebug("a connection failed.", {{"peer", peer_}, {"error", stream_.why()}});
  session_->Ended(pending());
  End();
}

void StreamPeer::Look(double now) {
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

void StreamPeer::End() {
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

}  // namespace tailrace::net
