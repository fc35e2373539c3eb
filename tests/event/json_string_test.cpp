// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event/json.h"

namespace tailrace::json {
namespace {

struct PassCase {
  std::string_view text;
  std::string_view written;
};

TEST(JsonString, Unescape) {
  const std::vector<PassCase> cases = {
      {R"(a\"\\\/\b\f\n\r\tz)", "a\"\\/\b\f\n\r\tz"},
      {R"(\u0041\u00e9\u65e5\ud83d\ude00)", "A\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80"},
      {R"(\u00e9\uD83D\uDE00x)", "\xc3\xa9\xf0\x9f\x98\x80x"},
      {"plain", "plain"},
  };
  for (const PassCase& item : cases) {
    Arena arena;
    EXPECT_EQ(Unescape(item.text, arena), item.written);
  }
}

TEST(JsonString, UnescapesAtAnyPlace) {
  const std::vector<PassCase> escapes = {{"\\n", "\n"},
                                         {"\\u00e9", "\xc3\xa9"},
                                         {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
                                         {"\\\\", "\\"}};
  for (size_t before = 0; before < 150; ++before) {
    for (size_t after = 0; after < 150; after += 7) {
      const PassCase& escape = escapes[(before + after) % escapes.size()];
      const PassCase& second = escapes[(before * 3 + after + 1) % escapes.size()];
      const std::string escaped = std::string(before, 'a') + std::string(escape.text) +
                                  std::string(second.text) + std::string(after, 'b');
      const std::string want = std::string(before, 'a') + std::string(escape.written) +
                               std::string(second.written) + std::string(after, 'b');
      Arena arena;
      ASSERT_EQ(Unescape(escaped, arena), want) << before << " " << after;
    }
  }
}

}  // namespace
}  // namespace tailrace::json
