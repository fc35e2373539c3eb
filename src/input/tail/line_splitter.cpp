// SPDX-License-Identifier: Apache-2.0
#include "input/tail/line_splitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace tailrace::tail {

LineSplitter::LineSplitter(uint64_t longest, std::string newline)
    : longest_(longest), newline_(std::move(newline)), carriage_return_(newline_) {
  std::replace(carriage_return_.begin(), carriage_return_.end(), '\n', '\r');
}

size_t LineSplitter::FindEnd(std::string_view text, size_t from) const {
  if (newline_.size() == 1) {
    const void* found =
        from < text.size() ? std::memchr(text.data() + from, '\n', text.size() - from) : nullptr;
    if (found == nullptr) return std::string_view::npos;
    return static_cast<size_t>(static_cast<const char*>(found) - text.data()) + 1;
  }
  for (size_t at = from; at + newline_.size() <= text.size(); at += newline_.size()) {
    if (text.compare(at, newline_.size(), newline_) == 0) return at + newline_.size();
  }
  return std::string_view::npos;
}

std::string_view LineSplitter::WithoutEnd(std::string_view text) const {
  if (text.ends_with(newline_)) {
    text.remove_suffix(newline_.size());
    if (text.ends_with(carriage_return_)) text.remove_suffix(carriage_return_.size());
  }
  return text;
}

size_t LineSplitter::Split(std::string_view text, uint64_t base, size_t lines_max,
                           std::vector<Line>& lines, LongLines& skipped) const {
  size_t at = 0;
  const size_t before = lines.size();
  while (lines.size() - before < lines_max) {
    const size_t end = FindEnd(text, at);
    if (end == std::string_view::npos) break;
    if (end - at > longest_) {
      ++skipped.lines;
      skipped.bytes += end - at;
    } else {
      const std::string_view line = WithoutEnd(text.substr(at, end - at));
      lines.push_back({line.data(), static_cast<uint32_t>(line.size()), 0, base + at, base + end});
    }
    at = end;
  }
  return at;
}

}  // namespace tailrace::tail
