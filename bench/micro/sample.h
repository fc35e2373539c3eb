// SPDX-License-Identifier: Apache-2.0
#pragma once
// Input that the micro benchmarks share: the same container log lines in every run.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/log_lines.h"

namespace tailrace::bench {

// About `bytes` of CRI lines as bench/pipeline/generate.cpp writes them, JSON, text and pieces.
inline std::string CriLines(std::size_t bytes) {
  LogSource source(Kind::kApp, 0, 1);
  std::string text;
  std::int64_t time_ns = 1'705'312'800'000'000'000;
  while (text.size() < bytes) source.AppendEvent(text, time_ns += 1'234'567, false);
  return text;
}

constexpr std::size_t kCriHeadBytes = 40;  // "2024-01-15T10:00:00.000000000Z stdout F "

// The CRI lines in `text` that hold a whole JSON object, without the line end.
inline std::vector<std::string_view> WholeJsonLines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.find(" F {") == kCriHeadBytes - 3 && line.back() == '}') lines.push_back(line);
  }
  return lines;
}

}  // namespace tailrace::bench
