// SPDX-License-Identifier: Apache-2.0
#include "observe/page_port.h"

#include <utility>

namespace tailrace::observe {

Status PagePort::Open(boost::asio::io_context& loop, const std::string& bind, int port,
                      std::string name, PageOptions pages) {
  net::HttpServerOptions options;
  options.bind = bind;
  options.port = static_cast<uint16_t>(port);
  options.body_bytes_max = 4096;
  options.connections_max = 64;
  options.name = std::move(name);
  server_ = std::make_unique<net::HttpServer>(
      loop, std::move(options),
      [pages = std::move(pages)](net::ServerRequest& request,
                                 const net::HttpServer::Respond& respond) {
        respond(AgentPage(request, pages));
      });
  return server_->Start();
}

}  // namespace tailrace::observe
