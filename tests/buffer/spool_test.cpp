// SPDX-License-Identifier: Apache-2.0
// The file buffer: what is on the disk when, and what a second run makes of it.
#include "buffer/spool.h"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "buffer/fake_output.h"
#include "buffer/fake_pipeline.h"
#include "buffer/stage.h"
#include "temp_dir.h"

namespace tailrace::buffer {
namespace {

// The files, without the lock.
std::vector<std::string> FilesIn(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && name != "buffer.lock") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Delivery Refuse(const Chunk&) {
  Delivery delivery;
  delivery.code = Delivery::Code::kRetry;
  delivery.why = "connection refused";
  return delivery;
}

// One run of an output with a file buffer.
class BufferRun {
 public:
  BufferRun(const std::filesystem::path& directory, BufferOptions options, Script& script,
            const std::string& type = "scripted") {
    options.type = "file";
    options.path = directory.string();
    options.path_suffix = ".log";
    options.retry.wait = 0.01;
    options.retry.max_interval = 0.05;
    options.retry.randomize = false;
    options.fsync_interval = 0.005;
    flusher = std::make_shared<Flusher>("test", type, std::make_shared<ScriptedOutput>(script),
                                        options, 1);
    Backup backup;
    backup.root = (directory.parent_path() / "root").string();
    backup.plugin_id = "test";
    flusher->UseDisk(*ChunkPaths::Create(options.path, ".log", false), backup);
    EXPECT_TRUE(flusher->Start());
    stage = std::make_unique<Stage>(flusher, 0, std::make_unique<JsonEncoder>(), nullptr);
  }
  ~BufferRun() {
    flusher->Abort();
    flusher->Finish();
  }

  void Emit(int first, int last, CountedSegment& segment, const std::string& tag = "t") {
    Batch batch;
    FillNumbers(batch, first, last, &segment, tag);
    stage->Emit(batch, context);
  }
  template <typename Condition>
  bool Eventually(Condition condition) {
    for (int i = 0; i < 3000; ++i) {
      stage->Tick(context);
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  }
  // As the agent stops.
  bool StopGracefully() {
    flusher->Stop();
    stage->Flush(context);
    return Eventually([this] { return stage->Empty(); });
  }

  RecordingContext context;
  std::shared_ptr<Flusher> flusher;
  std::unique_ptr<Stage> stage;
};

class SpoolTest : public testing::Test {
 protected:
  std::filesystem::path Directory() const { return temporary_.path() / "buf"; }
  std::set<std::string> Delivered() {
    std::set<std::string> events;
    for (const auto& delivery : script_.deliveries()) {
      for (const auto& event : delivery) events.insert(event);
    }
    return events;
  }
  void RefuseAlways() {
    for (int i = 0; i < 1000; ++i) script_.Then(Refuse);
  }

  TempDir temporary_;
  // Declared before the runs: chunks that outlive a test's body still refer to them.
  CountedSegment segment_, other_;
  Script script_, later_;
};

BufferOptions Interval(double seconds) {
  BufferOptions options;
  options.flush_interval = seconds;
  options.flush_at_shutdown = false;
  return options;
}

TEST_F(SpoolTest, SegmentIsReleasedWhenTheEventsAreOnTheDisk) {
  BufferRun run(Directory(), Interval(3600), script_);
  run.Emit(1, 3, segment_);
  EXPECT_TRUE(run.Eventually([this] { return segment_.complete; }));
  EXPECT_TRUE(script_.deliveries().empty());
  const auto files = FilesIn(Directory());
  ASSERT_EQ(files.size(), 1u);
  EXPECT_TRUE(files[0].starts_with("buffer.b")) << files[0];
}

TEST_F(SpoolTest, DeliveredChunkLeavesTheDisk) {
  BufferRun run(Directory(), Interval(0.02), script_);
  run.Emit(1, 3, segment_);
  EXPECT_TRUE(run.Eventually([this] { return !script_.deliveries().empty(); }));
  EXPECT_TRUE(run.Eventually([this] { return FilesIn(Directory()).empty(); }));
  EXPECT_TRUE(run.Eventually([&] { return run.flusher->bytes().load() == 0; }));
  EXPECT_EQ(script_.deliveries()[0],
            (std::vector<std::string>{R"({"n":1})", R"({"n":2})", R"({"n":3})"}));
}

TEST_F(SpoolTest, WhatTheDestinationDoesNotTakeIsDeliveredByTheNextRun) {
  RefuseAlways();
  {
    BufferRun run(Directory(), Interval(0.02), script_);
    run.Emit(1, 3, segment_);
    ASSERT_TRUE(run.Eventually([this] { return segment_.complete; }));
    ASSERT_TRUE(run.Eventually([this] { return script_.deliveries().size() > 1; }));
    run.Emit(4, 5, other_);
    EXPECT_TRUE(run.StopGracefully());
    EXPECT_TRUE(other_.complete);
  }
  EXPECT_FALSE(FilesIn(Directory()).empty());
  BufferRun run(Directory(), Interval(0.02), later_);
  EXPECT_TRUE(run.Eventually([this] { return FilesIn(Directory()).empty(); }));
  std::multiset<std::string> events;
  for (const auto& delivery : later_.deliveries()) {
    events.insert(delivery.begin(), delivery.end());
  }
  EXPECT_EQ(events, (std::multiset<std::string>{R"({"n":1})", R"({"n":2})", R"({"n":3})",
                                                R"({"n":4})", R"({"n":5})"}));
}

TEST_F(SpoolTest, StagedChunkGrowsOnAfterARestart) {
  {
    BufferRun run(Directory(), Interval(3600), script_);
    run.Emit(1, 2, segment_);
    EXPECT_TRUE(run.StopGracefully());
  }
  const auto before = FilesIn(Directory());
  BufferRun run(Directory(), Interval(3600), script_);
  run.Emit(3, 3, other_);
  EXPECT_TRUE(run.Eventually([this] { return other_.complete; }));
  EXPECT_EQ(FilesIn(Directory()), before);
  run.stage->Flush(run.context);
  EXPECT_TRUE(run.Eventually([this] { return FilesIn(Directory()).empty(); }));
  EXPECT_EQ(script_.deliveries(),
            (std::vector<std::vector<std::string>>{{R"({"n":1})", R"({"n":2})", R"({"n":3})"}}));
}

TEST_F(SpoolTest, FlushAtShutdownSendsAllOnce) {
  BufferOptions options = Interval(3600);
  options.flush_at_shutdown = true;
  BufferRun run(Directory(), options, script_);
  run.Emit(1, 3, segment_);
  EXPECT_TRUE(run.StopGracefully());
  EXPECT_EQ(script_.deliveries().size(), 1u);
  EXPECT_TRUE(FilesIn(Directory()).empty());
}

TEST_F(SpoolTest, RefusedEventGoesToTheErrorStreamAndTheFileStaysUntilItIsSafe) {
  script_.Then([](const Chunk&) {
    Delivery delivery;
    delivery.code = Delivery::Code::kPartial;
    delivery.rejected = {{1, "mapper_parsing_exception"}};
    return delivery;
  });
  BufferRun run(Directory(), Interval(0.02), script_);
  run.Emit(1, 2, segment_);
  EXPECT_TRUE(run.Eventually([&] { return !run.context.errors.empty(); }));
  EXPECT_EQ(run.context.errors,
            std::vector<std::string>{R"(t 102 {"n":2} mapper_parsing_exception)"});
  EXPECT_TRUE(run.Eventually([this] { return FilesIn(Directory()).empty(); }));
}

TEST_F(SpoolTest, GivenUpChunkGoesToTheBackupDirectory) {
  RefuseAlways();
  BufferOptions options = Interval(0.02);
  options.retry.max_times = 1;
  BufferRun run(Directory(), options, script_);
  run.Emit(1, 2, segment_);
  EXPECT_TRUE(run.Eventually([&] { return run.context.dropped["retry_limit"] == 2; }));
  EXPECT_TRUE(FilesIn(Directory()).empty());
  EXPECT_EQ(FilesIn(temporary_.path() / "root/backup/worker0/test").size(), 1u);
}

TEST_F(SpoolTest, TornTailIsCutOffAndTheRestDelivered) {
  {
    BufferRun run(Directory(), Interval(3600), script_);
    run.Emit(1, 2, segment_);
    EXPECT_TRUE(run.StopGracefully());
  }
  const std::string path = (Directory() / FilesIn(Directory())[0]).string();
  std::ofstream(path, std::ios::app | std::ios::binary) << "\xc1TRF\x02 half a frame";
  BufferRun run(Directory(), Interval(0.02), script_);
  EXPECT_TRUE(run.Eventually([this] { return FilesIn(Directory()).empty(); }));
  EXPECT_EQ(Delivered().size(), 2u);
}

TEST_F(SpoolTest, ChunksOfAnotherOutputAreLeftAlone) {
  {
    BufferRun run(Directory(), Interval(3600), script_, "forward");
    run.Emit(1, 2, segment_);
    EXPECT_TRUE(run.StopGracefully());
  }
  const auto before = FilesIn(Directory());
  BufferRun run(Directory(), Interval(0.02), script_, "elasticsearch");
  run.Emit(3, 3, other_);
  EXPECT_TRUE(run.Eventually([this] { return Delivered().contains(R"({"n":3})"); }));
  EXPECT_TRUE(run.Eventually([&] { return FilesIn(Directory()) == before; }));
}

TEST_F(SpoolTest, SecondUserOfADirectoryWaitsForTheFirst) {
  auto first = std::make_unique<BufferRun>(Directory(), Interval(3600), script_);
  first->Emit(1, 1, segment_);
  ASSERT_TRUE(first->Eventually([this] { return segment_.complete; }));
  BufferRun second(Directory(), Interval(0.02), later_);
  second.Emit(2, 2, other_);
  EXPECT_FALSE(other_.complete);
  EXPECT_TRUE(first->StopGracefully());
  first.reset();
  EXPECT_TRUE(second.Eventually([this] { return FilesIn(Directory()).empty(); }));
  EXPECT_TRUE(other_.complete);
}

TEST_F(SpoolTest, OldestChunkIsDroppedWhereAskedFor) {
  RefuseAlways();
  BufferOptions options = Interval(0.001);
  options.overflow_action = OverflowAction::kDropOldestChunk;
  options.chunk_limit_records = 1;
  options.total_limit_size = 1;
  BufferRun run(Directory(), options, script_);
  run.Emit(1, 1, segment_);
  for (int n = 2; n <= 40; ++n) {
    run.Emit(n, n, other_);
    ASSERT_TRUE(run.Eventually([this] { return other_.complete; }));
    other_.complete = false;
  }
  // Those that the flush thread has in hand are not dropped.
  EXPECT_LT(FilesIn(Directory()).size(), 10u);
}

}  // namespace
}  // namespace tailrace::buffer
