// SPDX-License-Identifier: Apache-2.0
// The forward protocol's listener (https://docs.fluentd.org/input/forward).
#include <boost/asio/io_context.hpp>

#include "input/forward/forward_session.h"
#include "input/forward/loop_gate.h"
#include "net/datagram_server.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace forward {
namespace {

constexpr size_t kHeartbeatBytes = 256;

class ForwardInput final : public Input {
 public:
  using Params = ForwardInputParams;

  ForwardInput(Params params, PluginEnv& env)
      : params_(std::move(params)),
        id_(env.id()),
        hostname_(env.hostname()),
        workers_(env.workers()),
        clock_(env.clock()) {
    if (!params_.security) return;
    for (const ClientParams& client : params_.security->client) {
      if (!client.network) continue;
      if (auto network = net::Network::Parse(*client.network); !network) {
        env.Problem(env.element(), "network", network.error().message);
      }
    }
  }

  Status Start(InputRuntime& runtime) override {
    parts_ = std::make_unique<SessionParts>(SessionParts{
        params_, runtime,
        EventReader(runtime, clock_, static_cast<size_t>(params_.decompression_size_limit.bytes)),
        std::make_shared<Acks>(), ChunkBook::Of(id_), std::make_shared<LoopGate>(runtime.loop()),
        std::nullopt, std::nullopt, LogLimit(), LogLimit()});
    if (params_.source_hostname_key) parts_->names.emplace(runtime.loop());
    if (params_.security) {
      auto authority = Authority::Create(*params_.security);
      if (!authority) return tl::unexpected<Error>(authority.error());
      parts_->authority = std::move(*authority);
    }
    return Listen(runtime);
  }

  void Stop() override {
    if (server_) server_->StopReading();
    if (heartbeats_) heartbeats_->Stop();
  }

  void Close() override {
    if (!parts_) return;
    parts_->acks->Close();
    parts_->gate->Close();
    server_.reset();
    heartbeats_.reset();
  }

 private:
  Status Listen(InputRuntime& runtime) {
    net::ListenOptions listen;
    listen.bind = params_.bind;
    listen.port = static_cast<uint16_t>(params_.port);
    listen.workers = workers_;
    listen.backlog = params_.backlog.value_or(params_.transport.backlog.value_or(0));
    std::unique_ptr<net::TlsContext> tls;
    if (params_.transport.protocol == net::Protocol::kTls) {
      auto made = net::TlsContext::ForServer(params_.transport.ServerSettings(hostname_));
      if (!made) return tl::unexpected<Error>(made.error());
      tls = std::move(*made);
    }
    auto socket = net::ListenTcp(listen);
    if (!socket) return tl::unexpected<Error>(socket.error());
    auto udp = net::BindUdp(listen);
    if (!udp) return tl::unexpected<Error>(udp.error());
    net::StreamServerOptions options;
    options.plugin_id = id_;
    options.type = "forward";
    options.connections_max = static_cast<size_t>(params_.connections_limit);
    options.buffered_bytes_max = static_cast<size_t>(params_.receive_limit.bytes);
    options.stall_seconds = params_.stall_timeout.value;
    options.keepalive_packets = params_.send_keepalive_packet;
    server_ = std::make_unique<net::StreamServer>(
        runtime.loop(), std::move(options), std::move(*socket), std::move(tls),
        [this](net::Connection& connection) {
          return std::make_unique<ForwardSession>(*parts_, connection);
        });
    server_->Start();
    net::DatagramServer::Handlers handlers;
    handlers.received = [this](std::span<const net::Datagram> datagrams) {
      for (const net::Datagram& each : datagrams) {
        heartbeats_->SendTo(each.from, std::string_view("\0", 1));
      }
    };
    handlers.lost = [](uint64_t) {};
    heartbeats_ = std::make_unique<net::DatagramServer>(runtime.loop(), std::move(*udp),
                                                        kHeartbeatBytes, std::move(handlers));
    heartbeats_->Start();
    return {};
  }

  Params params_;
  std::string id_;
  std::string hostname_;
  int workers_;
  std::function<EventTime()> clock_;
  std::unique_ptr<SessionParts> parts_;
  std::unique_ptr<net::StreamServer> server_;
  std::unique_ptr<net::DatagramServer> heartbeats_;
};

}  // namespace
}  // namespace forward

PluginEntry ForwardInputPlugin() {
  return DefinePlugin<forward::ForwardInput>(
      PluginKind::kInput, "forward",
      "Takes events from Fluentd, Fluent Bit, tailrace and client libraries by the forward "
      "protocol.");
}

}  // namespace tailrace
