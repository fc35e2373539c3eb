// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/bulk_answer.h"

#include <gtest/gtest.h>

namespace tailrace::elasticsearch {
namespace {

TEST(BulkAnswerTest, NoErrorsNeedsNoItems) {
  const Delivery delivery = ReadBulkAnswer(R"({"took":3,"errors":false,"items":[garbage)", 5, "h");
  EXPECT_EQ(delivery.code, Delivery::Code::kDone);
}

TEST(BulkAnswerTest, ItemsAreReadByStatus) {
  const Delivery delivery = ReadBulkAnswer(
      R"({"took":3,"errors":true,"items":[
        {"create":{"status":201}},
        {"create":{"status":409,"error":{"type":"version_conflict_engine_exception"}}},
        {"create":{"status":429,"error":{"type":"es_rejected_execution_exception","reason":"busy"}}},
        {"create":{"status":503,"error":"unavailable"}},
        {"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"failed",
          "caused_by":{"type":"illegal_argument_exception","reason":"no number"}}}}]})",
      5, "http://es:9200");
  EXPECT_EQ(delivery.code, Delivery::Code::kPartial);
  EXPECT_EQ(delivery.retry, (std::vector<uint32_t>{2, 3}));
  ASSERT_EQ(delivery.rejected.size(), 1u);
  EXPECT_EQ(delivery.rejected[0].index, 4u);
  EXPECT_EQ(
      delivery.rejected[0].reason,
      "status 400: document_parsing_exception: failed: illegal_argument_exception: no number");
  EXPECT_EQ(delivery.why,
            "http://es:9200 took 2 of 5 documents; first error: status 429: "
            "es_rejected_execution_exception: busy");
}

TEST(BulkAnswerTest, OnlyConflictsAreDone) {
  const Delivery delivery =
      ReadBulkAnswer(R"({"errors":true,"items":[{"create":{"status":409}}]})", 1, "h");
  EXPECT_EQ(delivery.code, Delivery::Code::kDone);
}

TEST(BulkAnswerTest, WhatIsMissingOrUnreadableIsSentAgain) {
  const Delivery fewer =
      ReadBulkAnswer(R"({"errors":true,"items":[{"index":{"status":201}},{},7]})", 5, "h");
  EXPECT_EQ(fewer.code, Delivery::Code::kPartial);
  EXPECT_EQ(fewer.retry, (std::vector<uint32_t>{1, 2, 3, 4}));
  EXPECT_EQ(ReadBulkAnswer("<html>", 2, "h").code, Delivery::Code::kRetry);
  EXPECT_EQ(ReadBulkAnswer("", 2, "h").code, Delivery::Code::kRetry);
}

TEST(BulkAnswerTest, MoreItemsThanEventsAreIgnored) {
  const Delivery delivery = ReadBulkAnswer(
      R"({"errors":true,"items":[{"index":{"status":201}},{"index":{"status":429}}]})", 1, "h");
  EXPECT_EQ(delivery.code, Delivery::Code::kDone);
}

}  // namespace
}  // namespace tailrace::elasticsearch
