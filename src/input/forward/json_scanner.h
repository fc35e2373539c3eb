// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finds where a JSON value ends while its bytes still arrive, for clients that send the forward
// protocol as JSON texts one after the other. Says nothing about whether the text is valid.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tailrace::forward {

class JsonScanner {
 public:
  enum class State : uint8_t {
    kMore,      // the value goes on
    kComplete,  // it ends at *used
    kInvalid,   // something else than an object or array begins
  };
  // `bytes` follow those that were passed before; all of them are passed unless the value ends.
  State Scan(std::string_view bytes, size_t* used);

 private:
  uint32_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace tailrace::forward
