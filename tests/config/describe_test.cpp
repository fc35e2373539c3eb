// SPDX-License-Identifier: Apache-2.0
#include "config/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/element.h"

namespace tailrace {
namespace {

using testing::HasSubstr;

enum class Mode { kGzip, kText };
EnumNames ParamNames(Mode) {
  return {{"gzip", static_cast<int>(Mode::kGzip)}, {"text", static_cast<int>(Mode::kText)}};
}

struct RetryParams {
  Seconds wait{1};
  static const Schema<RetryParams>& schema() {
    static const auto kSchema = Schema<RetryParams>().Param("wait", &RetryParams::wait, "Pause.");
    return kSchema;
  }
};

struct OutParams {
  std::string host = "localhost";
  std::string path;
  Secret password;
  Size chunk{8 << 20};
  Seconds flush{300};
  Mode compress = Mode::kText;
  std::optional<int64_t> limit;
  std::string old;
  RetryParams retry;
  std::vector<RawSection> buffer;
  bool sniff = true;
  static const Schema<OutParams>& schema() {
    static const auto kSchema =
        Schema<OutParams>()
            .Param("host", &OutParams::host, "Where to.", {.aliases = {"server"}})
            .Param("path", &OutParams::path, "A path.", {.required = true})
            .Param("password", &OutParams::password, "The password.")
            .Param("chunk", &OutParams::chunk, "Bytes a chunk.", {.min = 1})
            .Param("flush", &OutParams::flush, "Pause between flushes.")
            .Param("compress", &OutParams::compress, "How.")
            .Param("limit", &OutParams::limit, "How many | at most.", {.deprecated = "use chunk"})
            .Param("sniff", &OutParams::sniff, "Looks.", {.unused = "nothing is sniffed"})
            .Param("old", &OutParams::old, "Old.", {.obsoleted = "it never worked"})
            .Section("retry", &OutParams::retry, "What happens then.")
            .RawSection("buffer", &OutParams::buffer, "Where chunks wait.", {.many = false});
    return kSchema;
  }
};

TEST(Describe, SaysWhatTheTableSays) {
  EXPECT_EQ(config::DescribeText(OutParams::schema().spec()),
            "host (string; default \"localhost\"; also written server)\n    Where to.\n"
            "path (string; required)\n    A path.\n"
            "password (string; secret)\n    The password.\n"
            "chunk (size; default 8 MiB (8388608 bytes); at least 1)\n    Bytes a chunk.\n"
            "flush (time; default 5 m (300 s))\n    Pause between flushes.\n"
            "compress (enum: gzip, text; default text)\n    How.\n"
            "limit (integer; deprecated: use chunk)\n    How many | at most.\n"
            "sniff (bool; default true; no effect: nothing is sniffed)\n    Looks.\n"
            "<retry>\n    What happens then.\n"
            "  wait (time; default 1 s)\n      Pause.\n"
            "<buffer>\n    Where chunks wait.\n");
}

TEST(Describe, Markdown) {
  const std::string page = config::DescribeMarkdown(OutParams::schema().spec(), 3);
  EXPECT_THAT(page, HasSubstr("| `chunk` | size | `8 MiB (8388608 bytes)` | Bytes a chunk. Must be "
                              "at least 1. |\n"));
  EXPECT_THAT(page, HasSubstr("How many \\| at most. Deprecated: use chunk."));
  EXPECT_THAT(page, HasSubstr("### `<retry>`\n\nWhat happens then.\n"));
}

TEST(Describe, EffectiveValues) {
  OutParams params;
  params.password.value = "hunter2";
  params.path = "/x";
  config::Element buffer;
  buffer.name = "buffer";
  params.buffer.push_back(std::make_shared<const config::Element>(buffer));
  const auto raw = [](const config::Element& e) { return "{\"name\":\"" + e.name + "\"}"; };
  EXPECT_EQ(
      config::EffectiveJson(params, +raw),
      "{\"host\":\"localhost\",\"path\":\"/x\",\"password\":\"xxxxxx\",\"chunk\":8388608,"
      "\"flush\":300,\"compress\":\"text\",\"limit\":null,\"sniff\":true,\"retry\":{\"wait\":1},"
      "\"buffer\":{\"name\":\"buffer\"}}");
}

}  // namespace
}  // namespace tailrace
