// SPDX-License-Identifier: Apache-2.0
// Frames in and out, whole, torn and damaged.
#include "buffer/frames.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tailrace/batch.h"

namespace tailrace::buffer {
namespace {

constexpr size_t kRawMax = 64 << 20;

void AddEvents(const std::vector<std::string>& events, Chunk& chunk) {
  for (const std::string& event : events) {
    chunk.BeginEvent({});
    chunk.body.Append(event);
  }
}

std::vector<std::string> EventsOf(const Chunk& chunk) {
  std::vector<std::string> events;
  for (size_t i = 0; i < chunk.events(); ++i) events.emplace_back(chunk.event(i));
  return events;
}

void AddTimes(const std::string& tag, Chunk& chunk) {
  auto origin = std::make_shared<Origin>();
  origin->tag = tag;
  chunk.origins.push_back({0, origin});
  while (chunk.times.size() < chunk.events()) {
    chunk.times.push_back({-static_cast<int64_t>(chunk.times.size()), 123456789});
  }
}

// A metadata frame and one frame of two events for each of `frames`.
std::string FileOf(Codec codec, int frames) {
  FrameWriter writer(codec);
  ByteBuffer file;
  writer.AppendMeta("meta", file);
  for (int i = 0; i < frames; ++i) {
    Chunk chunk;
    AddEvents({"first" + std::to_string(i), "second" + std::to_string(i)}, chunk);
    AddTimes("tag" + std::to_string(i), chunk);
    EXPECT_TRUE(writer.AppendEvents(chunk, file));
  }
  return std::string(file.view());
}

FrameScan Read(std::string_view bytes, std::vector<std::string>* events) {
  Chunk chunk;
  std::string_view meta;
  const FrameScan scan = ReadFrames(bytes, kRawMax, &meta, chunk);
  *events = EventsOf(chunk);
  return scan;
}

class FramesTest : public testing::TestWithParam<Codec> {};

TEST_P(FramesTest, WhatIsWrittenIsRead) {
  const std::string file = FileOf(GetParam(), 3);
  Chunk chunk;
  std::string_view meta;
  const FrameScan scan = ReadFrames(file, kRawMax, &meta, chunk);
  EXPECT_EQ(meta, "meta");
  EXPECT_EQ(scan.events, 6u);
  EXPECT_EQ(scan.end, file.size());
  EXPECT_EQ(scan.damaged_bytes, 0u);
  EXPECT_EQ(EventsOf(chunk), (std::vector<std::string>{"first0", "second0", "first1", "second1",
                                                       "first2", "second2"}));
  EXPECT_EQ(chunk.time_of(5), (EventTime{-1, 123456789}));
  EXPECT_EQ(chunk.origin_of(1)->tag, "tag0");
  EXPECT_EQ(chunk.origin_of(4)->tag, "tag2");
}

TEST_P(FramesTest, EveryTornEndCostsTheLastFrameOnly) {
  const std::string two = FileOf(GetParam(), 2);
  const std::string three = FileOf(GetParam(), 3);
  for (size_t size = two.size(); size < three.size(); ++size) {
    std::vector<std::string> events;
    const FrameScan scan = Read(std::string_view(three).substr(0, size), &events);
    EXPECT_EQ(scan.end, two.size());
    EXPECT_EQ(events.size(), 4u);
  }
}

TEST_P(FramesTest, EveryFlippedByteCostsItsOwnFrameOnly) {
  const std::string file = FileOf(GetParam(), 3);
  const size_t meta_end = FileOf(GetParam(), 0).size();
  for (size_t at = meta_end; at < file.size(); ++at) {
    std::string damaged = file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x5a);
    std::vector<std::string> events;
    Read(damaged, &events);
    EXPECT_EQ(events.size(), 4u) << "byte " << at;
  }
}

TEST_P(FramesTest, RandomDamageNeitherCrashesNorInventsEvents) {
  const std::string file = FileOf(GetParam(), 8);
  std::vector<std::string> good;
  Read(file, &good);
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = file;
    for (int i = 0; i < 4; ++i) {
      const size_t at = random() % damaged.size();
      switch (random() % 4) {
        case 0:
          damaged[at] = static_cast<char>(random());
          break;
        case 1:
          damaged.erase(at, random() % 40);
          break;
        case 2:
          damaged.insert(at, std::string(random() % 40, static_cast<char>(random())));
          break;
        default:
          damaged.insert(at, damaged.substr(random() % damaged.size(), random() % 100));
      }
    }
    std::vector<std::string> events;
    Read(damaged, &events);
    for (const std::string& event : events) {
      EXPECT_NE(std::find(good.begin(), good.end(), event), good.end()) << event;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, FramesTest,
                         testing::Values(Codec::kNone, Codec::kGzip, Codec::kZstd));

TEST(Frames, PayloadBeyondTheLimitIsRefused) {
  FrameWriter writer(Codec::kGzip);
  Chunk chunk;
  AddEvents({std::string(1 << 20, 'x')}, chunk);
  ByteBuffer file;
  ASSERT_TRUE(writer.AppendEvents(chunk, file));
  Chunk read;
  std::string_view meta;
  EXPECT_EQ(ReadFrames(file.view(), 1000, &meta, read).events, 0u);
}

TEST(Frames, TimesAreForgottenWhereTheyAreNotKnownOfAll) {
  FrameWriter writer(Codec::kNone);
  ByteBuffer file;
  Chunk first;
  AddEvents({"a"}, first);
  ASSERT_TRUE(writer.AppendEvents(first, file));
  Chunk second;
  AddEvents({"b"}, second);
  AddTimes("tag", second);
  ASSERT_TRUE(writer.AppendEvents(second, file));
  Chunk read;
  std::string_view meta;
  EXPECT_EQ(ReadFrames(file.view(), kRawMax, &meta, read).events, 2u);
  EXPECT_EQ(read.time_of(1), kNoTime);
  EXPECT_EQ(read.origin_of(1), nullptr);
}

TEST(Frames, FluentdsFilesAreNone) {
  EXPECT_FALSE(IsFrameFile("\x92\xd7"));
  EXPECT_FALSE(IsFrameFile(""));
  EXPECT_EQ(FindFrame("\xc1TRF but nothing more", 0), std::string_view::npos);
}

}  // namespace
}  // namespace tailrace::buffer
