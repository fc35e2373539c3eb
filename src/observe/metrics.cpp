// SPDX-License-Identifier: Apache-2.0
#include "tailrace/metrics.h"

#include <algorithm>
#include <list>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

namespace tailrace {
namespace {

struct Series {
  std::string help;
  MetricType type = MetricType::kCounter;
  uint64_t left_behind = 0;  // sum of counters that nobody holds any more
  std::vector<std::weak_ptr<Cell>> cells;
};

using SeriesKey = std::pair<std::string, MetricLabels>;

// Sorted by name and labels, samples of the same name and labels as one.
std::vector<Sample> Merged(std::vector<Sample> samples) {
  const auto key = [](const Sample& sample) { return std::tie(sample.name, sample.labels); };
  std::stable_sort(samples.begin(), samples.end(),
                   [&key](const Sample& a, const Sample& b) { return key(a) < key(b); });
  size_t kept = 0;
  for (size_t i = 1; i < samples.size(); ++i) {
    if (key(samples[i]) == key(samples[kept])) {
      samples[kept].value += samples[i].value;
    } else if (++kept != i) {
      samples[kept] = std::move(samples[i]);
    }
  }
  samples.erase(samples.begin() + static_cast<std::ptrdiff_t>(samples.empty() ? 0 : kept + 1),
                samples.end());
  return samples;
}

}  // namespace

struct Metrics::State {
  std::mutex mutex;
  std::map<SeriesKey, Series> series;
  std::list<std::pair<std::weak_ptr<void>, std::function<void(std::vector<Sample>&)>>> callbacks;

  std::shared_ptr<Cell> Add(const std::shared_ptr<State>& self, std::string_view name,
                            std::string_view help, MetricLabels labels, MetricType type);
};

// A counter's sum must outlive its cell, so the deleter adds it to the series; it holds the state
// weakly, for cells that outlive the registry at exit.
std::shared_ptr<Cell> Metrics::State::Add(const std::shared_ptr<State>& self, std::string_view name,
                                          std::string_view help, MetricLabels labels,
                                          MetricType type) {
  const std::lock_guard lock(mutex);
  SeriesKey key{std::string(name), std::move(labels)};
  Series& entry = series[key];
  entry.help = help;
  entry.type = type;
  auto owned = std::make_unique<Cell>();
  std::shared_ptr<Cell> cell(owned.get(), [weak = std::weak_ptr(self), key, type](Cell* gone) {
    const std::unique_ptr<Cell> owner(gone);
    const auto state = weak.lock();
    if (!state) return;
    const std::lock_guard relock(state->mutex);
    const auto found = state->series.find(key);
    if (found == state->series.end()) return;
    if (type == MetricType::kCounter) found->second.left_behind += owner->value();
    std::erase_if(found->second.cells, [](const auto& held) { return held.expired(); });
    if (type == MetricType::kGauge && found->second.cells.empty()) state->series.erase(found);
  });
  static_cast<void>(owned.release());  // the shared_ptr owns it
  entry.cells.push_back(cell);
  return cell;
}

Metrics::Metrics() : state_(std::make_shared<State>()) {}
Metrics::~Metrics() = default;

Metrics& Metrics::Global() {
  static Metrics metrics;
  return metrics;
}

std::shared_ptr<Cell> Metrics::Counter(std::string_view name, std::string_view help,
                                       MetricLabels labels) {
  return state_->Add(state_, name, help, std::move(labels), MetricType::kCounter);
}

std::shared_ptr<Cell> Metrics::Gauge(std::string_view name, std::string_view help,
                                     MetricLabels labels) {
  return state_->Add(state_, name, help, std::move(labels), MetricType::kGauge);
}

std::shared_ptr<void> Metrics::Callback(std::function<void(std::vector<Sample>&)> read) {
  const std::lock_guard lock(state_->mutex);
  auto handle = std::make_shared<int>(0);
  state_->callbacks.emplace_back(handle, std::move(read));
  return handle;
}

std::vector<Sample> Metrics::Collect() {
  std::vector<Sample> samples;
  // Released after the lock: the last holder of a cell takes the lock when it lets go.
  std::vector<std::shared_ptr<void>> held;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [key, entry] : state_->series) {
    uint64_t sum = entry.left_behind;
    for (const auto& weak : entry.cells) {
      if (auto cell = weak.lock()) {
        sum += cell->value();
        held.push_back(std::move(cell));
      }
    }
    samples.push_back({key.first, entry.help, entry.type, key.second, static_cast<double>(sum)});
  }
  std::erase_if(state_->callbacks, [](const auto& entry) { return entry.first.expired(); });
  for (const auto& [handle, read] : state_->callbacks) {
    if (auto alive = handle.lock()) {
      read(samples);
      held.push_back(std::move(alive));
    }
  }
  return Merged(std::move(samples));
}

}  // namespace tailrace
