// SPDX-License-Identifier: Apache-2.0
#pragma once
// Remembers the chunks that clients sent with an id, so that one that comes again (its client has
// not seen our answer) is answered and not taken twice. Fluentd and tailrace name their chunks by
// 16 random bytes in base64; other ids may repeat for different events and are not remembered.
//
// Shared by the workers of a process, for a client may come back to another one: a short lock for
// each chunk, none for each event.

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tailrace::forward {

class ChunkBook {
 public:
  // The one of the input with this id.
  static std::shared_ptr<ChunkBook> Of(const std::string& plugin_id);

  enum class Known : uint8_t {
    kNew,      // take it; Safe() must be called when it is safe
    kPending,  // it is on its way: `safe` will be called, on any thread
    kSafe,     // it arrived before: answer
  };
  Known Enter(std::string_view id, std::function<void()> safe);
  // Calls those who wait for it.
  void Safe(std::string_view id);
  // It was entered and then not taken.
  void Forget(std::string_view id);
  // True for ids that name one chunk only.
  static bool IsUnique(std::string_view id);

 private:
  static constexpr size_t kRememberedMax = 65536;

  struct Entry {
    bool safe = false;
    std::vector<std::function<void()>> waiting;
  };

  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> order_;  // of the safe ones, oldest first
};

}  // namespace tailrace::forward
