// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parts of one message of the forward protocol. All are views into the message.

#include <cstdint>
#include <string_view>

namespace tailrace::forward {

struct Message {
  enum class Mode : uint8_t {
    kIgnored,  // nil: a heartbeat
    kBroken,   // no array, or one that is no message
    kMessage,  // [tag, time, record, option]: `entries` is time and record
    kForward,  // [tag, [[time, record], ..], option]: `entries` is what is within the array
    kPacked,   // [tag, "[time, record]..", option]: `entries` is the string
  };
  Mode mode = Mode::kBroken;
  std::string_view tag;
  bool tag_valid = false;
  std::string_view entries;
  // What is to be echoed, as it stands in the message; empty where no acknowledgement is asked for.
  std::string_view chunk;
  // The same as text where it is one.
  std::string_view chunk_text;
  std::string_view compressed;  // "gzip", "zstd", else not
};

// Takes apart one whole MessagePack value.
Message ReadMessage(std::string_view bytes);

}  // namespace tailrace::forward
