// SPDX-License-Identifier: Apache-2.0
#include "buffer/chunk_paths.h"

#include <gtest/gtest.h>

#include "temp_dir.h"

namespace tailrace::buffer {
namespace {

const ChunkId kId = {0,    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

ChunkPaths Paths(const std::string& path, bool single = false) {
  return *ChunkPaths::Create(path, single ? ".buf" : ".log", single);
}

TEST(ChunkPaths, DirectoryPathAndPathsWithAStar) {
  EXPECT_EQ(Paths("/x/buf").directory(), "/x/buf");
  EXPECT_EQ(Paths("/x/buf/").directory(), "/x/buf");
  EXPECT_EQ(Paths("/x/buf").FileName({}, kId, false),
            "buffer.b00112233445566778899aabbccddeeff.log");
  EXPECT_EQ(Paths("/x/buf").FileName({}, kId, true),
            "buffer.q00112233445566778899aabbccddeeff.log");
  EXPECT_EQ(Paths("/x/buf.*").directory(), "/x");
  EXPECT_EQ(Paths("/x/buf.*").FileName({}, kId, false),
            "buf.b00112233445566778899aabbccddeeff.log");
  EXPECT_EQ(Paths("/x/buf.*.data").FileName({}, kId, false),
            "buf.b00112233445566778899aabbccddeeff.data");
  EXPECT_FALSE(ChunkPaths::Create("/x/*/buf.*.log", ".log", false));
}

TEST(ChunkPaths, AnExistingFileNamesAPrefix) {
  const TempDir directory;
  const std::string path = (directory.path() / "app").string();
  ASSERT_NE(std::fopen(path.c_str(), "w"), nullptr);
  EXPECT_EQ(Paths(path).directory(), directory.path().string());
  EXPECT_EQ(Paths(path).FileName({}, kId, false), "app.b00112233445566778899aabbccddeeff.log");
}

TEST(ChunkPaths, SingleFilesCarryTheirKey) {
  ChunkKey key;
  key.has_tag = true;
  key.tag = "we/ird tag.\xc3\xa9";
  const std::string name = Paths("/x", true).FileName(key, kId, false);
  EXPECT_EQ(name, "fsb.we%2Fird%20tag.%C3%A9.b00112233445566778899aabbccddeeff.buf");
  const auto parsed = Paths("/x", true).Parse(name);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->key, key.tag);
  EXPECT_EQ(parsed->id, kId);
  EXPECT_FALSE(parsed->queued);
}

TEST(ChunkPaths, OnlyChunkFilesAreRecognised) {
  const ChunkPaths paths = Paths("/x/buf");
  EXPECT_TRUE(paths.Parse("buffer.q00112233445566778899aabbccddeeff.log"));
  EXPECT_TRUE(paths.Parse("buffer.app.web.b5160c02cc8b0c2c8.log"));  // v0.12: tag and a short id
  EXPECT_EQ(paths.Parse("buffer.app.web.b5160c02cc8b0c2c8.log")->key, "app.web");
  EXPECT_FALSE(paths.Parse("buffer.q00112233445566778899aabbccddeeff.log.meta"));
  EXPECT_FALSE(paths.Parse("buffer.x123.log"));
  EXPECT_FALSE(paths.Parse("readme.txt"));
  EXPECT_FALSE(paths.Parse("buffer.lock"));
  EXPECT_FALSE(paths.Parse("buffer..log"));
  EXPECT_FALSE(paths.Parse(""));
}

}  // namespace
}  // namespace tailrace::buffer
