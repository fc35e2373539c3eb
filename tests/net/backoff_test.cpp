// SPDX-License-Identifier: Apache-2.0
#include "net/backoff.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <string>

#include "source_dir.h"

namespace tailrace::net {
namespace {

Backoff Steady(BackoffOptions options) {
  options.randomize = false;
  return Backoff(options, [] { return 0.5; });
}

TEST(BackoffTest, DoublesUpToTheCap) {
  Backoff backoff = Steady({.wait = 1, .base = 2, .max_interval = 30});
  const double expected[] = {1, 2, 4, 8, 16, 30, 30};
  for (double wait : expected) EXPECT_DOUBLE_EQ(backoff.Next(), wait);
  backoff.Reset();
  EXPECT_DOUBLE_EQ(backoff.Next(), 1);
}

TEST(BackoffTest, FirstWaitIsNeitherCappedNorSpread) {
  Backoff backoff({.wait = 10, .max_interval = 5}, [] { return 0.0; });
  EXPECT_DOUBLE_EQ(backoff.Wait(1), 10);
  EXPECT_DOUBLE_EQ(backoff.Wait(2), 5 * 0.875);
  Backoff spread({.wait = 8, .randomize_first = true}, [] { return 0.0; });
  EXPECT_DOUBLE_EQ(spread.Wait(1), 7);
}

TEST(BackoffTest, SpreadIsAnEighthEitherWay) {
  double random = 0;
  Backoff backoff({.wait = 1}, [&] { return random; });
  EXPECT_DOUBLE_EQ(backoff.Wait(4), 8 * 0.875);
  random = 0.5;
  EXPECT_DOUBLE_EQ(backoff.Wait(4), 8);
  random = 1;
  EXPECT_DOUBLE_EQ(backoff.Wait(4), 8 * 1.125);
  Backoff own({.wait = 1});
  for (int i = 0; i < 1000; ++i) {
    const double wait = own.Wait(2);
    EXPECT_GE(wait, 2 * 0.875);
    EXPECT_LE(wait, 2 * 1.125);
  }
}

TEST(BackoffTest, NeverInfinite) {
  EXPECT_TRUE(std::isfinite(Steady({.wait = 1, .base = 10}).Wait(100000)));
  EXPECT_DOUBLE_EQ(Steady({.wait = 1, .base = 10, .max_interval = 7}).Wait(100000), 7);
}

// The value of a numeric parameter in the text of a configuration.
std::optional<double> Parameter(const std::string& conf, const std::string& name) {
  const std::size_t at = conf.find(" " + name + " ");
  if (at == std::string::npos) return std::nullopt;
  return std::stod(conf.substr(at + name.size() + 2));
}

// Waits that Fluentd was seen to make. Those that its retry_timeout or a secondary output cut short
// belong to the retry state, not to this class; the last wait before the end of a series may be
// one.
TEST(BackoffTest, RecordedFromFluentd) {
  simdjson::dom::parser parser;
  simdjson::dom::document_stream cases;
  ASSERT_EQ(parser.load_many(SourcePath("tests/oracle/buffers.ndjson")).get(cases),
            simdjson::SUCCESS);
  int compared = 0;
  for (simdjson::dom::element vector : cases) {
    std::string_view kind;
    simdjson::dom::array retries;
    if (vector["input"]["kind"].get(kind) != simdjson::SUCCESS || kind != "retry") continue;
    if (vector["expect"]["retries"].get(retries) != simdjson::SUCCESS) continue;
    const auto conf = std::string(vector["conf"].get_string().value());
    if (conf.find("<secondary>") != std::string::npos &&
        conf.find("retry_forever") == std::string::npos) {
      continue;
    }
    BackoffOptions options{.wait = Parameter(conf, "retry_wait").value_or(1),
                           .base = Parameter(conf, "retry_exponential_backoff_base").value_or(2),
                           .max_interval = Parameter(conf, "retry_max_interval")};
    if (conf.find("retry_type periodic") != std::string::npos) options.base = 1;
    Backoff backoff = Steady(options);
    const bool cut = conf.find("retry_forever true") == std::string::npos;
    std::size_t left = retries.size();
    for (simdjson::dom::element retry : retries) {
      if (--left == 0 && cut) break;
      EXPECT_NEAR(backoff.Next(), double(retry["wait"]), 1e-6) << std::string_view(vector["about"]);
      ++compared;
    }
  }
  EXPECT_GT(compared, 50);
}

}  // namespace
}  // namespace tailrace::net
