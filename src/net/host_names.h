// SPDX-License-Identifier: Apache-2.0
#pragma once
// Names of addresses, looked up without blocking the event loop and remembered. An address without
// a name is its own name.
//
// One thread: the loop's.

#include <functional>
#include <memory>
#include <string>

#include "net/address.h"

namespace boost::asio {
class io_context;
}

namespace tailrace::net {

class HostNames {
 public:
  explicit HostNames(boost::asio::io_context& loop);
  ~HostNames();

  // Calls `found` with the name: at once if it is known, else later, unless this object is gone.
  void Find(const Address& address, std::function<void(const std::string&)> found);
  // The name if it is known; else the address, and the name is looked up for the next time.
  std::string Known(const Address& address);

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace tailrace::net
