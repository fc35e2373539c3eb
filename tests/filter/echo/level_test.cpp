// SPDX-License-Identifier: Apache-2.0
#include "filter/echo/level.h"

#include <gtest/gtest.h>

namespace tailrace::echo {
namespace {

TEST(LevelTest, NormalizesWordsLettersAndNumbers) {
  const std::pair<const char*, const char*> cases[] = {
      {"INFO", "info"}, {"warning", "warn"}, {"Err", "error"},   {"critical", "fatal"},
      {"I", "info"},    {"[WARN]", "warn"},  {" info ", "info"}, {"30", "info"},
      {"6", "info"},    {"LOG", "info"},     {"banana", ""},     {"", ""}};
  for (const auto& [text, level] : cases) {
    EXPECT_EQ(NormalizeLevel(Value::Clean(text)), level) << text;
  }
  EXPECT_EQ(NormalizeLevel(Value::Of(Kind::kNumber, "50")), "error");
  EXPECT_EQ(NormalizeLevel(Value::Of(Kind::kNumber, "3")), "error");
  EXPECT_EQ(NormalizeLevel(Value::Of(Kind::kNumber, "-1")), "");
  EXPECT_EQ(NormalizeLevel(Value::Bool(true)), "");
}

TEST(LevelTest, ReadsLinesOfKnownPrograms) {
  struct Case {
    const char* line;
    const char* level;
    const char* message;
  };
  const Case cases[] = {
      {"E0115 10:30:00.123456       1 server.go:12] it broke", "error", "it broke"},
      {"1:M 15 Jan 2024 10:30:00.123 # Warning: no config", "warn", "Warning: no config"},
      {"1:M 15 Jan 2024 10:30:00.123 * Ready", "info", "Ready"},
      {"10.0.0.1 - - [15/Jan/2024:10:30:00 +0000] \"GET / HTTP/1.1\" 502 0 \"-\" \"x\"", "error",
       nullptr},
      {"2024/01/15 10:30:00 [warn] 12#12: *3 upstream slow", "warn", nullptr},
      {"2024-01-15 10:30:00.123 UTC [42] FATAL:  password authentication failed", "fatal", nullptr},
      {"[2024-01-15 10:30:00,123] INFO Registered broker (kafka)", "info", nullptr},
      {"[2024-01-15T10:30:00,123][WARN ][o.e.n.Node] [n1] slow", "warn", nullptr},
      {"time=\"2024-01-15\" level=debug msg=hello", "debug", nullptr},
      {"Error handling is described below", "", nullptr},
      {"an INFOrmal note", "", nullptr},
      {"", "", ""}};
  for (const Case& one : cases) {
    const TextParts parts = ReadText(one.line);
    EXPECT_EQ(parts.level, one.level) << one.line;
    EXPECT_EQ(parts.message, one.message != nullptr ? one.message : one.line) << one.line;
  }
}

}  // namespace
}  // namespace tailrace::echo
