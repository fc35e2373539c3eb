// SPDX-License-Identifier: Apache-2.0
#include "input/forward/chunk_book.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tailrace::forward {

std::shared_ptr<ChunkBook> ChunkBook::Of(const std::string& plugin_id) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<ChunkBook>> books;
  const std::lock_guard lock(mutex);
  auto& known = books[plugin_id];
  auto book = known.lock();
  if (book == nullptr) known = book = std::make_shared<ChunkBook>();
  return book;
}

bool ChunkBook::IsUnique(std::string_view id) {
  constexpr size_t kBase64Of16 = 24;
  return id.size() == kBase64Of16 && id.ends_with("==") &&
         std::all_of(id.begin(), id.end() - 2, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                  c == '+' || c == '/' || c == '-' || c == '_';
         });
}

ChunkBook::Known ChunkBook::Enter(std::string_view id, std::function<void()> safe) {
  const std::lock_guard lock(mutex_);
  const auto [found, fresh] = entries_.try_emplace(std::string(id));
  if (fresh) return Known::kNew;
  if (found->second.safe) return Known::kSafe;
  found->second.waiting.push_back(std::move(safe));
  return Known::kPending;
}

void ChunkBook::Safe(std::string_view id) {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(std::string(id));
    if (found == entries_.end()) return;
    found->second.safe = true;
    waiting = std::move(found->second.waiting);
    order_.emplace_back(id);
    if (order_.size() > kRememberedMax) {
      entries_.erase(order_.front());
      order_.pop_front();
    }
  }
  for (const auto& call : waiting) call();
}

void ChunkBook::Forget(std::string_view id) {
  const std::lock_guard lock(mutex_);
  entries_.erase(std::string(id));
}

}  // namespace tailrace::forward
