// SPDX-License-Identifier: Apache-2.0
#include "tailrace/batch.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace {
namespace {

std::string Keys(const Batch& batch, const Row& row) {
  std::string keys;
  for (const Field& field : batch.fields(row)) keys.append(field.key()) += ' ';
  return keys;
}

Field Named(std::string_view key) {
  Field field;
  field.set_key(key, true);
  return field;
}

TEST(Batch, KeepsOrder) {
  Batch batch;
  Row& row = batch.AddRow({});
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) batch.Append(row, key, Value::Bool(true));
  batch.Set(row, "c", Value::Clean("x"));
  EXPECT_TRUE(batch.Erase(row, "b"));
  EXPECT_FALSE(batch.Erase(row, "b"));
  batch.Set(row, "g", Value{});
  EXPECT_EQ(Keys(batch, row), "a c d e f g ");
  EXPECT_EQ(batch.Find(row, "c")->value().bytes(), "x");
  EXPECT_EQ(batch.Find(row, "b"), nullptr);
}

// Rows that grow after others were added move away and leave those alone.
TEST(Batch, RowsDoNotTouchEachOther) {
  Batch batch;
  constexpr size_t kRows = 50;
  for (size_t i = 0; i < kRows; ++i) batch.AddRow({});
  static const std::string kKeys = "abcdefghijklmnopqrstuvwxyz";
  for (size_t k = 0; k < kKeys.size(); ++k) {
    for (Row& row : batch.rows()) batch.Append(row, std::string_view(kKeys).substr(k, 1), Value{});
  }
  std::string want;
  for (const char key : kKeys) (want += key) += ' ';
  for (const Row& row : batch.rows()) EXPECT_EQ(Keys(batch, row), want);
}

// What a parser asked for and did not use, or gave up, is not seen by the rows that follow.
TEST(Batch, RoomIsWrittenAndCommitted) {
  Batch batch;
  for (int round = 0; round < 3; ++round) {
    Row* row = &batch.AddRow({});
    batch.Append(*row, "x", Value{});
    Field* room = batch.Room(*row, 100);
    room[0] = Named("a");
    room[1] = Named("b");
    batch.Commit(*row, 2);
    EXPECT_EQ(Keys(batch, *row), "x a b ");
    EXPECT_LE(row->capacity, 3 + Batch::kSlack);
    row = &batch.AddRow({});
    batch.Room(*row, 100)[0] = Named("given up");
    row = &batch.AddRow({});
    batch.Room(*row, 1)[0] = Named("c");
    batch.Commit(*row, 1);
    EXPECT_EQ(Keys(batch, batch.rows()[0]), "x a b ");
    EXPECT_EQ(Keys(batch, batch.rows()[1]), "");
    EXPECT_EQ(Keys(batch, batch.rows()[2]), "c ");
    batch.Append(batch.rows()[0], "y", Value{});
    batch.Append(batch.rows()[1], "z", Value{});
    EXPECT_EQ(Keys(batch, batch.rows()[0]), "x a b y ");
    EXPECT_EQ(Keys(batch, batch.rows()[1]), "z ");
    EXPECT_EQ(Keys(batch, batch.rows()[2]), "c ");
    batch.Reset();
  }
}

TEST(Batch, LimitsFields) {
  Batch batch;
  Row& row = batch.AddRow({});
  for (int i = 0; i < Batch::kFieldsMax; ++i) {
    ASSERT_TRUE(batch.Append(row, Named("k")));
  }
  EXPECT_FALSE(batch.Append(row, Named("k")));
  EXPECT_EQ(row.count, Batch::kFieldsMax);
}

TEST(Batch, CopiesRows) {
  Batch from;
  Batch to;
  {
    std::string key = "key";
    std::string value = "value";
    Row& row = from.AddRow({});
    row.time = {5, 6};
    row.begin = 7;
    row.end = 9;
    from.Append(row, key, Value::Text(value));
    to.CopyRow(from, row);
    // Within a batch the bytes are shared, the fields are not.
    from.CopyRow(from, from.rows()[0]);
    from.rows()[0].count = 0;
    EXPECT_EQ(Keys(from, from.rows()[1]), "key ");
    key = value = "gone";
  }
  from.Reset();
  const Row& copy = to.rows()[0];
  EXPECT_EQ(copy.time, (EventTime{5, 6}));
  EXPECT_EQ(copy.end, 9u);
  EXPECT_EQ(to.Find(copy, "key")->value().bytes(), "value");
}

}  // namespace
}  // namespace tailrace
