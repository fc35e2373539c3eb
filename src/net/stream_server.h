// SPDX-License-Identifier: Apache-2.0
#pragma once
// A listener for byte streams (TCP, TLS, unix sockets) on a worker's event loop. Each connection is
// given to a Session, which knows the protocol. What no protocol need think of is done here: a
// limit on connections, memory shared by all that is half received, peers that stall, answers that
// nobody reads, TLS handshakes. A connection that breaks a rule is closed, counted under a reason
// and named in a log line, of which there are few however many break it.
//
// One thread: the loop's.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/socket.h"
#include "net/tls.h"
#include "tailrace/result.h"

namespace boost::asio {
class io_context;
}

namespace tailrace::net {

// One peer, as its session sees it.
class Connection {
 public:
  virtual ~Connection() = default;
  // Nothing for unix sockets.
  virtual const std::optional<Address>& address() const = 0;
  // The address as text; "" for unix sockets.
  virtual const std::string& peer() const = 0;
  // Sends as soon as the socket takes it. May be called from anywhere on the thread, also after the
  // end, when it does nothing.
  virtual void Send(std::string_view bytes) = 0;
  // No more is received; ends when everything has been sent.
  virtual void Finish() = 0;
  // The same because of what the peer did, counted and named in the log like Drop().
  virtual void Refuse(std::string_view reason, std::string_view detail) = 0;
  // Ends at once. `reason` is a word for the counter, `detail` for the log.
  virtual void Drop(std::string_view reason, std::string_view detail) = 0;
  // No more Receive() until the server asks again, a moment later: the pipeline is full.
  virtual void HoldBack() = 0;
  // No more Receive() until Resume(): something is on its way.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
  virtual bool ended() const = 0;
};

class Session {
 public:
  virtual ~Session() = default;
  // The connection stands (with TLS: after the handshake).
  virtual void Opened() {}
  // What was received and not yet consumed, followed by 64 readable bytes. Returns how many bytes
  // of it are done with; the others come again together with what follows. Stops early after
  // HoldBack(), Pause(), Finish() or Drop().
  virtual size_t Receive(std::string_view bytes) = 0;
  // The peer sends no more; `rest` was not consumed. The connection ends afterwards.
  virtual void Ended(std::string_view rest) { static_cast<void>(rest); }
  // True while the peer owes something (a half message, a handshake): it must go on within the
  // server's stall time.
  virtual bool waiting() const { return false; }
  // True while the connection should be kept for an answer although the peer sends no more.
  virtual bool owes_answer() const { return false; }
};

struct StreamServerOptions {
  std::string plugin_id;
  std::string type;
  size_t connections_max = 4096;
  // Of half-received messages, all connections together. Beyond it one connection goes on and the
  // others wait for it.
  size_t buffered_bytes_max = size_t{256} << 20;
  double stall_seconds = 60;
  double handshake_seconds = 10;
  size_t unsent_bytes_max = size_t{16} << 20;
  bool keepalive_packets = false;
};

class StreamServer {
 public:
  // `connection` outlives the session.
  using Accept = std::function<std::unique_ptr<Session>(Connection& connection)>;

  // `tls` may be null.
  StreamServer(boost::asio::io_context& loop, StreamServerOptions options, Socket listener,
               std::unique_ptr<TlsContext> tls, Accept accept);
  ~StreamServer();

  // Accepts from now on.
  void Start();
  // Accepts and receives no more; answers still go out.
  void StopReading();
  size_t connections() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace tailrace::net
