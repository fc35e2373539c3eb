// SPDX-License-Identifier: Apache-2.0
#include "net/datagram_server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>
#include <vector>

namespace tailrace::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using Descriptor = asio::posix::stream_descriptor;

constexpr size_t kPadding = 64;
constexpr size_t kBytesPerTurn = 1 << 20;  // room for one system call
constexpr size_t kCountMax = 64;
constexpr auto kBlocked = std::chrono::milliseconds(20);

}  // namespace

class DatagramServer::State : public std::enable_shared_from_this<DatagramServer::State> {
 public:
  State(asio::io_context& loop, Socket socket, size_t bytes_max, Handlers handlers)
      : loop_(loop),
        socket_(std::move(socket)),
        handlers_(std::move(handlers)),
        descriptor_(loop, socket_.fd()),
        timer_(loop),
        room_(bytes_max + kPadding),
        count_(std::clamp<size_t>(kBytesPerTurn / room_, 1, kCountMax)),
        bytes_(count_ * room_),
        slots_(count_) {
    const int one = 1;
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
    messages_.resize(count_);
    datagrams_.reserve(count_);
  }
  ~State() { Stop(); }

  void Wait() {
    descriptor_.async_wait(Descriptor::wait_read,
                           [weak = weak_from_this()](const ErrorCode& error) {
                             const auto self = weak.lock();
                             if (!error && self) self->Turn();
                           });
  }

  void Stop() {
    if (std::exchange(stopped_, true)) return;
    timer_.cancel();
    descriptor_.release();
  }

  void SendTo(const Address& to, std::string_view bytes) {
    socklen_t size = 0;
    const sockaddr_storage system = to.ToSystem(&size);
    ::sendto(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL,
             reinterpret_cast<const sockaddr*>(&system), size);
  }

 private:
  struct Slot {
    sockaddr_storage from;
    iovec part;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(uint32_t))> control;
  };

  void Turn() {
    if (stopped_) return;
    if (handlers_.writable && !handlers_.writable()) {
      timer_.expires_after(kBlocked);
      timer_.async_wait([weak = weak_from_this()](const ErrorCode& error) {
        const auto self = weak.lock();
        if (!error && self) self->Turn();
      });
      return;
    }
    Prepare();
    const int got = ::recvmmsg(socket_.fd(), messages_.data(), static_cast<unsigned>(count_),
                               MSG_DONTWAIT, nullptr);
    if (got > 0) Hand(static_cast<size_t>(got));
    if (!stopped_) Wait();
  }

  void Prepare() {
    for (size_t i = 0; i < count_; ++i) {
      Slot& slot = slots_[i];
      slot.part = {bytes_.data() + i * room_, room_ - kPadding};
      msghdr& head = messages_[i].msg_hdr;
      head.msg_name = &slot.from;
      head.msg_namelen = sizeof slot.from;
      head.msg_iov = &slot.part;
      head.msg_iovlen = 1;
      head.msg_control = slot.control.data();
      head.msg_controllen = slot.control.size();
    }
  }

  void Hand(size_t got) {
    datagrams_.clear();
    for (size_t i = 0; i < got; ++i) {
      msghdr& head = messages_[i].msg_hdr;
      Datagram datagram;
      datagram.bytes = {bytes_.data() + i * room_, messages_[i].msg_len};
      std::memset(bytes_.data() + i * room_ + messages_[i].msg_len, 0, kPadding);
      datagram.cut = (head.msg_flags & MSG_TRUNC) != 0;
      if (const auto from = Address::Of(slots_[i].from)) datagram.from = *from;
      datagrams_.push_back(datagram);
      for (cmsghdr* c = CMSG_FIRSTHDR(&head); c != nullptr; c = CMSG_NXTHDR(&head, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
          uint32_t total = 0;
          std::memcpy(&total, CMSG_DATA(c), sizeof total);
          // The system counts in 32 bits, round and round.
          if (total != lost_) handlers_.lost(static_cast<uint32_t>(total - lost_));
          lost_ = total;
        }
      }
    }
    handlers_.received(datagrams_);
  }

  asio::io_context& loop_;
  Socket socket_;
  Handlers handlers_;
  Descriptor descriptor_;
  asio::steady_timer timer_;
  size_t room_;
  size_t count_;
  std::vector<char> bytes_;
  std::vector<Slot> slots_;
  std::vector<mmsghdr> messages_;
  std::vector<Datagram> datagrams_;
  uint32_t lost_ = 0;
  bool stopped_ = false;
};

DatagramServer::DatagramServer(asio::io_context& loop, Socket socket, size_t bytes_max,
                               Handlers handlers)
    : state_(std::make_shared<State>(loop, std::move(socket), bytes_max, std::move(handlers))) {}

DatagramServer::~DatagramServer() { state_->Stop(); }

void DatagramServer::Start() { state_->Wait(); }
void DatagramServer::Stop() { state_->Stop(); }
void DatagramServer::SendTo(const Address& to, std::string_view bytes) {
  state_->SendTo(to, bytes);
}

}  // namespace tailrace::net
