// SPDX-License-Identifier: Apache-2.0
#pragma once
// Metrics as text for a scraper: the Prometheus text format 0.0.4
// (https://prometheus.io/docs/instrumenting/exposition_formats/) and OpenMetrics 1.0.0
// (https://prometheus.io/docs/specs/om/open_metrics_spec/).

#include <string>
#include <string_view>
#include <vector>

#include "tailrace/metrics.h"

namespace tailrace::observe {

enum class ExpositionFormat : uint8_t { kText, kOpenMetrics };

// What the scraper prefers, from its Accept header.
ExpositionFormat FormatFor(std::string_view accept);
std::string_view ContentType(ExpositionFormat format);

// `samples` as Metrics::Collect() gives them. Counters whose name does not end in _total
// (Fluentd's) are shown as gauges, as fluent-plugin-prometheus shows them, since OpenMetrics has no
// such counter.
std::string Exposition(const std::vector<Sample>& samples, ExpositionFormat format);

}  // namespace tailrace::observe
