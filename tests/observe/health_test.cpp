// SPDX-License-Identifier: Apache-2.0
#include "tailrace/health.h"

#include <gtest/gtest.h>

#include "tailrace/steady_clock.h"

namespace tailrace {
namespace {

TEST(HealthTest, ShowsWhatIsBadAsLongAsItIs) {
  Health health;
  const auto output = health.Add("output es", 0);
  auto input = health.Add("input tail", 0);
  const auto busy = health.Add("output kafka", 60);
  busy->Bad("a moment only");
  EXPECT_TRUE(health.Problems().empty());
  input->Bad("cannot write /var/lib/x: Read-only file system; mount it writable");
  output->Bad("connection refused");
  output->Bad("timed out");
  auto problems = health.Problems();
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].part, "output es");
  EXPECT_EQ(problems[0].reason, "timed out");
  EXPECT_GE(problems[0].seconds, 0);
  output->Good();
  problems = health.Problems();
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].part, "input tail");
  input.reset();
  EXPECT_TRUE(health.Problems().empty()) << "a part that is gone has no problems";
}

TEST(HealthTest, ShowsALoopThatIsStuck) {
  Health health;
  const auto worker = health.AddHeartbeat("worker 0", 60);
  const auto stuck = health.AddHeartbeat("worker 1", -1);
  worker->Beat(SteadyNanos());
  stuck->Beat(SteadyNanos());
  const auto problems = health.Stuck();
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].part, "worker 1");
}

}  // namespace
}  // namespace tailrace
