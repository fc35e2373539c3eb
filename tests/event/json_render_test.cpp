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

std::string Written(const Value& value) {
  ByteBuffer out;
  AppendValue(value, out);
  return std::string(out.view());
}

TEST(JsonRender, AppendString) {
  const std::vector<PassCase> cases = {
      {"", "\"\""},
      {"plain", "\"plain\""},
      {"a\"b\\c/", R"("a\"b\\c/")"},
      {"\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\""},
      {"\xc3\xa9\xe2\x80\xa8", "\"\xc3\xa9\xe2\x80\xa8\""},
      {"a\xff", "\"a\xef\xbf\xbd\""},
      {"\xc3", "\"\xef\xbf\xbd\""},
      {"\xe6\x97z", "\"\xef\xbf\xbdz\""},
      {"\xf0\x9f\x98", "\"\xef\xbf\xbd\""},
      {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\xc0\xaf\n", "\"\xef\xbf\xbd\xef\xbf\xbd\\n\""},
  };
  for (const PassCase& item : cases) {
    EXPECT_EQ(Written(Value::Text(item.text)), item.written) << item.text;
    EXPECT_EQ(IsClean(item.text), "\"" + std::string(item.text) + "\"" == item.written);
  }
  // What needs care is found wherever it stands.
  for (size_t size = 0; size < 200; ++size) {
    for (size_t at = 0; at < size; ++at) {
      std::string raw(size, 'x');
      EXPECT_TRUE(IsClean(raw));
      raw[at] = at % 2 == 0 ? '"' : '\n';
      ASSERT_FALSE(IsClean(raw)) << size << " " << at;
      const std::string inside = at % 2 == 0 ? "\\\"" : "\\n";
      ASSERT_EQ(Written(Value::Text(raw)),
                "\"" + std::string(at, 'x') + inside + std::string(size - at - 1, 'x') + "\"");
      raw[at] = '\xfe';
      ASSERT_FALSE(IsClean(raw)) << size << " " << at;
    }
  }
}

TEST(JsonRender, AppendsLongStrings) {
  const std::string character = "\xf0\x9f\x98\x80";
  for (size_t shift = 0; shift < 6; ++shift) {
    std::string raw(4090 + shift, 'x');
    std::string inside = raw;
    for (int i = 0; i < 2000; ++i) {
      raw += character + "\n";
      inside += character + "\\n";
    }
    EXPECT_EQ(Written(Value::Text(raw)), "\"" + inside + "\"");
    raw += "\xf0\x9f";
    EXPECT_EQ(Written(Value::Text(raw)), "\"" + inside + "\xef\xbf\xbd\"");
    ByteBuffer out;
    Batch batch;
    Row& row = batch.AddRow({});
    batch.Append(row, raw, Value::Text(raw), false);
    AppendObject(batch, row, out);
    EXPECT_EQ(out.view(), "{\"" + inside + "\xef\xbf\xbd\":\"" + inside + "\xef\xbf\xbd\"}");
    EXPECT_LT(out.capacity(), 4 * out.size());
  }
}

}  // namespace
}  // namespace tailrace::json
