// SPDX-License-Identifier: Apache-2.0
#include "observe/extra_labels.h"

#include <algorithm>
#include <utility>

namespace tailrace::observe {

ExtraLabels& ExtraLabels::Global() {
  static ExtraLabels labels;
  return labels;
}

void ExtraLabels::Set(const std::string& prefix, MetricLabels labels) {
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.prefix == prefix; });
  entries_.push_back({prefix, std::move(labels)});
}

void ExtraLabels::AddTo(std::vector<Sample>& samples) const {
  const std::lock_guard lock(mutex_);
  for (Sample& sample : samples) {
    for (const Entry& entry : entries_) {
      if (!sample.name.starts_with(entry.prefix)) continue;
      sample.labels.insert(sample.labels.end(), entry.labels.begin(), entry.labels.end());
    }
  }
}

}  // namespace tailrace::observe
