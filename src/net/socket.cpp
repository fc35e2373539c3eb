// SPDX-License-Identifier: Apache-2.0
#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>

namespace tailrace::net {
namespace {

constexpr int kStream = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
constexpr int kDatagram = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

std::string ErrorText(int code) { return std::generic_category().message(code); }

void SetOption(int fd, int level, int option, int value) {
  ::setsockopt(fd, level, option, &value, sizeof value);
}

// Ports that this process shares among its workers.
struct SharedPorts {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<void>> leases;
};

SharedPorts& Shared() {
  static SharedPorts ports;
  return ports;
}

Result<Socket> Open(const Address& address, int type, bool shared, int receive_buffer) {
  Socket socket(::socket(address.is_v4() ? AF_INET : AF_INET6, type, 0));
  if (!socket.is_open()) return Fail(ErrorText(errno));
  if (type == kStream) SetOption(socket.fd(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (shared) SetOption(socket.fd(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (receive_buffer > 0) SetOption(socket.fd(), SOL_SOCKET, SO_RCVBUF, receive_buffer);
  socklen_t size = 0;
  const sockaddr_storage system = address.ToSystem(&size);
  if (::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&system), size) != 0) {
    return Fail(ErrorText(errno));
  }
  return socket;
}

Result<Socket> Bind(const ListenOptions& options, int type) {
  const std::string where = options.bind + ":" + std::to_string(options.port);
  auto addresses = Resolve(options.bind, options.port, type == kDatagram);
  if (!addresses) return tl::unexpected<Error>(addresses.error());
  const bool shared = options.workers > 1 && options.port != 0;
  std::shared_ptr<void> lease;
  const std::lock_guard lock(Shared().mutex);
  if (shared) {
    std::weak_ptr<void>& known = Shared().leases[where + (type == kStream ? "/tcp" : "/udp")];
    lease = known.lock();
    if (lease == nullptr) {
      // The system would let another process of the same user share the port.
      if (auto alone = Open(addresses->front(), type, false, 0); !alone) {
        return Fail("cannot listen on " + where + ": " + alone.error().message);
      }
      lease = std::make_shared<int>(0);
      known = lease;
    }
  }
  auto socket = Open(addresses->front(), type, shared, options.receive_buffer);
  if (!socket) return Fail("cannot listen on " + where + ": " + socket.error().message);
  socket->Hold(std::move(lease));
  return socket;
}

int BacklogOf(int wanted) { return wanted > 0 ? wanted : SOMAXCONN; }

}  // namespace

void Socket::Close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  lease_.reset();
}

Result<Socket> ListenTcp(const ListenOptions& options) {
  auto socket = Bind(options, kStream);
  if (!socket) return socket;
  if (::listen(socket->fd(), BacklogOf(options.backlog)) != 0) {
    return Fail("cannot listen on " + options.bind + ":" + std::to_string(options.port) + ": " +
                ErrorText(errno));
  }
  return socket;
}

Result<Socket> BindUdp(const ListenOptions& options) { return Bind(options, kDatagram); }

namespace {

Result<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return Fail("the socket path '" + path + "' is too long (at most " +
                std::to_string(sizeof address.sun_path - 1) + " bytes)");
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

}  // namespace

Result<Socket> ListenUnix(const std::string& path, uint32_t mode, int backlog) {
  const auto address = UnixAddress(path);
  if (!address) return tl::unexpected<Error>(address.error());
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    if (!S_ISSOCK(status.st_mode)) {
      return Fail("cannot listen on " + path + ": it exists and is no socket");
    }
    if (ConnectUnix(path)) return Fail("cannot listen on " + path + ": another process does");
    ::unlink(path.c_str());
  }
  Socket socket(::socket(AF_UNIX, kStream, 0));
  if (!socket.is_open() ||
      ::bind(socket.fd(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0 ||
      ::chmod(path.c_str(), mode) != 0 || ::listen(socket.fd(), BacklogOf(backlog)) != 0) {
    return Fail("cannot listen on " + path + ": " + ErrorText(errno));
  }
  return socket;
}

Result<Socket> ConnectTcp(const Address& address, double seconds) {
  const auto failed = [&](int code) {
    return Fail("cannot connect to " + address.text() + ":" + std::to_string(address.port) + ": " +
                ErrorText(code));
  };
  Socket socket(::socket(address.is_v4() ? AF_INET : AF_INET6, kStream, 0));
  if (!socket.is_open()) return failed(errno);
  SetOption(socket.fd(), IPPROTO_TCP, TCP_NODELAY, 1);
  socklen_t size = 0;
  const sockaddr_storage system = address.ToSystem(&size);
  if (::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&system), size) == 0) return socket;
  if (errno != EINPROGRESS) return failed(errno);
  pollfd wait{socket.fd(), POLLOUT, 0};
  int ready = 0;
  do {
    ready = ::poll(&wait, 1, static_cast<int>(seconds * 1000));
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) return failed(ETIMEDOUT);
  int code = 0;
  socklen_t length = sizeof code;
  ::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &code, &length);
  if (code != 0) return failed(code);
  return socket;
}

Result<Socket> ConnectUnix(const std::string& path) {
  const auto address = UnixAddress(path);
  if (!address) return tl::unexpected<Error>(address.error());
  Socket socket(::socket(AF_UNIX, kStream, 0));
  if (!socket.is_open() ||
      ::connect(socket.fd(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return Fail("cannot connect to " + path + ": " + ErrorText(errno));
  }
  return socket;
}

}  // namespace tailrace::net
