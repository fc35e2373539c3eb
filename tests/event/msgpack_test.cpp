// SPDX-License-Identifier: Apache-2.0
#include "event/msgpack.h"

#include <gtest/gtest.h>

#include <cstring>

#include "event/json.h"

namespace tailrace::msgpack {
namespace {

std::string JsonOf(const Batch& batch, const Row& row) {
  ByteBuffer out;
  json::AppendObject(batch, row, out);
  return std::string(out.view());
}

// The record written as MessagePack and read again.
std::string RoundTrip(const std::string& json) {
  Batch batch;
  std::string padded = json + std::string(json::kPadding, '\0');
  Row& row = batch.AddRow({});
  EXPECT_TRUE(json::ParseObject(std::string_view(padded).substr(0, json.size()), batch, row));
  Arena scratch;
  ByteBuffer bytes;
  EXPECT_TRUE(AppendRow(batch, row, scratch, bytes));
  Batch back;
  Reader reader(bytes.view(), back.arena());
  uint32_t entries = 0;
  bool is_map = false;
  EXPECT_EQ(reader.EnterMap(&entries, &is_map), ReadResult::kOk);
  EXPECT_TRUE(is_map);
  Row& read = back.AddRow({});
  EXPECT_EQ(reader.ReadEntries(entries, back, read), ReadResult::kOk);
  EXPECT_TRUE(reader.at_end());
  return JsonOf(back, read);
}

TEST(Msgpack, RoundTrips) {
  for (
      const std::string json :
      {R"({})", R"({"a":null,"b":true,"c":false})",
       R"({"n":[0,127,128,255,256,65535,65536,4294967295,4294967296,18446744073709551615]})",
       R"({"n":[-1,-32,-33,-128,-129,-32768,-32769,-2147483648,-2147483649,-9223372036854775808]})",
       R"({"f":[0.5,-1.25,100.0],"s":"é日😀","e":"a\"b\\c\n"})", R"({"o":{"k":{"l":[[],{}]}}})"}) {
    EXPECT_EQ(RoundTrip(json), json);
  }
  const std::string many = [] {
    std::string text = "{\"a\":[";
    for (int i = 0; i < 70000; ++i) text += i == 0 ? "1" : ",1";
    return text + "],\"s\":\"" + std::string(70000, 'x') + "\"}";
  }();
  EXPECT_EQ(RoundTrip(many), many);
}

TEST(Msgpack, EveryCutIsIncomplete) {
  const std::string bytes(
      "\x82\xA1"
      "a\x93\x01\xCB\x3F\xF8\0\0\0\0\0\0\xA1x\xA1"
      "t\xD7\0\0\0\0\5\0\0\0\6",
      28);
  for (size_t size = 0; size < bytes.size(); ++size) {
    Arena arena;
    Reader reader(std::string_view(bytes).substr(0, size), arena);
    Value value;
    EXPECT_EQ(reader.Next(&value), ReadResult::kIncomplete) << size;
    EXPECT_EQ(reader.position(), 0u);
  }
  Arena arena;
  Reader reader(bytes, arena);
  Value value;
  ASSERT_EQ(reader.Next(&value), ReadResult::kOk);
  EXPECT_EQ(value.bytes(), R"({"a":[1,1.5,"x"],"t":5})");
}

TEST(Msgpack, RefusesWhatIsNoValue) {
  Arena arena;
  Value value;
  Reader unused("\xC1", arena);
  EXPECT_EQ(unused.Next(&value), ReadResult::kInvalid);
  const std::string deep(1000, '\x91');
  Reader nested(deep, arena);
  EXPECT_EQ(nested.Next(&value), ReadResult::kInvalid);
  // A head that promises more than there is allocates nothing.
  Reader huge("\xDD\xFF\xFF\xFF\xFF", arena);
  EXPECT_EQ(huge.Next(&value), ReadResult::kIncomplete);
}

TEST(Msgpack, IntegersBeyond64BitsAreRefused) {
  Batch batch;
  Row& row = batch.AddRow({});
  batch.Append(row, "n", Value::Of(Kind::kNumber, "18446744073709551616"));
  Arena scratch;
  ByteBuffer out;
  EXPECT_FALSE(AppendRow(batch, row, scratch, out));
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace tailrace::msgpack
