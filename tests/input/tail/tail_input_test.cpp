// SPDX-License-Identifier: Apache-2.0
// Files on a real file system through a real event loop.
#include "input/tail/tail_input.h"

#include <gmock/gmock.h>

#include "input/tail/tail_fixture.h"

namespace tailrace::tail {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using TailInputTest = TailFixture;

TEST_F(TailInputTest, ReadsWhatIsThereAndWhatComes) {
  Append("a.log", "one\ntwo\nhal");
  Start();
  ASSERT_TRUE(pipeline_->RunUntil(2));
  Append("a.log", "f\r\n");
  ASSERT_TRUE(pipeline_->RunUntil(3));
  EXPECT_THAT(pipeline_->Messages(), ElementsAre("one", "two", "half"));
  EXPECT_EQ(pipeline_->seen[2].begin, 8u);
  EXPECT_EQ(pipeline_->seen[2].end, 14u);
  Stop();
  EXPECT_EQ(Read("pos").substr(Path("a.log").size(), 18), "\t000000000000000e\t");
}

TEST_F(TailInputTest, ContinuesWhereItStopped) {
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(pipeline_->RunUntil(1));
  Stop();
  Append("a.log", "two\n");
  Start();
  ASSERT_TRUE(pipeline_->RunUntil(2));
  EXPECT_THAT(pipeline_->Messages(), ElementsAre("one", "two"));
  EXPECT_EQ(pipeline_->seen[0].identity, pipeline_->seen[1].identity);
}

TEST_F(TailInputTest, WhatIsNotAcknowledgedIsReadAgainWithTheSameIds) {
  Append("a.log", "one\ntwo\n");
  pipeline_->hold_back = true;
  Start();
  ASSERT_TRUE(pipeline_->RunUntil(2));
  pipeline_->Run(0.5);
  Kill();
  Start();
  ASSERT_TRUE(pipeline_->RunUntil(4));
  EXPECT_EQ(pipeline_->seen[0].id(), pipeline_->seen[2].id());
  EXPECT_EQ(pipeline_->seen[1].id(), pipeline_->seen[3].id());
  EXPECT_NE(pipeline_->seen[0].id(), pipeline_->seen[1].id());
}

TEST_F(TailInputTest, RotationByRenameReadsBothFiles) {
  Append("a.log", "one\n");
  Start();
  ASSERT_TRUE(pipeline_->RunUntil(1));
  Rename("a.log", "a.log.1");
  Append("a.log.1", "late\n");
  Append("a.log", "two\n");
  ASSERT_TRUE(pipeline_->RunUntil(3));
  EXPECT_THAT(pipeline_->Messages(), ElementsAre("one", "late", "two"));
  EXPECT_NE(pipeline_->seen[1].identity, pipeline_->seen[2].identity);
  EXPECT_EQ(pipeline_->seen[0].identity, pipeline_->seen[1].identity);
}

}  // namespace
}  // namespace tailrace::tail
