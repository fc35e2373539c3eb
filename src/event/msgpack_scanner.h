// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finds where a MessagePack value ends while its bytes still arrive. Each byte is looked at once,
// however many pieces it comes in, and nothing is kept but a counter for each open container.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tailrace::msgpack {

class FrameScanner {
 public:
  enum class State : uint8_t {
    kMore,      // the value goes on behind these bytes
    kComplete,  // it ends at *used, and the scanner is ready for the next
    kInvalid,   // a byte that begins no value, or nesting deeper than kDepthMax
  };

  // Goes on with the value. `bytes` follow those that were passed before; `*used` says how many of
  // them are passed now. A few at the end may stay, to be given again with those that follow.
  State Scan(std::string_view bytes, size_t* used);
  // Bytes that the value is known to have still, before any is given.
  uint64_t announced() const { return payload_; }
  void Reset();

 private:
  // The head that begins at `at` of `bytes`: its size, 0 if it is not all there.
  size_t ReadHead(std::string_view bytes, bool* invalid);
  bool Done();

  std::vector<uint64_t> open_;  // values left in each open container
  uint64_t payload_ = 0;        // bytes left of a string
  bool in_payload_ = false;
};

}  // namespace tailrace::msgpack
