// SPDX-License-Identifier: Apache-2.0
#include "event/inject.h"

#include <gtest/gtest.h>

#include "event/json.h"

namespace tailrace {
namespace {

std::string JsonOf(const Batch& batch, const Row& row) {
  ByteBuffer out;
  json::AppendObject(batch, row, out);
  return std::string(out.view());
}

TEST(Inject, SetsWhatTheSectionNamesInOrder) {
  InjectParams params;
  params.hostname_key = "host";
  params.worker_id_key = "worker";
  params.tag_key = "tag";
  params.time_key = "time";
  params.time_type = InjectTimeType::kUnixtimeMillis;
  auto injector = Injector::Create(params, "node-1", 3);
  ASSERT_TRUE(injector);
  EXPECT_FALSE(injector->empty());
  Batch batch;
  Row& row = batch.AddRow({});
  row.time = {1705314600, 123456789};
  batch.Append(row, "tag", Value::Clean("old"));
  batch.Append(row, "a", Value::Bool(true));
  injector->Apply(batch, row, "app.web");
  EXPECT_EQ(JsonOf(batch, row),
            R"({"tag":"app.web","a":true,"host":"node-1","worker":3,"time":1705314600123})");
}

TEST(Inject, ABadTimezoneIsRefused) {
  InjectParams params;
  params.time_key = "t";
  params.time_type = InjectTimeType::kString;
  params.timezone = "Mars/Base";
  EXPECT_FALSE(Injector::Create(params, "h", 0));
}

TEST(Extract, TakesTagAndTimeOutOfTheRecord) {
  ExtractParams params;
  params.tag_key = "tag";
  params.time_key = "at";
  params.keep_time_key = true;
  auto extractor = Extractor::Create(params, [] { return EventTime{1, 0}; });
  ASSERT_TRUE(extractor);
  Batch batch;
  Row& row = batch.AddRow({});
  row.time = {1, 0};
  batch.Append(row, "at", Value::Of(Kind::kNumber, "1705314600.5"));
  batch.Append(row, "tag", Value::Clean("a.b"));
  EXPECT_EQ(extractor->TakeTag(batch, row), "a.b");
  EXPECT_EQ(extractor->TakeTag(batch, row), std::nullopt);
  EXPECT_TRUE(extractor->TakeTime(batch, row));
  EXPECT_EQ(row.time, (EventTime{1705314600, 500000000}));
  EXPECT_EQ(JsonOf(batch, row), R"({"at":1705314600.5})");
}

TEST(Extract, WhatIsNoTimeIsAnError) {
  ExtractParams params;
  params.time_key = "at";
  params.time_type = ExtractTimeType::kString;
  params.time_format = "%Y-%m-%d";
  auto extractor = Extractor::Create(params, [] { return EventTime{1, 0}; });
  ASSERT_TRUE(extractor);
  Batch batch;
  Row& row = batch.AddRow({});
  row.time = {1, 0};
  batch.Append(row, "at", Value::Clean("yesterday"));
  EXPECT_FALSE(extractor->TakeTime(batch, row));
  EXPECT_EQ(row.time, (EventTime{1, 0}));
}

}  // namespace
}  // namespace tailrace
