// SPDX-License-Identifier: Apache-2.0
#include "event/json.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "event/json_reference.h"

namespace tailrace::json {
namespace {

// A text with what must follow it: the next line of a file, say, which must not matter.
class Padded {
 public:
  explicit Padded(std::string_view text) : bytes_(text), size_(text.size()) {
    bytes_ += "\"}]\"}]1,\"x\":[{";
    bytes_.append(kPadding, '}');
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::string bytes_;
  size_t size_;
};

// The text after reading and writing, or "refused".
std::string Pass(std::string_view text) {
  const Padded padded(text);
  Batch batch;
  Row& row = batch.AddRow({});
  if (!ParseObject(padded.view(), batch, row)) {
    EXPECT_EQ(row.count, 0) << text;
    return "refused";
  }
  ByteBuffer out;
  AppendObject(batch, row, out);
  return std::string(out.view());
}

struct PassCase {
  std::string_view text;
  std::string_view written;
};

TEST(Json, ReadsAndWritesObjects) {
  const std::vector<PassCase> cases = {
      {R"({})", R"({})"},
      {R"( { } )", R"({})"},
      {R"({"a":1})", R"({"a":1})"},
      {" \t\r\n{\"a\" : 1 ,\n\"b\":\t2}\n", R"({"a":1,"b":2})"},
      {R"({"a":"","":0})", R"({"a":"","":0})"},
      {R"({"a":true,"b":false,"c":null})", R"({"a":true,"b":false,"c":null})"},
      // Numbers keep their text.
      {R"({"a":-0,"b":1e5,"c":1E-05,"d":0.10,"e":123456789012345678901234567890})",
       R"({"a":-0,"b":1e5,"c":1E-05,"d":0.10,"e":123456789012345678901234567890})"},
      // Strings keep their escapes; a key with escapes is decoded.
      {R"({"a":"\u00e9\/\n\ud83d\ude00"})", R"({"a":"\u00e9\/\n\ud83d\ude00"})"},
      {R"({"\u0061\n\"":1})", R"({"a\n\"":1})"},
      {"{\"\xc3\xa9\":\"\xe6\x97\xa5\xf0\x9f\x98\x80\"}",
       "{\"\xc3\xa9\":\"\xe6\x97\xa5\xf0\x9f\x98\x80\"}"},
      // A repeated key: first place, last value.
      {R"({"a":1,"b":2,"a":3})", R"({"a":3,"b":2})"},
      {R"({"a":1,"\u0061":2})", R"({"a":2})"},
      {R"({"":1,"":2})", R"({"":2})"},
      {R"({"abcdefgh":1,"abcdefgh":{"x":1},"abcdefghi":2})",
       R"({"abcdefgh":{"x":1},"abcdefghi":2})"},
      {R"({"a":{"x":1,"y":[{"k":1,"k":2}],"x":3}})", R"({"a":{"x":3,"y":[{"k":2}]}})"},
      {R"({"a":{"x":1,"\u0078":2}})", R"({"a":{"x":2}})"},
      // Nested values are written without white space, else as they were.
      {R"({"a":{"b":[1,2,{}],"c":"\t"}})", R"({"a":{"b":[1,2,{}],"c":"\t"}})"},
      {"{\"a\": [ 1 , { \"b\" : \" x \" } ,\n [ ] ] }", R"({"a":[1,{"b":" x "},[]]})"},
  };
  for (const PassCase& item : cases) EXPECT_EQ(Pass(item.text), item.written) << item.text;
}

TEST(Json, RefusesWhatIsNotOneObject) {
  const std::vector<std::string_view> cases = {"",
                                               " ",
                                               "{",
                                               "}",
                                               "[]",
                                               "1",
                                               "\"a\"",
                                               "null",
                                               "{}}",
                                               "{}{}",
                                               "{},",
                                               "{} x",
                                               "{]",
                                               "[}",
                                               R"({"a"})",
                                               R"({"a":})",
                                               R"({"a":1,})",
                                               R"({,"a":1})",
                                               R"({"a":1 "b":2})",
                                               R"({"a":1,,"b":2})",
                                               R"({"a" 1})",
                                               R"({"a"::1})",
                                               R"({a:1})",
                                               R"({'a':1})",
                                               R"({1:1})",
                                               R"({"a":1]})",
                                               R"({"a":[1})",
                                               R"({"a":[1,]})",
                                               R"({"a":[,1]})",
                                               R"({"a":[1 2]})",
                                               R"({"a":{]}})",
                                               R"({"a":"b})",
                                               R"({"a":b"})",
                                               R"({"a":"b""c"})",
                                               R"({"a":"\x"})",
                                               R"({"a":"\u12"})",
                                               R"({"a":"\u12g4"})",
                                               R"({"a":"\)",
                                               R"({"a":"\"})",
                                               R"({"a":"\ud800"})",
                                               R"({"a":"\udc00"})",
                                               R"({"a":"\ud800\u0041"})",
                                               R"({"a":"\ud800\ud800"})",
                                               R"({"\ud800":1})",
                                               R"({"a":{"\ud800":1}})",
                                               R"({"a":["\udfff"]})",
                                               R"({"a":01})",
                                               R"({"a":-})",
                                               R"({"a":+1})",
                                               R"({"a":.5})",
                                               R"({"a":1.})",
                                               R"({"a":1e})",
                                               R"({"a":1e+})",
                                               R"({"a":1.e5})",
                                               R"({"a":--1})",
                                               R"({"a":0x1})",
                                               R"({"a":1_000})",
                                               R"({"a":-01})",
                                               R"({"a":1a})",
                                               R"({"a":tru})",
                                               R"({"a":True})",
                                               R"({"a":truex})",
                                               R"({"a":nul})",
                                               R"({"a":nullx})",
                                               R"({"a":falsy})",
                                               R"({"a":NaN})",
                                               R"({"a":Infinity})",
                                               R"({"a":-Infinity})",
                                               "{\"a\":1}//c",
                                               "{\"a\":\"x\ty\"}",
                                               "{\"a\":\"x\ny\"}",
                                               "{\"a\x01\":1}",
                                               "{\"a\":\x01 1}",
                                               "{\"a\":1\x0b}",
                                               "{\"a\":\"\x80\"}",
                                               "{\"a\":\"\xc3\"}",
                                               "{\"a\":\"\xc0\xaf\"}",
                                               "{\"a\":\"\xed\xa0\x80\"}",
                                               "{\"a\":\"\xf4\x90\x80\x80\"}",
                                               "{\"\xff\":1}",
                                               "{\"a\":1\xc2\xa0}",
                                               "\xef\xbb\xbf{\"a\":1}",
                                               R"({\"a\":1})",
                                               R"({"a":1\})",
                                               R"({"a"\:1})",
                                               R"({"a":\"b\"})",
                                               R"({"a":"b"\,"c":1})"};
  for (const std::string_view text : cases) {
    EXPECT_EQ(Pass(text), "refused") << text;
    EXPECT_EQ(Validate(Padded(text).view()), ReferenceValidator::Accepts(text)) << text;
  }
  EXPECT_EQ(Pass(std::string_view("{\"a\":\"\0\"}", 9)), "refused");
}

// What follows the text completes it; it must be refused all the same.
TEST(Json, DoesNotReadOn) {
  const std::string whole = R"({"a":[1,{"b":"c\n"},true],"d":-1.5e3,"e":{"f":null}})";
  std::string bytes = whole;
  bytes.append(kPadding, ' ');
  for (size_t size = 0; size < whole.size(); ++size) {
    Batch batch;
    EXPECT_FALSE(ParseObject({bytes.data(), size}, batch, batch.AddRow({}))) << size;
    EXPECT_FALSE(Validate({bytes.data(), size})) << size;
  }
  Batch batch;
  EXPECT_TRUE(ParseObject({bytes.data(), whole.size()}, batch, batch.AddRow({})));
}

TEST(Json, Kinds) {
  const Padded text(
      R"({"n":null,"t":true,"f":false,"i":-12,"s":"x","e":"\n","o":{"a":1},"l":[1], "b": 5})");
  Batch batch;
  Row& row = batch.AddRow({});
  ASSERT_TRUE(ParseObject(text.view(), batch, row));
  struct Want {
    std::string_view key;
    Kind kind;
    std::string_view bytes;
    bool in_place;
  };
  const std::vector<Want> wants = {
      {"n", Kind::kNull, "", true},
      {"t", Kind::kTrue, "", true},
      {"f", Kind::kFalse, "", true},
      {"i", Kind::kNumber, "-12", true},
      {"s", Kind::kClean, "x", true},
      {"e", Kind::kEscaped, "\\n", true},
      {"o", Kind::kObject, "{\"a\":1}", true},
      {"l", Kind::kArray, "[1]", true},
      {"b", Kind::kNumber, "5", false},
  };
  ASSERT_EQ(row.count, wants.size());
  for (size_t i = 0; i < wants.size(); ++i) {
    const Field& field = batch.fields(row)[i];
    EXPECT_EQ(field.key(), wants[i].key);
    EXPECT_EQ(field.kind, wants[i].kind) << wants[i].key;
    EXPECT_EQ(field.value().bytes(), wants[i].bytes) << wants[i].key;
    EXPECT_EQ(field.in_place, wants[i].in_place) << wants[i].key;
  }
}

TEST(Json, WritesEditedRows) {
  const Padded text(R"({"a":1,"b":"x","c":true,"d":null,"e":[1],"f":"\n","g":false})");
  struct Case {
    void (*edit)(Batch&, Row&);
    std::string_view written;
  };
  const std::vector<Case> cases = {
      {[](Batch& b, Row& r) { b.Erase(r, "a"); },
       R"({"b":"x","c":true,"d":null,"e":[1],"f":"\n","g":false})"},
      {[](Batch& b, Row& r) { b.Erase(r, "c"); },
       R"({"a":1,"b":"x","d":null,"e":[1],"f":"\n","g":false})"},
      {[](Batch& b, Row& r) { b.Set(r, "d", Value::Text("q\"\x01\xff")); },
       "{\"a\":1,\"b\":\"x\",\"c\":true,\"d\":\"q\\\"\\u0001\xef\xbf\xbd\",\"e\":[1],\"f\":\"\\n\","
       "\"g\":false}"},
      {[](Batch& b, Row& r) { b.Set(r, "n\n", Value::Bool(true), false); },
       R"({"a":1,"b":"x","c":true,"d":null,"e":[1],"f":"\n","g":false,"n\n":true})"},
      {[](Batch& b, Row& r) { std::swap(b.fields(r)[1], b.fields(r)[2]); },
       R"({"a":1,"c":true,"b":"x","d":null,"e":[1],"f":"\n","g":false})"},
      {[](Batch& b, Row& r) { b.fields(r)[6].set_key("h", true); },
       R"({"a":1,"b":"x","c":true,"d":null,"e":[1],"f":"\n","h":false})"},
  };
  for (const Case& item : cases) {
    Batch batch;
    Row& row = batch.AddRow({});
    ASSERT_TRUE(ParseObject(text.view(), batch, row));
    item.edit(batch, row);
    ByteBuffer out;
    AppendObject(batch, row, out);
    EXPECT_EQ(out.view(), item.written);
  }
}

TEST(Json, DepthLimit) {
  auto nest = [](int levels) {
    return std::string(static_cast<size_t>(levels), '[') +
           std::string(static_cast<size_t>(levels), ']');
  };
  EXPECT_TRUE(Validate(Padded(nest(kDepthMax)).view()));
  EXPECT_FALSE(Validate(Padded(nest(kDepthMax + 1)).view()));
  EXPECT_NE(Pass("{\"a\":" + nest(kDepthMax - 1) + "}"), "refused");
  EXPECT_EQ(Pass("{\"a\":" + nest(kDepthMax) + "}"), "refused");
  EXPECT_EQ(Pass("{\"a\":" + std::string(100000, '[')), "refused");
}

std::string Wide(size_t members, const std::string& repeat) {
  std::string text = "{";
  for (size_t i = 0; i < members; ++i) text += "\"key" + std::to_string(i) + "\":1,";
  return text + "\"" + repeat + "\":2}";
}

TEST(Json, ManyMembers) {
  for (const size_t members : {3u, 15u, 16u, 17u, 31u, 32u, 33u, 63u, 64u, 65u, 1000u, 4094u}) {
    EXPECT_EQ(Pass(Wide(members, "last")), Wide(members, "last")) << members;
    // The same shape again, now remembered.
    EXPECT_EQ(Pass(Wide(members, "last")), Wide(members, "last")) << members;
    const std::string repeated = Pass(Wide(members, "key1"));
    EXPECT_NE(repeated.find("\"key1\":2"), std::string::npos) << members;
    EXPECT_EQ(repeated.find("\"key1\":1,"), std::string::npos) << members;
  }
  EXPECT_EQ(Pass(Wide(Batch::kFieldsMax, "last")), "refused");
  // Members of nested values do not count.
  EXPECT_NE(Pass("{\"a\":" + Wide(Batch::kFieldsMax + 5, "last") + "}"), "refused");
}

// Fields that are in the row already stay, and stay alone when the text is refused.
TEST(Json, AppendsToARow) {
  const Padded good(R"({"b":1})");
  const Padded bad(R"({"c":1,"d":x})");
  Batch batch;
  Row& row = batch.AddRow({});
  batch.Append(row, "a", Value::Bool(true));
  EXPECT_FALSE(ParseObject(bad.view(), batch, row));
  EXPECT_EQ(row.count, 1);
  EXPECT_TRUE(ParseObject(good.view(), batch, row));
  ByteBuffer out;
  AppendObject(batch, row, out);
  EXPECT_EQ(out.view(), R"({"a":true,"b":1})");
}

TEST(Json, ParseValue) {
  struct Case {
    std::string_view text;
    bool valid;
    Kind kind;
    std::string_view bytes;
  };
  const std::vector<Case> cases = {
      {" 12 ", true, Kind::kNumber, "12"},
      {"12", true, Kind::kNumber, "12"},
      {"1.5e-3", true, Kind::kNumber, "1.5e-3"},
      {"12345678901234567890", true, Kind::kNumber, "12345678901234567890"},
      {"\"a\"", true, Kind::kClean, "a"},
      {"\"\"", true, Kind::kClean, ""},
      {"\"\\u00e9\"", true, Kind::kEscaped, "\\u00e9"},
      {"\"\\ud83d\\ude00\"", true, Kind::kEscaped, "\\ud83d\\ude00"},
      {"\"\\\"\"", true, Kind::kEscaped, "\\\""},
      {"true", true, Kind::kTrue, ""},
      {"false", true, Kind::kFalse, ""},
      {"null", true, Kind::kNull, ""},
      {"[ 1, 2 ]", true, Kind::kArray, "[1,2]"},
      {"[]", true, Kind::kArray, "[]"},
      {"{\"a\":1,\"a\":2}", true, Kind::kObject, "{\"a\":2}"},
      {"", false, Kind::kNull, ""},
      {"\"", false, Kind::kNull, ""},
      {"\"a", false, Kind::kNull, ""},
      {"\"a\" \"b\"", false, Kind::kNull, ""},
      {"\"a\"b\"", false, Kind::kNull, ""},
      {"\"\\\"", false, Kind::kNull, ""},
      {"\"\xff\"", false, Kind::kNull, ""},
      {"\"\t\"", false, Kind::kNull, ""},
      {"1 2", false, Kind::kNull, ""},
      {"nul", false, Kind::kNull, ""},
      {"[1,2", false, Kind::kNull, ""},
  };
  for (const Case& item : cases) {
    Arena arena;
    Value value;
    const Padded padded(item.text);
    ASSERT_EQ(ParseValue(padded.view(), arena, &value), item.valid) << item.text;
    EXPECT_EQ(Validate(padded.view()), item.valid) << item.text;
    if (!item.valid) continue;
    EXPECT_EQ(value.kind, item.kind) << item.text;
    EXPECT_EQ(value.bytes(), item.bytes) << item.text;
  }
}

std::string Written(const Value& value) {
  ByteBuffer out;
  AppendValue(value, out);
  return std::string(out.view());
}

TEST(Json, Cursors) {
  Arena arena;
  std::string seen;
  ForEachMember(R"({"a":1,"\u0062":"x\n","c":{"d":[1,"}"]},"e":[],"f":null})", arena,
                [&](const Field& field) {
                  seen += std::string(field.key()) + "=" + Written(field.value()) + ";";
                  return true;
                });
  EXPECT_EQ(seen, R"(a=1;b="x\n";c={"d":[1,"}"]};e=[];f=null;)");
  seen.clear();
  ForEachElement(R"([true,-1.5,"\"]",[[]],{},false])", [&](const Value& value) {
    seen += Written(value) + ";";
    return value.kind != Kind::kArray;
  });
  EXPECT_EQ(seen, R"(true;-1.5;"\"]";[[]];)");
  ForEachElement("[]", [&](const Value&) {
    ADD_FAILURE();
    return true;
  });
  ForEachMember("{}", arena, [&](const Field&) {
    ADD_FAILURE();
    return true;
  });
}

TEST(Json, Find) {
  Value value;
  EXPECT_TRUE(FindMember(R"({"ab":1,"\u0061\n":2,"a":[3]})", "a\n", &value));
  EXPECT_EQ(value.bytes(), "2");
  EXPECT_TRUE(FindMember(R"({"ab":1,"\u0061\n":2,"a":[3]})", "a", &value));
  EXPECT_EQ(value.bytes(), "[3]");
  EXPECT_FALSE(FindMember(R"({"ab":1,"\u0061\n":2,"a":[3]})", "b", &value));
  EXPECT_FALSE(FindMember(R"({})", "", &value));
  EXPECT_TRUE(FindElement("[1,[2],3]", 1, &value));
  EXPECT_EQ(value.bytes(), "[2]");
  EXPECT_TRUE(FindElement("[1,[2],3]", -1, &value));
  EXPECT_EQ(value.bytes(), "3");
  EXPECT_FALSE(FindElement("[1,[2],3]", 3, &value));
  EXPECT_FALSE(FindElement("[1,[2],3]", -4, &value));
  EXPECT_FALSE(FindElement("[]", 0, &value));
}

}  // namespace
}  // namespace tailrace::json
