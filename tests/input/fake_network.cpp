// SPDX-License-Identifier: Apache-2.0
#include "input/fake_network.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <chrono>

#include "tailrace/steady_clock.h"

namespace tailrace {
namespace {

constexpr double kStep = 0.005;

net::Address Loopback(uint16_t port) {
  net::Address address = *net::Address::Parse("127.0.0.1");
  address.port = port;
  return address;
}

net::Socket Connected(Result<net::Socket> socket) {
  return socket ? std::move(*socket) : net::Socket();
}

}  // namespace

uint16_t FreePort() {
  const auto socket = net::ListenTcp({.bind = "127.0.0.1"});
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  ::getsockname(socket->fd(), reinterpret_cast<sockaddr*>(&address), &size);
  return net::Address::Of(address)->port;
}

InputFixture::InputFixture() = default;

InputFixture::~InputFixture() {
  if (input_ != nullptr) Stop();
}

std::string InputFixture::Start(const std::string& conf) {
  config::LoadOptions load;
  load.hostname = "test-host";
  root_ = config::LoadText(conf, "test.conf", load, &problems_).root;
  runtime::BuildOptions options;
  options.hostname = "test-host";
  options.clock = [] { return kTestNow; };
  builder_ = std::make_unique<runtime::Builder>(*root_, options, problems_);
  plan_ = builder_->Build(0);
  if (problems_.HasErrors()) return config::Format(problems_);
  input_ = plan_.inputs.at(0).input.get();
  if (Status started = input_->Start(pipeline_); !started) {
    input_ = nullptr;
    return started.error().message;
  }
  return "";
}

void InputFixture::Stop() {
  input_->Stop();
  pipeline_.Acknowledge();
  pipeline_.Run(0.02);
  input_->Close();
  input_ = nullptr;
}

void InputFixture::StopUnsent() {
  input_->Stop();
  pipeline_.Run(0.02);
  input_->Close();
  input_ = nullptr;
  pipeline_.Acknowledge();
  pipeline_.Run(0.02);
}

TestClient::TestClient(tail::FakePipeline& pipeline, uint16_t port)
    : pipeline_(pipeline), stream_(Connected(net::ConnectTcp(Loopback(port), 2)), nullptr) {}

TestClient::TestClient(tail::FakePipeline& pipeline, const std::string& unix_path)
    : pipeline_(pipeline), stream_(Connected(net::ConnectUnix(unix_path)), nullptr) {}

TestClient::TestClient(tail::FakePipeline& pipeline, uint16_t port, net::TlsContext& tls,
                       const std::string& host)
    : pipeline_(pipeline) {
  net::Socket socket = Connected(net::ConnectTcp(Loopback(port), 2));
  net::TlsHandle handle = tls.New(socket.fd(), host);
  stream_ = net::ByteStream(std::move(socket), std::move(handle));
  const double end = SteadySeconds() + 2;
  for (;;) {
    const auto state = stream_.Handshake();
    if (state == net::ByteStream::State::kOk) return;
    if (state == net::ByteStream::State::kFailed || state == net::ByteStream::State::kClosed ||
        SteadySeconds() > end) {
      stream_.Close();
      return;
    }
    pipeline_.Run(kStep);
  }
}

bool TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto io = stream_.Write(bytes);
    if (io.state == net::ByteStream::State::kOk) {
      bytes.remove_prefix(io.bytes);
    } else if (io.state == net::ByteStream::State::kFailed ||
               io.state == net::ByteStream::State::kClosed) {
      return false;
    } else {
      pipeline_.Run(kStep);
    }
  }
  pipeline_.Run(kStep * 2);
  return true;
}

std::string TestClient::Receive(size_t bytes, double seconds) {
  std::string got;
  const double end = SteadySeconds() + seconds;
  while (got.size() < bytes && SteadySeconds() < end) {
    std::string buffer(bytes - got.size(), '\0');
    const auto io = stream_.Read(buffer.data(), buffer.size());
    if (io.state == net::ByteStream::State::kOk) {
      got.append(buffer, 0, io.bytes);
    } else if (io.state == net::ByteStream::State::kClosed ||
               io.state == net::ByteStream::State::kFailed) {
      break;
    } else {
      pipeline_.Run(kStep);
    }
  }
  return got;
}

bool TestClient::Closed(double seconds) {
  const double end = SteadySeconds() + seconds;
  std::string buffer(4096, '\0');
  while (SteadySeconds() < end) {
    const auto io = stream_.Read(buffer.data(), buffer.size());
    if (io.state == net::ByteStream::State::kClosed ||
        io.state == net::ByteStream::State::kFailed) {
      return true;
    }
    if (io.state != net::ByteStream::State::kOk) pipeline_.Run(kStep);
  }
  return false;
}

std::string SendDatagram(tail::FakePipeline& pipeline, uint16_t port, std::string_view bytes,
                         bool answer) {
  const net::Socket socket(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  socklen_t size = 0;
  const sockaddr_storage address = Loopback(port).ToSystem(&size);
  ::sendto(socket.fd(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&address),
           size);
  pipeline.Run(kStep * 2);
  std::string got(2048, '\0');
  const double end = SteadySeconds() + 1;
  while (answer && SteadySeconds() < end) {
    const ssize_t count = ::recv(socket.fd(), got.data(), got.size(), 0);
    if (count >= 0) {
      got.resize(static_cast<size_t>(count));
      return got;
    }
    pipeline.Run(kStep);
  }
  return {};
}

}  // namespace tailrace
