// SPDX-License-Identifier: Apache-2.0
// Stage and Flusher together: what a destination answers, and what becomes of segments and events.
#include "buffer/stage.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "buffer/fake_output.h"
#include "buffer/fake_pipeline.h"

namespace tailrace::buffer {
namespace {

class StageTest : public testing::Test {
 protected:
  void Start(BufferOptions options) {
    options.retry.wait = 0.01;
    options.retry.randomize = false;
    flusher_ = std::make_shared<Flusher>("test", "scripted",
                                         std::make_shared<ScriptedOutput>(script_), options, 1);
    ASSERT_TRUE(flusher_->Start());
    stage_ = std::make_unique<Stage>(flusher_, 0, std::make_unique<JsonEncoder>(), nullptr);
  }

  // Emits {"n":first} … {"n":last} from one segment.
  void Emit(int first, int last, CountedSegment& segment) {
    Batch batch;
    FillNumbers(batch, first, last, &segment);
    stage_->Emit(batch, context_);
  }

  template <typename Condition>
  bool Eventually(Condition condition) {
    for (int i = 0; i < 2000; ++i) {
      stage_->Tick(context_);
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }

  // Declared first: chunks that outlive the test body still refer to them.
  CountedSegment segment_, other_;
  Script script_;
  RecordingContext context_;
  std::shared_ptr<Flusher> flusher_;
  std::unique_ptr<Stage> stage_;
};

BufferOptions Immediate() {
  BufferOptions options;
  options.flush_mode = FlushMode::kImmediate;
  return options;
}

TEST_F(StageTest, SegmentIsReleasedAfterTheAcknowledgement) {
  Start(Immediate());
  Emit(1, 3, segment_);
  EXPECT_TRUE(Eventually([this] { return segment_.complete; }));
  ASSERT_EQ(script_.deliveries().size(), 1u);
  EXPECT_EQ(script_.deliveries()[0],
            (std::vector<std::string>{R"({"n":1})", R"({"n":2})", R"({"n":3})"}));
  EXPECT_TRUE(stage_->Empty());
  EXPECT_EQ(flusher_->bytes().load(), 0u);
}

// What is refused keeps its tag and time, which the rendered bytes do not say.
TEST_F(StageTest, RefusedEventsKeepTagAndTime) {
  script_.Then([](const Chunk&) {
    Delivery delivery;
    delivery.code = Delivery::Code::kPartial;
    delivery.rejected = {{0, "no", ""}, {2, "later", "again"}};
    return delivery;
  });
  Start(Immediate());
  Emit(1, 3, segment_);
  EXPECT_TRUE(Eventually([this] { return segment_.complete; }));
  EXPECT_EQ(context_.errors, (std::vector<std::string>{R"(t 101 {"n":1} no)"}));
  EXPECT_EQ(context_.emitted, (std::vector<std::string>{R"(@ROOT again 103 {"n":3})"}));
}

TEST(Chunk, KeepsTimesAndOriginsOfWhatIsKept) {
  Chunk chunk;
  const auto a = std::make_shared<Origin>(Origin{"a", "", ""});
  const auto b = std::make_shared<Origin>(Origin{"b", "", ""});
  for (int i = 0; i < 4; ++i) {
    chunk.BeginEvent({});
    chunk.body.Append("x");
    chunk.times.push_back({i, 0});
  }
  chunk.origins = {{0, a}, {2, b}};
  const uint32_t kept[] = {1, 3};
  chunk.Keep(kept);
  EXPECT_EQ(chunk.time_of(0).sec, 1);
  EXPECT_EQ(chunk.time_of(1).sec, 3);
  EXPECT_EQ(chunk.origin_of(0), a);
  EXPECT_EQ(chunk.origin_of(1), b);
  EXPECT_EQ(chunk.time_of(2), kNoTime);
}

TEST_F(StageTest, FailedDeliveryIsTriedAgainAndHoldsTheSegment) {
  script_.Then([this](const Chunk&) {
    EXPECT_FALSE(segment_.complete);
    Delivery delivery;
    delivery.code = Delivery::Code::kRetry;
    delivery.why = "connection refused";
    return delivery;
  });
  Start(Immediate());
  Emit(1, 2, segment_);
  EXPECT_TRUE(Eventually([this] { return segment_.complete; }));
  EXPECT_EQ(script_.deliveries().size(), 2u);
  EXPECT_EQ(script_.deliveries()[0], script_.deliveries()[1]);
}

TEST_F(StageTest, OnlyTheEventsThatFailedAreSentAgain) {
  script_.Then([](const Chunk&) {
    Delivery delivery;
    delivery.code = Delivery::Code::kPartial;
    delivery.retry = {1, 3};
    delivery.rejected = {{2, "mapper_parsing_exception"}};
    return delivery;
  });
  Start(Immediate());
  Emit(1, 4, segment_);
  EXPECT_TRUE(Eventually([this] { return segment_.complete; }));
  ASSERT_EQ(script_.deliveries().size(), 2u);
  EXPECT_EQ(script_.deliveries()[1], (std::vector<std::string>{R"({"n":2})", R"({"n":4})"}));
  EXPECT_EQ(context_.errors, std::vector<std::string>{R"(t 103 {"n":3} mapper_parsing_exception)"});
}

TEST_F(StageTest, ChunkIsGivenUpAfterTheLastRetryAndCounted) {
  BufferOptions options = Immediate();
  options.retry.max_times = 1;
  for (int i = 0; i < 2; ++i) {
    script_.Then([](const Chunk&) {
      Delivery delivery;
      delivery.code = Delivery::Code::kRetry;
      return delivery;
    });
  }
  Start(options);
  Emit(1, 5, segment_);
  EXPECT_TRUE(Eventually([this] { return segment_.complete; }));
  EXPECT_EQ(context_.dropped["retry_limit"], 5);
  EXPECT_EQ(script_.deliveries().size(), 2u);
}

TEST_F(StageTest, WhatIsUnsentAtTheEndKeepsItsSegment) {
  for (int i = 0; i < 100; ++i) {
    script_.Then([](const Chunk&) {
      Delivery delivery;
      delivery.code = Delivery::Code::kRetry;
      return delivery;
    });
  }
  Start(Immediate());
  Emit(1, 1, segment_);
  flusher_->Stop();
  EXPECT_TRUE(Eventually([this] { return stage_->Empty(); }));
  EXPECT_FALSE(segment_.complete);
  EXPECT_TRUE(context_.dropped.empty());
}

TEST_F(StageTest, IntervalSealsByAge) {
  BufferOptions options;
  options.flush_interval = 0.05;
  Start(options);
  Emit(1, 1, segment_);
  stage_->Tick(context_);
  EXPECT_TRUE(script_.deliveries().empty());
  EXPECT_TRUE(Eventually([this] { return segment_.complete; }));
}

TEST_F(StageTest, ChunkIsSealedWhenFull) {
  BufferOptions options;
  options.flush_interval = 3600;
  options.chunk_limit_records = 2;
  Start(options);
  Emit(1, 5, segment_);
  EXPECT_TRUE(Eventually([this] { return script_.deliveries().size() == 2; }));
  EXPECT_FALSE(segment_.complete);  // {"n":5} waits in an open chunk
  stage_->Flush(context_);
  EXPECT_TRUE(Eventually([this] { return segment_.complete; }));
}

TEST_F(StageTest, InputsAreHeldBackWhileTheDestinationIsStuck) {
  std::atomic<bool> release{false};
  script_.Then([&release](const Chunk&) {
    while (!release) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Delivery{};
  });
  Start(Immediate());
  const Origin origin;
  int emitted = 0;
  while (stage_->Writable(origin) && emitted < 100) {
    Emit(emitted, emitted, segment_);
    ++emitted;
  }
  EXPECT_LT(emitted, 100);
  release = true;
  EXPECT_TRUE(Eventually([&] { return stage_->Writable(origin) && segment_.complete; }));
}

TEST_F(StageTest, TotalLimitDropsOnlyWhatCannotBeReadAgain) {
  BufferOptions options;
  options.flush_interval = 3600;
  options.total_limit_size = 1;
  Start(options);
  Emit(1, 1, segment_);
  Emit(2, 2, other_);  // from a file: it is accepted, and reading stops
  EXPECT_TRUE(context_.dropped.empty());
  EXPECT_FALSE(stage_->Writable(Origin{}));
  Batch batch;
  batch.set_origin(std::make_shared<Origin>());  // a socket: no identity
  batch.AddRow({});
  stage_->Emit(batch, context_);
  EXPECT_EQ(context_.dropped["buffer_overflow"], 1);
}

}  // namespace
}  // namespace tailrace::buffer
