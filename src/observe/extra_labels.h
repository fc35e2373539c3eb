// SPDX-License-Identifier: Apache-2.0
#pragma once
// Labels that a configuration adds to Fluentd's metrics (<labels> of prometheus_output_monitor and
// its like), for the dashboards that select by them.

#include <mutex>
#include <string>
#include <vector>

#include "tailrace/metrics.h"

namespace tailrace::observe {

class ExtraLabels {
 public:
  static ExtraLabels& Global();

  // Metrics whose name begins with `prefix` get these labels; a later call for it replaces them.
  void Set(const std::string& prefix, MetricLabels labels);
  void AddTo(std::vector<Sample>& samples) const;

 private:
  struct Entry {
    std::string prefix;
    MetricLabels labels;
  };
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
};

}  // namespace tailrace::observe
