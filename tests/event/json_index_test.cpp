// SPDX-License-Identifier: Apache-2.0
#include "event/json_index.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event/json.h"

namespace tailrace::json {
namespace {

// An index made byte by byte.
struct PlainIndex {
  std::vector<uint32_t> quotes;
  std::vector<uint32_t> escapes;
  bool non_ascii = false;
  bool valid = true;

  explicit PlainIndex(std::string_view text) {
    for (uint32_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      non_ascii |= byte > 0x7f;
      if (byte < 0x20 && quotes.size() % 2 == 1) valid = false;
      const bool escaped = !escapes.empty() && escapes.back() + 1 == i;
      if (escaped) continue;
      if (byte == '\\') escapes.push_back(i);
      if (byte == '"') quotes.push_back(i);
    }
    if (quotes.size() % 2 == 1) valid = false;
  }
};

std::vector<uint32_t> ListOf(const Positions& positions) {
  return {positions.data(), positions.data() + positions.count()};
}

TEST(JsonIndex, EachBuilderListsWhatIsThere) {
  uint32_t random = 12345;
  auto next = [&random] { return (random = random * 1664525 + 1013904223) >> 8; };
  const std::string_view kLetters = "\"\"\\\\\\abc \n\t\x01\x80";
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    const size_t size = next() & 255;
    const unsigned rarity = 1 + (next() & 31);
    while (text.size() < size) {
      text += next() % rarity == 0 ? kLetters[next() % kLetters.size()] : 'x';
    }
    const PlainIndex want(text);
    text += std::string(kPadding, '"');
    for (int i = 0; i < kIndexBuilderCount; ++i) {
      const IndexBuilder& builder = kIndexBuilders[i];
      if (!builder.supported()) continue;
      Index got;
      ASSERT_EQ(builder.build(got, {text.data(), size}), want.valid) << builder.name << text;
      if (!want.valid) continue;
      ASSERT_EQ(got.non_ascii, want.non_ascii);
      ASSERT_EQ(ListOf(got.quotes), want.quotes) << builder.name << text;
      ASSERT_EQ(ListOf(got.escapes), want.escapes) << builder.name << text;
      ASSERT_EQ(got.escapes.data()[got.escapes.count()], UINT32_MAX);
    }
  }
}

TEST(JsonIndex, HasRepeat) {
  for (size_t count = 0; count < 100; ++count) {
    std::vector<uint32_t> numbers(count + 3, 7);
    for (size_t i = 0; i < count; ++i) numbers[i] = static_cast<uint32_t>(i * 2654435761u);
    EXPECT_FALSE(HasRepeat(numbers.data(), count)) << count;
    for (size_t i = 0; i < count; ++i) {
      for (size_t j = 0; j < i; ++j) {
        std::vector<uint32_t> twice = numbers;
        twice[i] = twice[j];
        ASSERT_TRUE(HasRepeat(twice.data(), count)) << count << " " << i << " " << j;
      }
    }
  }
}

}  // namespace
}  // namespace tailrace::json
