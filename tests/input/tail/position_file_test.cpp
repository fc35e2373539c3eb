// SPDX-License-Identifier: Apache-2.0
// The pos_file as Fluentd writes and reads it (tests/oracle/buffers.ndjson, kind pos).
#include "input/tail/position_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "input/tail/whole_file.h"
#include "oracle/oracle.h"

namespace tailrace::tail {
namespace {

class PositionFileTest : public ::testing::Test {
 protected:
  PositionFileTest() {
    std::string name = (std::filesystem::temp_directory_path() / "pos_test_XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    folder_ = name;
  }
  ~PositionFileTest() override { std::filesystem::remove_all(folder_); }
  std::string Path() const { return folder_ + "/dir/pos"; }
  void Write(const std::string& text) const {
    std::filesystem::create_directories(folder_ + "/dir");
    std::ofstream(Path(), std::ios::binary) << text;
  }
  std::string Text() const { return ReadWholeFile(Path()).value(); }

  std::string folder_;
};

TEST_F(PositionFileTest, LoadsAndCompactsAsFluentd) {
  size_t cases = 0;
  std::ifstream in(oracle::Folder() + "buffers.ndjson");
  for (std::string line; std::getline(in, line);) {
    const auto data = oracle::Json::parse(line);
    const auto& input = data["input"];
    if (input["kind"] != "pos") continue;
    SCOPED_TRACE(data["id"].get<std::string>() + " " + data["about"].get<std::string>());
    ++cases;
    Write(input["pos_file"]);
    PositionFile file(Path(), input["follow_inodes"]);
    ASSERT_TRUE(file.Open());
    if (input.contains("existing_targets")) {
      const auto existing = input["existing_targets"].get<std::vector<std::string>>();
      ASSERT_TRUE(file.Keep([&](const PositionEntry& entry) {
        return std::find(existing.begin(), existing.end(), entry.path) != existing.end();
      }));
    }
    EXPECT_EQ(Text(), data["expect"]["pos_file"].get<std::string>());
    std::vector<PositionEntry> entries;
    for (size_t i = 0; i < file.slots(); ++i) {
      if (file.watched(i)) entries.push_back(file.entry(i));
    }
    ASSERT_EQ(entries.size(), data["expect"]["entries"].size());
    for (size_t i = 0; i < entries.size(); ++i) {
      EXPECT_EQ(entries[i].position, data["expect"]["entries"][i]["pos"].get<uint64_t>());
      EXPECT_EQ(entries[i].inode, data["expect"]["entries"][i]["inode"].get<uint64_t>());
    }
  }
  EXPECT_EQ(cases, 8u);
}

TEST_F(PositionFileTest, UpdatesInPlace) {
  PositionFile file(Path(), false);
  ASSERT_TRUE(file.Open());
  const size_t a = file.Add({"/a.log", 0, 1});
  const size_t b = file.Add({"/b.log", 5, 2});
  ASSERT_TRUE(file.Set(a, 255, 4096));
  EXPECT_EQ(
      Text(),
      "/a.log\t00000000000000ff\t0000000000001000\n/b.log\t0000000000000005\t0000000000000002\n");
  ASSERT_TRUE(file.Unwatch(a));
  EXPECT_EQ(
      Text(),
      "/a.log\tffffffffffffffff\t0000000000001000\n/b.log\t0000000000000005\t0000000000000002\n");
  ASSERT_TRUE(file.Compact());
  ASSERT_TRUE(file.Set(b, 6, 2));
  EXPECT_EQ(Text(), "/b.log\t0000000000000006\t0000000000000002\n");
  EXPECT_EQ(file.Add({"/c.log", 0, 3}), a) << "the slot is free again";
}

TEST_F(PositionFileTest, KeepsItsModeAndAnyOwnerOfTheName) {
  Write("/a.log\t0000000000000001\t0000000000000005\n");
  std::filesystem::permissions(
      Path(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  PositionFile file(Path(), false);
  ASSERT_TRUE(file.Open());
  EXPECT_EQ(std::filesystem::status(Path()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_FALSE(std::filesystem::exists(Path() + ".new"));
}

TEST_F(PositionFileTest, GarbageIsCountedAndNeverHarms) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::string text =
        "/var/log/a.log\t00000000000000ff\t0000000000001000\n"
        "/var/log/b.log\t0000000000000001\t0000000000001001\n";
    for (unsigned i = 0; i < 1 + random() % 8; ++i) {
      const size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.resize(at + 1);
          break;
        default:
          text.insert(at, std::string(random() % 40, static_cast<char>(random())));
      }
    }
    Write(text);
    PositionFile file(Path(), round % 2 == 0);
    ASSERT_TRUE(file.Open());
    uint64_t bad = 0;
    const auto entries = ParsePositions(Text(), round % 2 == 0, &bad);
    EXPECT_EQ(bad, 0u) << "what was written can be read";
    std::string again;
    for (const auto& entry : entries) again += FormatPosition(entry);
    EXPECT_EQ(again, Text());
  }
}

}  // namespace
}  // namespace tailrace::tail
