// SPDX-License-Identifier: Apache-2.0
#include "runtime/ring.h"

#include <gtest/gtest.h>

#include <memory>
#include <thread>

namespace tailrace {
namespace {

TEST(RingTest, RefusesWhenFullAndKeepsTheItem) {
  Ring<std::unique_ptr<int>> ring(2);
  auto a = std::make_unique<int>(1);
  auto b = std::make_unique<int>(2);
  auto c = std::make_unique<int>(3);
  EXPECT_TRUE(ring.TryPush(a));
  EXPECT_TRUE(ring.TryPush(b));
  EXPECT_FALSE(ring.TryPush(c));
  ASSERT_NE(c, nullptr);
  std::unique_ptr<int> out;
  ASSERT_TRUE(ring.TryPop(out));
  EXPECT_EQ(*out, 1);
  EXPECT_TRUE(ring.TryPush(c));
  EXPECT_EQ(ring.size(), 2u);
}

TEST(RingTest, EmptyGivesNothing) {
  Ring<int> ring(4);
  int out = 7;
  EXPECT_FALSE(ring.TryPop(out));
  EXPECT_EQ(out, 7);
}

// Run under ThreadSanitizer, this is the proof that the two sides need no lock.
TEST(RingTest, TwoThreadsKeepOrderAndLoseNothing) {
  constexpr int kItems = 200'000;
  Ring<int> ring(64);
  std::thread producer([&ring] {
    for (int i = 0; i < kItems;) {
      int item = i;
      if (ring.TryPush(item)) {
        ++i;
      } else {
        std::this_thread::yield();
      }
    }
  });
  int expected = 0;
  while (expected < kItems) {
    int item = -1;
    if (ring.TryPop(item)) {
      ASSERT_EQ(item, expected);
      ++expected;
    } else {
      std::this_thread::yield();
    }
  }
  producer.join();
}

}  // namespace
}  // namespace tailrace
