// SPDX-License-Identifier: Apache-2.0
#include "observe/exposition.h"

#include <gtest/gtest.h>

#include <limits>

namespace tailrace::observe {
namespace {

const std::vector<Sample> kSamples = {
    {"a_seconds_bucket", "Delay.", MetricType::kHistogram, {{"le", "0.1"}}, 2, "a_seconds"},
    {"a_seconds_bucket", "Delay.", MetricType::kHistogram, {{"le", "+Inf"}}, 3, "a_seconds"},
    {"a_seconds_sum", "Delay.", MetricType::kHistogram, {}, 0.75, "a_seconds"},
    {"a_seconds_count", "Delay.", MetricType::kHistogram, {}, 3, "a_seconds"},
    {"b_total",
     "Back\\slash\nand \"quotes\".",
     MetricType::kCounter,
     {{"path", "a\"b\\c\nd"}},
     1e15},
    {"fluentd_x_retry_count",
     "Retries.",
     MetricType::kCounter,
     {{"plugin_id", "p"}, {"type", "t"}},
     7},
    {"g", "Gauge.", MetricType::kGauge, {}, -std::numeric_limits<double>::infinity()},
};

TEST(ExpositionTest, WritesThePrometheusTextFormat) {
  EXPECT_EQ(Exposition(kSamples, ExpositionFormat::kText),
            "# HELP a_seconds Delay.\n"
            "# TYPE a_seconds histogram\n"
            "a_seconds_bucket{le=\"0.1\"} 2\n"
            "a_seconds_bucket{le=\"+Inf\"} 3\n"
            "a_seconds_sum 0.75\n"
            "a_seconds_count 3\n"
            "# HELP b_total Back\\\\slash\\nand \"quotes\".\n"
            "# TYPE b_total counter\n"
            "b_total{path=\"a\\\"b\\\\c\\nd\"} 1000000000000000\n"
            "# HELP fluentd_x_retry_count Retries.\n"
            "# TYPE fluentd_x_retry_count gauge\n"
            "fluentd_x_retry_count{plugin_id=\"p\",type=\"t\"} 7\n"
            "# HELP g Gauge.\n"
            "# TYPE g gauge\n"
            "g -Inf\n");
}

TEST(ExpositionTest, WritesOpenMetrics) {
  const std::string text = Exposition({kSamples[4]}, ExpositionFormat::kOpenMetrics);
  EXPECT_EQ(text,
            "# HELP b Back\\\\slash\\nand \\\"quotes\\\".\n"
            "# TYPE b counter\n"
            "b_total{path=\"a\\\"b\\\\c\\nd\"} 1000000000000000\n"
            "# EOF\n");
}

TEST(ExpositionTest, GivesWhatTheScraperAsksFor) {
  EXPECT_EQ(FormatFor("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3"),
            ExpositionFormat::kOpenMetrics);
  EXPECT_EQ(FormatFor("*/*"), ExpositionFormat::kText);
  EXPECT_EQ(FormatFor(""), ExpositionFormat::kText);
}

}  // namespace
}  // namespace tailrace::observe
