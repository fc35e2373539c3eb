// SPDX-License-Identifier: Apache-2.0
#include "event/accessor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event/json.h"

namespace tailrace {
namespace {

constexpr std::string_view kRecord =
    R"({"a":{"b":{"c":1},"l":[10,{"m":"x"},[20]],"d.e":2,"\u006b":3,"n":null},"s":"text","z":null,"a.b":4,"":5})";

class AccessorTest : public testing::Test {
 protected:
  void SetUp() override {
    bytes_ = kRecord;
    bytes_.append(json::kPadding, ' ');
    row_ = &batch_.AddRow({});
    ASSERT_TRUE(json::ParseObject({bytes_.data(), kRecord.size()}, batch_, *row_));
  }

  std::string Written(const std::optional<Value>& value) {
    if (!value) return "nothing";
    ByteBuffer out;
    json::AppendValue(*value, out);
    return std::string(out.view());
  }
  std::string Row() {
    ByteBuffer out;
    json::AppendObject(batch_, *row_, out);
    return std::string(out.view());
  }

  std::string bytes_;
  Batch batch_;
  tailrace::Row* row_ = nullptr;
};

std::string Path(const Accessor& accessor) {
  std::string text;
  for (const Accessor::Part& part : accessor.path()) {
    const auto* name = std::get_if<std::string>(&part);
    text += name != nullptr ? "<" + *name + ">" : std::to_string(std::get<int64_t>(part));
  }
  return text;
}

TEST(Accessor, Compile) {
  struct Case {
    std::string_view text;
    std::string_view path;  // empty: refused
  };
  const std::vector<Case> cases = {
      {"a", "<a>"},
      {"a.b", "<a.b>"},
      {"a[0]", "<a[0]>"},
      {"$", "<$>"},
      {"$a.b", "<$a.b>"},
      {"", "<>"},
      {"$.a", "<a>"},
      {"$.a.b", "<a><b>"},
      {"$.a.b.", "<a><b>"},
      {"$.a..b", "<a><><b>"},
      {"$.a[0]", "<a>0"},
      {"$.a[0][-1].b", "<a>0-1<b>"},
      {"$.a.b-c_d e", "<a><b-c_d e>"},
      {"$['a']", "<a>"},
      {"$['a.b']['c'][0]", "<a.b><c>0"},
      {"$[\"a\"][\"b'c\"]", "<a><b'c>"},
      {"$['a]b']", "<a]b>"},
      {"$['a'].['b']", "<a><b>"},
      {"$['']", "<>"},
      {"$.", ""},
      {"$..", ""},
      {"$.a[", ""},
      {"$.a[]", ""},
      {"$.a[x]", ""},
      {"$.a[1x]", ""},
      {"$.a[0]b", ""},
      {"$[", ""},
      {"$['a", ""},
      {"$['a'", ""},
      {"$['a\"]", ""},
      {"$['a']b", ""},
      {"$[a]", ""},
      {"$[0]", ""},
      {"$.[0]", ""},
  };
  for (const Case& item : cases) {
    const Result<Accessor> accessor = Accessor::Compile(item.text);
    if (item.path.empty()) {
      EXPECT_FALSE(accessor.has_value()) << item.text;
      continue;
    }
    ASSERT_TRUE(accessor.has_value()) << item.text;
    EXPECT_EQ(Path(*accessor), item.path) << item.text;
    EXPECT_EQ(accessor->text(), item.text);
  }
}

TEST_F(AccessorTest, Get) {
  struct Case {
    std::string_view path;
    std::string_view value;
    bool type_error = false;
  };
  const std::vector<Case> cases = {
      {"s", "\"text\""},
      {"z", "null"},
      {"", "5"},
      {"a.b", "4"},
      {"missing", "nothing"},
      {"$.a.b", R"({"c":1})"},
      {"$.a.b.c", "1"},
      {"$.a.b.x", "nothing"},
      {"$.a.b.x.y", "nothing"},
      {"$.a.n", "null"},
      {"$.a.n.x", "nothing"},
      {"$.a.k", "3"},
      {"$['a']['d.e']", "2"},
      {"$.a.l", R"([10,{"m":"x"},[20]])"},
      {"$.a.l[0]", "10"},
      {"$.a.l[1].m", "\"x\""},
      {"$.a.l[-1][0]", "20"},
      {"$.a.l[3]", "nothing"},
      {"$.a.l[-4]", "nothing"},
      {"$.a[0]", "nothing"},
      {"$.z.x", "nothing"},
      {"$.missing.x", "nothing"},
      // Where Ruby's dig raises TypeError.
      {"$.s.x", "nothing", true},
      {"$.s[0]", "nothing", true},
      {"$.a.b.c.d", "nothing", true},
      {"$.a.l.m", "nothing", true},
  };
  for (const Case& item : cases) {
    const Accessor accessor = *Accessor::Compile(item.path);
    bool type_error = !item.type_error;
    EXPECT_EQ(Written(accessor.Get(batch_, *row_, &type_error)), item.value) << item.path;
    EXPECT_EQ(type_error, item.type_error) << item.path;
  }
}

struct EditCase {
  std::string_view path;
  bool done;
  std::string_view a;  // field a afterwards
};

TEST_F(AccessorTest, SetNested) {
  const std::vector<EditCase> cases = {
      {"$.a.b.c", true, R"({"b":{"c":"new"},"l":[10,{"m":"x"},[20]],"d.e":2,"k":3,"n":null})"},
      {"$.a.b.x", true,
       R"({"b":{"c":1,"x":"new"},"l":[10,{"m":"x"},[20]],"d.e":2,"k":3,"n":null})"},
      {"$.a.k", true, R"({"b":{"c":1},"l":[10,{"m":"x"},[20]],"d.e":2,"k":"new","n":null})"},
      {"$.a.l[0]", true, R"({"b":{"c":1},"l":["new",{"m":"x"},[20]],"d.e":2,"k":3,"n":null})"},
      {"$.a.l[-1]", true, R"({"b":{"c":1},"l":[10,{"m":"x"},"new"],"d.e":2,"k":3,"n":null})"},
      {"$.a.l[1].y", true,
       R"({"b":{"c":1},"l":[10,{"m":"x","y":"new"},[20]],"d.e":2,"k":3,"n":null})"},
      {"$.a.l[4]", true,
       R"({"b":{"c":1},"l":[10,{"m":"x"},[20],null,"new"],"d.e":2,"k":3,"n":null})"},
      {"$.a", true, "\"new\""},
      {"$.a.x.y", false, ""},
      {"$.a.n.y", false, ""},
      {"$.a.l.m", false, ""},
      {"$.a.l[-9]", false, ""},
      {"$.a.l[1000000000]", false, ""},
      {"$.a[0]", false, ""},
      {"$.s.x", false, ""},
      {"$.missing.x", false, ""},
  };
  for (const EditCase& item : cases) {
    tailrace::Row& row = batch_.CopyRow(batch_, batch_.rows()[0]);
    const std::string before = Written(batch_.Find(row, "a")->value());
    const Accessor accessor = *Accessor::Compile(item.path);
    EXPECT_EQ(accessor.Set(batch_, row, Value::Clean("new")), item.done) << item.path;
    EXPECT_EQ(Written(batch_.Find(row, "a")->value()), item.done ? item.a : before) << item.path;
  }
}

TEST_F(AccessorTest, SetTopLevel) {
  EXPECT_TRUE(Accessor::Compile("s")->Set(batch_, *row_, Value::Bool(true)));
  EXPECT_TRUE(Accessor::Compile("n\"w")->Set(batch_, *row_, Value::Bool(false)));
  const std::string row = Row();
  EXPECT_NE(row.find(R"("s":true,"z":null,"a.b":4,"":5,"n\"w":false})"), std::string::npos) << row;
}

TEST_F(AccessorTest, Erase) {
  struct Case {
    std::string_view path;
    std::string_view erased;
    std::string_view a;
  };
  const std::vector<Case> cases = {
      {"$.a.b.c", "1", R"({"b":{},"l":[10,{"m":"x"},[20]],"d.e":2,"k":3,"n":null})"},
      {"$.a.k", "3", R"({"b":{"c":1},"l":[10,{"m":"x"},[20]],"d.e":2,"n":null})"},
      {"$.a.n", "null", R"({"b":{"c":1},"l":[10,{"m":"x"},[20]],"d.e":2,"k":3})"},
      {"$.a.l[1]", R"({"m":"x"})", R"({"b":{"c":1},"l":[10,[20]],"d.e":2,"k":3,"n":null})"},
      {"$.a.l[-1][0]", "20", R"({"b":{"c":1},"l":[10,{"m":"x"},[]],"d.e":2,"k":3,"n":null})"},
      {"$.a.x", "nothing", R"({"b":{"c":1},"l":[10,{"m":"x"},[20]],"d.e":2,"k":3,"n":null})"},
      {"$.a.l[7]", "nothing", R"({"b":{"c":1},"l":[10,{"m":"x"},[20]],"d.e":2,"k":3,"n":null})"},
  };
  for (const Case& item : cases) {
    tailrace::Row& row = batch_.CopyRow(batch_, batch_.rows()[0]);
    const Accessor accessor = *Accessor::Compile(item.path);
    EXPECT_EQ(Written(accessor.Erase(batch_, row)), item.erased) << item.path;
    const std::string after = Written(batch_.Find(row, "a")->value());
    // Untouched, the key is still as it was written.
    const size_t escape = after.find("\\u006b");
    EXPECT_EQ(escape == std::string::npos ? after : std::string(after).replace(escape, 6, "k"),
              item.a)
        << item.path;
  }
  row_ = &batch_.rows()[0];
  EXPECT_EQ(Written(Accessor::Compile("a")->Erase(batch_, *row_)).size(), 65u);
  EXPECT_EQ(Written(Accessor::Compile("a")->Erase(batch_, *row_)), "nothing");
  EXPECT_EQ(Row(), R"({"s":"text","z":null,"a.b":4,"":5})");
}

}  // namespace
}  // namespace tailrace
