// SPDX-License-Identifier: Apache-2.0
#pragma once
// A port where the agent's own pages are answered: what the inputs that are there to be looked at
// share.

#include <cstdint>
#include <memory>
#include <string>

#include "net/http_server.h"
#include "observe/pages.h"

namespace tailrace::observe {

class PagePort {
 public:
  // `name` is the id of the plugin that listens. Listens on the loop of the calling worker.
  Status Open(boost::asio::io_context& loop, const std::string& bind, int port, std::string name,
              PageOptions pages);
  void Close() { server_.reset(); }

 private:
  std::unique_ptr<net::HttpServer> server_;
};

}  // namespace tailrace::observe
