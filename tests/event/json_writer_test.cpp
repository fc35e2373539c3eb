// SPDX-License-Identifier: Apache-2.0
#include "event/json_writer.h"

#include <gtest/gtest.h>

namespace tailrace::json {
namespace {

TEST(JsonWriter, WritesObjectsAndArrays) {
  Arena arena;
  ObjectWriter object(arena);
  object.Add("a\"", Value::Text("\xff"));
  object.Add("b", Value::Bool(false));
  const Value made = object.Finish();
  EXPECT_EQ(made.bytes(), "{\"a\\\"\":\"\xef\xbf\xbd\",\"b\":false}");
  ArrayWriter array(arena);
  array.Add(made);
  array.Add(Value{});
  EXPECT_EQ(array.Finish().bytes(), "[{\"a\\\"\":\"\xef\xbf\xbd\",\"b\":false},null]");
  EXPECT_EQ(ObjectWriter(arena).Finish().bytes(), "{}");
  EXPECT_EQ(ArrayOf({}, arena).bytes(), "[]");
}

}  // namespace
}  // namespace tailrace::json
