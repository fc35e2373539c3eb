// SPDX-License-Identifier: Apache-2.0
#pragma once
// How long to wait before the n-th retry, computed as Fluentd's retry state computes it: the first
// wait is `wait` as it stands; the n-th is wait * base^(n-1), not more than max_interval, spread by
// up to +-12.5 %. Pure arithmetic, no clock: who owns it decides when a series begins and ends.

#include <cmath>
#include <functional>
#include <optional>
#include <random>
#include <utility>

namespace tailrace::net {

struct BackoffOptions {
  double wait = 1.0;                        // seconds
  double base = 2.0;                        // 1 = periodic
  std::optional<double> max_interval = {};  // seconds, before the spread
  bool randomize = true;
  double randomize_width = 0.125;  // 0 to 0.5
  // Fluentd leaves the first wait as it is. True spreads and caps it too, which is better where a
  // whole cluster of agents may fail at the same moment.
  bool randomize_first = false;
};

class Backoff {
 public:
  // `random` gives numbers in [0, 1).
  Backoff(BackoffOptions options, std::function<double()> random)
      : options_(options), random_(std::move(random)) {}
  // With a random source of its own.
  explicit Backoff(BackoffOptions options)
      : Backoff(options, [engine = std::minstd_rand(std::random_device{}())]() mutable {
          return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
        }) {}

  // Seconds to wait before the n-th retry, n from 1. Finite for every n.
  double Wait(int n) {
    if (n <= 1 && !options_.randomize_first) return options_.wait;
    return Spread(Interval(n));
  }

  // Wait() of a series that this object counts.
  double Next() { return Wait(++steps_); }
  // The next wait is the first one again.
  void Reset() { steps_ = 0; }
  int steps() const { return steps_; }

 private:
  double Interval(int n) const {
    double interval = Raw(n);
    if (options_.max_interval && interval > *options_.max_interval) return *options_.max_interval;
    while (!std::isfinite(interval) && n > 1) interval = Raw(--n);
    return interval;
  }
  double Raw(int n) const { return options_.wait * std::pow(options_.base, n - 1); }
  double Spread(double interval) {
    if (!options_.randomize) return interval;
    return interval + interval * options_.randomize_width * (2.0 * random_() - 1.0);
  }

  BackoffOptions options_;
  std::function<double()> random_;
  int steps_ = 0;
};

}  // namespace tailrace::net
