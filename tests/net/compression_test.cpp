// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>

#include "net/gzip.h"
#include "net/zstd.h"

namespace tailrace::net {
namespace {

// Lines that compress like bulk bodies.
std::string SampleLines(std::size_t bytes) {
  std::string text;
  std::minstd_rand random(7);
  while (text.size() < bytes) {
    text += "{\"create\":{\"_index\":\"echo-logs-2026.03.04\"}}\n{\"message\":\"request " +
            std::to_string(random()) + " done\",\"level\":\"info\"}\n";
  }
  text.resize(bytes);
  return text;
}

std::string Noise(std::size_t bytes) {
  std::string text(bytes, '\0');
  std::minstd_rand random(3);
  for (char& c : text) c = static_cast<char>(random() >> 8);
  return text;
}

std::string GzipOf(std::string_view bytes, CompressionLevel level = CompressionLevel::kFast) {
  ByteBuffer out;
  EXPECT_TRUE(GzipCompressor(level).Compress(bytes, out));
  return std::string(out.view());
}

class GzipLevelTest : public testing::TestWithParam<CompressionLevel> {};

TEST_P(GzipLevelTest, GivesBackWhatWentIn) {
  GzipCompressor compressor(GetParam());
  for (std::size_t size : {0UL, 1UL, 100UL, 65536UL, 65537UL, 3000000UL}) {
    for (const std::string& plain : {SampleLines(size), Noise(size)}) {
      ByteBuffer packed;
      packed.Append("before");
      ASSERT_TRUE(compressor.Compress(plain, packed));
      EXPECT_EQ(packed.view().substr(0, 6), "before");
      ByteBuffer unpacked;
      const Status status = GzipDecompress(packed.view().substr(6), size, unpacked);
      ASSERT_TRUE(status) << status.error().message;
      EXPECT_EQ(unpacked.view(), plain);
    }
  }
}

TEST_P(GzipLevelTest, SlicesAreOneText) {
  const std::string large = SampleLines(200000);
  const std::array<std::string_view, 5> slices = {"", "a\n", large, "", "z"};
  ByteBuffer packed;
  ASSERT_TRUE(GzipCompressor(GetParam()).Compress(slices, packed));
  ByteBuffer unpacked;
  ASSERT_TRUE(GzipDecompress(packed.view(), 1 << 20, unpacked));
  EXPECT_EQ(unpacked.view(), "a\n" + large + "z");
  ByteBuffer empty;
  ASSERT_TRUE(GzipCompressor(GetParam()).Compress(std::span<const std::string_view>(), empty));
  unpacked.Clear();
  ASSERT_TRUE(GzipDecompress(empty.view(), 0, unpacked));
}

INSTANTIATE_TEST_SUITE_P(Levels, GzipLevelTest,
                         testing::Values(CompressionLevel::kNone, CompressionLevel::kFast,
                                         CompressionLevel::kDefault, CompressionLevel::kBest));

TEST(GzipTest, HigherLevelsAreSmaller) {
  const std::string plain = SampleLines(1 << 20);
  const std::size_t fast = GzipOf(plain, CompressionLevel::kFast).size();
  const std::size_t normal = GzipOf(plain, CompressionLevel::kDefault).size();
  EXPECT_LT(fast, plain.size() / 3);
  EXPECT_LT(normal, fast);
  EXPECT_LE(GzipOf(plain, CompressionLevel::kBest).size(), normal);
}

TEST(GzipTest, SeveralMembers) {
  ByteBuffer out;
  ASSERT_TRUE(GzipDecompress(GzipOf("one ") + GzipOf("") + GzipOf("two"), 100, out));
  EXPECT_EQ(out.view(), "one two");
}

TEST(GzipTest, DamageIsAnErrorAndLeavesTheBufferAlone) {
  const std::string good = GzipOf(SampleLines(100000));
  ByteBuffer out;
  out.Append("kept");
  EXPECT_FALSE(GzipDecompress("", 100, out));
  EXPECT_FALSE(GzipDecompress("not gzip at all", 100, out));
  EXPECT_FALSE(GzipDecompress(good + "x", 1 << 20, out));
  for (std::size_t cut : {1UL, 9UL, good.size() / 2, good.size() - 1}) {
    EXPECT_FALSE(GzipDecompress(good.substr(0, cut), 1 << 20, out)) << cut;
  }
  std::string flipped = good;
  flipped[good.size() - 6] = static_cast<char>(flipped[good.size() - 6] ^ 1);  // in the CRC
  EXPECT_FALSE(GzipDecompress(flipped, 1 << 20, out));
  EXPECT_EQ(out.view(), "kept");
}

TEST(GzipTest, LimitStopsABomb) {
  const std::string bomb = GzipOf(std::string(50 << 20, '\0'));
  ByteBuffer out;
  const Status status = GzipDecompress(bomb, 1 << 20, out);
  ASSERT_FALSE(status);
  EXPECT_NE(status.error().message.find("more than 1048576"), std::string::npos);
  EXPECT_LT(out.capacity(), std::size_t{4} << 20);
}

TEST(GzipTest, LevelNames) {
  EXPECT_EQ(ParseCompressionLevel("no_compression"), CompressionLevel::kNone);
  EXPECT_EQ(ParseCompressionLevel("best_speed"), CompressionLevel::kFast);
  EXPECT_EQ(ParseCompressionLevel("default_compression"), CompressionLevel::kDefault);
  EXPECT_EQ(ParseCompressionLevel("best_compression"), CompressionLevel::kBest);
  EXPECT_FALSE(ParseCompressionLevel("9"));
}

TEST(ZstdTest, GivesBackWhatWentIn) {
  ZstdCompressor compressor;
  for (std::size_t size : {0UL, 1UL, 65536UL, 3000000UL}) {
    for (const std::string& plain : {SampleLines(size), Noise(size)}) {
      const std::array<std::string_view, 3> slices = {"",
                                                      std::string_view(plain).substr(0, size / 3),
                                                      std::string_view(plain).substr(size / 3)};
      ByteBuffer packed;
      ASSERT_TRUE(compressor.Compress(slices, packed));
      ByteBuffer unpacked;
      const Status status = ZstdDecompress(packed.view(), size, unpacked);
      ASSERT_TRUE(status) << status.error().message;
      EXPECT_EQ(unpacked.view(), plain);
    }
  }
}

TEST(ZstdTest, FramesDamageAndLimit) {
  ZstdCompressor compressor;
  ByteBuffer one;
  ByteBuffer two;
  ASSERT_TRUE(compressor.Compress(SampleLines(1000), one));
  ASSERT_TRUE(compressor.Compress("two", two));
  const std::string frames = std::string(one.view()) + std::string(two.view());
  ByteBuffer out;
  ASSERT_TRUE(ZstdDecompress(frames, 2000, out));
  EXPECT_EQ(out.view(), SampleLines(1000) + "two");
  out.Clear();
  EXPECT_FALSE(ZstdDecompress("", 10, out));
  EXPECT_FALSE(ZstdDecompress("not zstd", 10, out));
  EXPECT_FALSE(ZstdDecompress(one.view().substr(0, one.size() - 1), 2000, out));
  EXPECT_FALSE(ZstdDecompress(frames, 1002, out));
  EXPECT_EQ(out.size(), 0U);
}

}  // namespace
}  // namespace tailrace::net
