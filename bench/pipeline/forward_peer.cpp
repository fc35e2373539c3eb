// SPDX-License-Identifier: Apache-2.0
// Both ends of a forward benchmark: sends events to a collector's forward input and receives them
// from its forward output, checking that each comes back once.
//
//   tailrace_forward --send-to PORT --receive-on PORT [--bytes SIZE] [--chunk-events N]
//                    [--timeout SECONDS]
//
// It listens first and says so ({"listening":PORT}), then sends PackedForward messages, each with a
// `chunk` that must be acknowledged, at most eight of them under way; and acknowledges what it
// receives. Prints one JSON object when all has come back or the time is over.
// Protocol: https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1.5

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <msgpack.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "sequence_book.h"

namespace {

using tailrace::bench::FindSequence;
using tailrace::bench::SequenceBook;
using SteadyClock = std::chrono::steady_clock;
using Packer = msgpack::packer<msgpack::sbuffer>;

constexpr int kUnderWayMax = 8;

struct Options {
  std::uint16_t send_to = 0;
  std::uint16_t receive_on = 0;
  std::uint64_t bytes = 100'000'000;
  std::uint32_t chunk_events = 2000;
  double timeout_s = 120;
};

[[noreturn]] void Usage() {
  std::fprintf(stderr,
               "usage: tailrace_forward --send-to PORT --receive-on PORT [--bytes BYTES]\n"
               "         [--chunk-events N] [--timeout SECONDS]\n");
  std::exit(2);
}

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const double value = std::strtod(argv[i + 1], nullptr);
    if (name == "--send-to") {
      options.send_to = static_cast<std::uint16_t>(value);
    } else if (name == "--receive-on") {
      options.receive_on = static_cast<std::uint16_t>(value);
    } else if (name == "--bytes") {
      options.bytes = static_cast<std::uint64_t>(value);
    } else if (name == "--chunk-events") {
      options.chunk_events = static_cast<std::uint32_t>(value);
    } else if (name == "--timeout") {
      options.timeout_s = value;
    } else {
      Usage();
    }
  }
  if (argc % 2 == 0 || options.send_to == 0 || options.receive_on == 0) Usage();
  return options;
}

[[noreturn]] void Fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int Listen(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int one = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in address = Loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 16) != 0) {
    Fail("listen");
  }
  return fd;
}

int Connect(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    Fail("connect");
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

// Makes the messages that are sent.
class Load {
 public:
  explicit Load(const Options& options) : options_(options) {}

  bool done() const { return bytes_ >= options_.bytes; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t events() const { return events_; }
  std::uint64_t chunks() const { return chunks_; }

  const msgpack::sbuffer& NextMessage() {
    entries_.clear();
    for (std::uint32_t i = 0; i < options_.chunk_events; ++i) AppendEntry();
    message_.clear();
    Packer pack(message_);
    pack.pack_array(3);
    pack.pack("kubernetes.bench");
    pack.pack_bin(static_cast<std::uint32_t>(entries_.size()));
    pack.pack_bin_body(entries_.data(), static_cast<std::uint32_t>(entries_.size()));
    pack.pack_map(2);
    pack.pack("size");
    pack.pack(options_.chunk_events);
    pack.pack("chunk");
    pack.pack("bench-" + std::to_string(chunks_++));
    bytes_ += message_.size();
    return message_;
  }

 private:
  void AppendEntry() {
    Packer pack(entries_);
    pack.pack_array(2);
    const std::uint32_t seconds = htonl(1'705'312'800 + static_cast<std::uint32_t>(events_ / 800));
    const std::uint32_t nanoseconds = htonl(static_cast<std::uint32_t>(events_ % 800) * 1'234'567);
    char time[8];
    std::memcpy(time, &seconds, 4);
    std::memcpy(time + 4, &nanoseconds, 4);
    pack.pack_ext(8, 0);
    pack.pack_ext_body(time, 8);
    pack.pack_map(6);
    pack.pack("stream");
    pack.pack("stdout");
    pack.pack("level");
    pack.pack(events_ % 10 == 0 ? "warn" : "info");
    pack.pack("status");
    pack.pack(200);
    pack.pack("duration_ms");
    pack.pack(static_cast<double>(events_ % 9000) / 10);
    pack.pack("message");
    pack.pack("request completed for the user and the room of this session seq=c0:" +
              std::to_string(events_) + " trace=5b1f7c1e5d0f4b579d4b0d5a3c1f2e77");
    pack.pack("kubernetes");
    pack.pack_map(3);
    pack.pack("namespace_name");
    pack.pack("echo-prod");
    pack.pack("pod_name");
    pack.pack("echo-api-7d8f9b6c5d-x2vzq");
    pack.pack("container_name");
    pack.pack("api");
    ++events_;
  }

  Options options_;
  std::uint64_t bytes_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t chunks_ = 0;
  msgpack::sbuffer entries_;
  msgpack::sbuffer message_;
};

// Reads msgpack objects from a connection.
struct Reader {
  explicit Reader(int f) : fd(f) {}
  int fd;
  msgpack::unpacker unpacker;

  // False at the end of the connection.
  bool Receive() {
    unpacker.reserve_buffer(1 << 20);
    const ssize_t got = ::recv(fd, unpacker.buffer(), unpacker.buffer_capacity(), 0);
    if (got < 0 && errno == EINTR) return true;
    if (got <= 0) return false;
    unpacker.buffer_consumed(static_cast<std::size_t>(got));
    return true;
  }
};

std::string_view Text(const msgpack::object& object) {
  if (object.type == msgpack::type::BIN) return {object.via.bin.ptr, object.via.bin.size};
  if (object.type == msgpack::type::STR) return {object.via.str.ptr, object.via.str.size};
  return {};
}

class Exchange {
 public:
  explicit Exchange(const Options& options) : options_(options), load_(options) {}

  int Run() {
    const int listener = Listen(options_.receive_on);
    std::printf("{\"listening\":%u}\n", options_.receive_on);
    std::fflush(stdout);
    Reader sender(Connect(options_.send_to));
    const auto start = SteadyClock::now();
    while (!Finished() && Seconds(start) < options_.timeout_s) Step(listener, sender);
    const double wall = Seconds(start);
    std::printf(
        "{\"bytes\":%llu,\"lines\":%llu,\"acknowledged\":%llu,\"chunks\":%llu,"
        "\"wall_s\":%.4f,\"lost\":%llu%s}\n",
        static_cast<unsigned long long>(load_.bytes()),
        static_cast<unsigned long long>(load_.events()),
        static_cast<unsigned long long>(acknowledged_),
        static_cast<unsigned long long>(load_.chunks()), wall,
        static_cast<unsigned long long>(load_.events() - book_.unique()), book_.Counts().c_str());
    return Finished() ? 0 : 1;
  }

 private:
  static double Seconds(SteadyClock::time_point since) {
    return std::chrono::duration<double>(SteadyClock::now() - since).count();
  }
  bool Finished() const {
    return load_.done() && acknowledged_ >= load_.chunks() && book_.unique() >= load_.events() &&
           outgoing_.empty();
  }

  void Step(int listener, Reader& sender) {
    if (outgoing_.empty() && !load_.done() && load_.chunks() - acknowledged_ < kUnderWayMax) {
      const msgpack::sbuffer& message = load_.NextMessage();
      outgoing_.assign(message.data(), message.size());
      sent_ = 0;
    }
    std::vector<pollfd> watched = {{listener, POLLIN, 0}, {sender.fd, POLLIN, 0}};
    if (!outgoing_.empty()) watched[1].events |= POLLOUT;
    for (const Reader& reader : receivers_) watched.push_back({reader.fd, POLLIN, 0});
    if (::poll(watched.data(), watched.size(), 100) <= 0) return;
    if ((watched[1].revents & POLLOUT) != 0) Push(sender.fd);
    if ((watched[1].revents & (POLLIN | POLLHUP)) != 0) TakeAcknowledgements(sender);
    for (std::size_t i = 2; i < watched.size(); ++i) {
      if (watched[i].revents != 0 && !TakeMessages(receivers_[i - 2])) {
        ::close(receivers_[i - 2].fd);
        receivers_.erase(receivers_.begin() + static_cast<std::ptrdiff_t>(i - 2));
        break;  // positions have moved; poll again
      }
    }
    if (watched[0].revents != 0) {
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) receivers_.emplace_back(fd);
    }
  }

  void Push(int fd) {
    const ssize_t sent =
        ::send(fd, outgoing_.data() + sent_, outgoing_.size() - sent_, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) Fail("send");
    if (sent > 0) sent_ += static_cast<std::size_t>(sent);
    if (sent_ == outgoing_.size()) outgoing_.clear();
  }

  void TakeAcknowledgements(Reader& sender) {
    if (!sender.Receive()) throw std::runtime_error("the collector closed the connection");
    msgpack::object_handle handle;
    while (sender.unpacker.next(handle)) ++acknowledged_;
  }

  bool TakeMessages(Reader& reader) {
    if (!reader.Receive()) return false;
    msgpack::object_handle handle;
    while (reader.unpacker.next(handle)) {
      const msgpack::object& message = handle.get();
      if (message.type != msgpack::type::ARRAY || message.via.array.size < 2) continue;
      const msgpack::object* parts = message.via.array.ptr;
      NoteEvents(parts[1]);
      if (message.via.array.size > 2) Acknowledge(reader.fd, parts[2]);
    }
    return true;
  }

  void NoteEvents(const msgpack::object& entries) {
    std::string_view text = Text(entries);
    msgpack::sbuffer packed;
    if (text.empty()) {  // Forward mode: an array of entries
      msgpack::pack(packed, entries);
      text = {packed.data(), packed.size()};
    }
    std::size_t at = 0;
    while (const auto sequence = FindSequence(text, at)) {
      book_.Note(*sequence);
      at = sequence->end;
    }
  }

  static void Acknowledge(int fd, const msgpack::object& option) {
    if (option.type != msgpack::type::MAP) return;
    for (const msgpack::object_kv& item : option.via.map) {
      if (Text(item.key) != "chunk") continue;
      msgpack::sbuffer answer;
      Packer pack(answer);
      pack.pack_map(1);
      pack.pack("ack");
      pack.pack(item.val);
      if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) Fail("acknowledge");
    }
  }

  Options options_;
  Load load_;
  SequenceBook book_;
  std::uint64_t acknowledged_ = 0;
  std::string outgoing_;
  std::size_t sent_ = 0;
  std::vector<Reader> receivers_;
};

}  // namespace

int main(int argc, char** argv) {
  try {
    return Exchange(ParseOptions(argc, argv)).Run();
  } catch (const std::exception& e) {
    std::fprintf(stderr, "tailrace_forward: %s\n", e.what());
    return 3;
  }
}
