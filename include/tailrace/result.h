// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a call answers when it can fail: a value, or an Error that says what went wrong in words an
// operator can act on. The data path uses these instead of exceptions.

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tailrace {

// Why something failed. `message` is a complete sentence fragment ("cannot open /a/b: Permission
// denied") that names the file, host or chunk concerned. It never contains secrets.
struct Error {
  std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = tl::expected<void, Error>;

inline tl::unexpected<Error> Fail(std::string message) {
  return tl::unexpected<Error>(Error{std::move(message)});
}

}  // namespace tailrace
