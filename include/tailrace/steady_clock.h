// SPDX-License-Identifier: Apache-2.0
#pragma once
// The clock for waits, ages and time limits: it never jumps, and means nothing outside of this run.

#include <chrono>
#include <cstdint>

namespace tailrace {

inline int64_t SteadyNanos() {
  return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
}

inline double SteadySeconds() { return static_cast<double>(SteadyNanos()) / 1e9; }

}  // namespace tailrace
