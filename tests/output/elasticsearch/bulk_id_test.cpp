// SPDX-License-Identifier: Apache-2.0
#include "output/elasticsearch/bulk_id.h"

#include <gtest/gtest.h>

#include <string>

namespace tailrace::elasticsearch {
namespace {

std::string Id(uint64_t offset, uint16_t sub = 0) {
  ByteBuffer out;
  AppendDocumentId("0123456789abcdef", offset, sub, out);
  return std::string(out.view());
}

TEST(BulkIdTest, IdsOfOneFileSortByOffset) {
  EXPECT_EQ(Id(0), "0123456789abcdef--------");
  EXPECT_EQ(Id(63).size(), 24u);
  std::string last = Id(0);
  for (uint64_t offset = 1; offset < (uint64_t{1} << 47); offset = offset * 3 + 1) {
    EXPECT_LT(last, Id(offset));
    last = Id(offset);
  }
}

TEST(BulkIdTest, PartsOfOneEventDiffer) {
  EXPECT_EQ(Id(5, 1), Id(5) + ".1");
  EXPECT_EQ(Id(5, 65535), Id(5) + ".65535");
}

}  // namespace
}  // namespace tailrace::elasticsearch
