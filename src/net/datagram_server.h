// SPDX-License-Identifier: Apache-2.0
#pragma once
// Receives UDP datagrams on a worker's event loop, several with one system call. Those that the
// system threw away because nobody took them in time are counted.
//
// One thread: the loop's.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "net/address.h"
#include "net/socket.h"

namespace boost::asio {
class io_context;
}

namespace tailrace::net {

struct Datagram {
  std::string_view bytes;  // followed by 64 readable bytes
  Address from;
  bool cut = false;  // it was longer than the server takes; `bytes` is its beginning
};

class DatagramServer {
 public:
  struct Handlers {
    // The datagrams are valid during the call.
    std::function<void(std::span<const Datagram>)> received;
    // Datagrams that the system has thrown away since the last call.
    std::function<void(uint64_t)> lost;
    // False while nothing can be taken: asked again a moment later. May be empty.
    std::function<bool()> writable;
  };

  // Datagrams of more than `bytes_max` bytes are cut.
  DatagramServer(boost::asio::io_context& loop, Socket socket, size_t bytes_max, Handlers handlers);
  ~DatagramServer();

  void Start();
  void Stop();
  // Answers a peer; what the socket does not take at once is not sent.
  void SendTo(const Address& to, std::string_view bytes);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace tailrace::net
