// SPDX-License-Identifier: Apache-2.0
#pragma once
// Numbers about the agent. A Counter or Gauge is a plain 64-bit cell written by one thread and read
// by the scraper; cells of the same name and labels are summed when read, so each worker has its
// own and no cell is shared on the data path. Names are Prometheus names; Fluentd's are kept where
// they exist.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tailrace {

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

// Written by one thread at a time (or by several with AddShared), read by any.
class Cell {
 public:
  void Add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void Sub(uint64_t n) { Add(~n + 1); }
  void AddShared(uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void SubShared(uint64_t n) { value_.fetch_sub(n, std::memory_order_relaxed); }
  void Set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

enum class MetricType : uint8_t { kCounter, kGauge, kHistogram, kSummary };

struct Sample {
  std::string name;
  std::string help;
  MetricType type;
  MetricLabels labels;
  double value;
  // The metric that a sample belongs to where its own name is longer: `name` x_bucket, x_sum or
  // x_count of the histogram x. Empty: `name` itself.
  std::string family{};
};

// All cells of the process. Registration takes a lock and is for start-up and slow paths. A cell
// lives as long as someone holds it; a counter that is let go leaves its sum behind, a gauge
// vanishes.
class Metrics {
 public:
  static Metrics& Global();

  std::shared_ptr<Cell> Counter(std::string_view name, std::string_view help,
                                MetricLabels labels = {});
  std::shared_ptr<Cell> Gauge(std::string_view name, std::string_view help,
                              MetricLabels labels = {});
  // Calls `read` when scraped, from the scraping thread, as long as the returned handle lives.
  std::shared_ptr<void> Callback(std::function<void(std::vector<Sample>&)> read);

  // All samples, those of one name together, names in alphabetical order. What callbacks give twice
  // (each worker its part) is summed.
  std::vector<Sample> Collect();

  Metrics();
  ~Metrics();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace tailrace
