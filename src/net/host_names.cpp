// SPDX-License-Identifier: Apache-2.0
#include "net/host_names.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <map>
#include <utility>
#include <vector>

#include "net/byte_stream.h"
#include "tailrace/steady_clock.h"

namespace tailrace::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr size_t kNamesMax = 4096;
constexpr int64_t kValidNanos = int64_t{600} * 1'000'000'000;

}  // namespace

class HostNames::State : public std::enable_shared_from_this<HostNames::State> {
 public:
  explicit State(asio::io_context& loop) : resolver_(loop) {}

  void Find(const Address& address, std::function<void(const std::string&)> found) {
    const std::string text = address.text();
    if (names_.size() > kNamesMax) std::erase_if(names_, [](auto& e) { return e.second.known; });
    Name& name = names_[text];
    if (name.known && SteadyNanos() < name.valid_until) return found(name.name);
    name.waiting.push_back(std::move(found));
    if (name.waiting.size() > 1) return;
    const tcp::endpoint endpoint(asio::ip::make_address(text), 0);
    resolver_.async_resolve(
        endpoint, [weak = weak_from_this(), text](const boost::system::error_code& error,
                                                  const tcp::resolver::results_type& results) {
          const auto self = weak.lock();
          if (!self) return;
          const bool named = !error && !results.empty();
          self->Found(text, named ? results.begin()->host_name() : text);
        });
  }

  std::string Known(const Address& address) {
    const auto name = std::make_shared<std::string>(address.text());
    Find(address, [name](const std::string& known) { *name = known; });
    return *name;
  }

 private:
  struct Name {
    std::string name;
    bool known = false;
    int64_t valid_until = 0;
    std::vector<std::function<void(const std::string&)>> waiting;
  };

  void Found(const std::string& address, const std::string& name) {
    Name& entry = names_[address];
    entry.name = name;
    entry.known = true;
    entry.valid_until = SteadyNanos() + kValidNanos;
    for (const auto& call : std::exchange(entry.waiting, {})) call(name);
  }

  tcp::resolver resolver_;
  std::map<std::string, Name> names_;
};

HostNames::HostNames(asio::io_context& loop) : state_(std::make_shared<State>(loop)) {}
HostNames::~HostNames() = default;

void HostNames::Find(const Address& address, std::function<void(const std::string&)> found) {
  state_->Find(address, std::move(found));
}
std::string HostNames::Known(const Address& address) { return state_->Known(address); }

}  // namespace tailrace::net
