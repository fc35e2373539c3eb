// SPDX-License-Identifier: Apache-2.0
#include "tailrace/chunk.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace tailrace {
namespace {

class CountingSegment final : public Segment {
 public:
  CountingSegment() : Segment(0, 1) {}
  int completed = 0;

 private:
  void Complete() override { ++completed; }
};

class ChunkTest : public testing::Test {
 protected:
  void Add(Segment* segment, std::string_view text) {
    chunk_.BeginEvent(SegmentRef(segment));
    chunk_.body.Append(text);
  }
  Segment* SegmentOf(size_t event) const { return chunk_.holds[chunk_.HoldOf(event)].get(); }

  CountingSegment first_, second_;
  Chunk chunk_;
};

TEST_F(ChunkTest, KnowsWhereEachEventCameFrom) {
  for (Segment* segment : std::vector<Segment*>{&first_, &first_, nullptr, &second_, &first_}) {
    Add(segment, "x");
  }
  EXPECT_EQ(SegmentOf(0), &first_);
  EXPECT_EQ(SegmentOf(1), &first_);
  EXPECT_EQ(SegmentOf(2), nullptr);
  EXPECT_EQ(SegmentOf(3), &second_);
  EXPECT_EQ(SegmentOf(4), &first_);
}

TEST_F(ChunkTest, KnowsItStillWhenEventsWereTakenOut) {
  for (Segment* segment : std::vector<Segment*>{&first_, nullptr, &second_, &second_, &first_}) {
    Add(segment, "x");
  }
  chunk_.Keep(std::vector<uint32_t>{0, 3, 4});
  EXPECT_EQ(SegmentOf(0), &first_);
  EXPECT_EQ(SegmentOf(1), &second_);
  EXPECT_EQ(SegmentOf(2), &first_);
  chunk_.Keep(std::vector<uint32_t>{2});
  EXPECT_EQ(SegmentOf(0), &first_);
}

TEST_F(ChunkTest, HoldsEverySegmentUntilItIsReset) {
  Add(&first_, "one");
  Add(&second_, "two");
  chunk_.Keep(std::vector<uint32_t>{1});
  EXPECT_EQ(first_.completed, 0);
  chunk_.Reset(0);
  EXPECT_EQ(first_.completed, 1);
  EXPECT_EQ(second_.completed, 1);
}

}  // namespace
}  // namespace tailrace
