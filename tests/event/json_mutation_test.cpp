// SPDX-License-Identifier: Apache-2.0
// Damaged and undamaged lines through the reader and through simdjson's DOM: the same decision, and
// what is written reads back as the same value.
#include <gtest/gtest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <vector>

#include "event/json.h"
#include "event/json_oracle.h"

namespace tailrace::json {
namespace {

const std::vector<std::string>& SeedLines() {
  static const std::vector<std::string> lines = {
      R"({"ts":"2024-01-15T10:30:00.123Z","level":"info","service":"echo-api","message":"call up","user_id":"u1","n":17,"ms":12.5,"ok":true,"err":null,"tags":["a","b"],"ctx":{"a":1,"b":{"c":[]}},"z":""})",
      R"({"a":1,"b":-0.5e+10,"c":[1,2,[3,{"x":"y"}]],"d":{},"e":[],"f":"\u00e9\n\"q\" \ud83d\ude00","g":false})",
      R"( { "a" : 1 , "b" : [ 1 , 2 ] , "c" : { "d" : "e" , "d" : 2 } } )",
      "{\"k\\u0061\":1,\"ka\":2,\"msg\":\"h\xc3\xa9llo \xe6\x97\xa5 "
      "\xf0\x9f\x98\x80\",\"t\":\"a\\tb\\\\\"}",
      R"({"kubernetes":{"pod_name":"p","labels":{"app":"x","app":"y"}},"@timestamp":"t","a":"1","a":"2"})",
      R"({"":"","0":0,"1":-1,"2":1e5,"3":1E-5,"4":123456789012345678901234567890,"5":0.0,"6":-0})",
      R"({"message":"a long message that goes over the border of a block of sixty-four bytes, with \"quotes\" and \\ in it: \\\\\"","stack":"at a\n\tat b\n","x":{"y":"\\"}})",
  };
  return lines;
}

std::string Mutate(const std::string& line, std::mt19937& random) {
  static const std::vector<std::string> kPieces = {"\"",
                                                   "\\",
                                                   "{",
                                                   "}",
                                                   "[",
                                                   "]",
                                                   ",",
                                                   ":",
                                                   " ",
                                                   "\t",
                                                   "\n",
                                                   "0",
                                                   "1",
                                                   "-",
                                                   "+",
                                                   ".",
                                                   "e",
                                                   "E",
                                                   "true",
                                                   "null",
                                                   "nul",
                                                   "\\u",
                                                   "\\ud800",
                                                   "\\udc00",
                                                   "\\ud83d\\ude00",
                                                   "\\u12",
                                                   "\x01",
                                                   "\x7f",
                                                   "\x80",
                                                   "\xc3",
                                                   "\xed\xa0\x80",
                                                   "\xf4\x90\x80\x80",
                                                   "\xc0\xaf",
                                                   "\"a\":1,",
                                                   "{\"a\":",
                                                   "[[[",
                                                   "\\\\",
                                                   "\\\"",
                                                   "//",
                                                   "'",
                                                   "NaN",
                                                   "\"\"",
                                                   std::string(1, '\0')};
  std::string text = line;
  auto below = [&random](size_t limit) { return random() % limit; };
  for (size_t edits = 1 + below(3); edits > 0 && !text.empty(); --edits) {
    const size_t at = below(text.size());
    switch (below(6)) {
      case 0:
        text.erase(at, 1 + below(3));
        break;
      case 1:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 2:
        text[at] = static_cast<char>(below(256));
        break;
      case 3:
        text.resize(at);
        break;
      case 4:
        text.insert(at, text.substr(below(text.size()), below(20)));
        break;
      default:
        text.replace(at, 1, kPieces[below(kPieces.size())]);
        break;
    }
  }
  return text;
}

TEST(JsonMutation, DecidesAndWritesAsDomDoes) {
  std::mt19937 random(20240115);
  int accepted = 0;
  constexpr int kLines = 40000;
  for (int i = 0; i < kLines; ++i) {
    std::string text = SeedLines()[random() % SeedLines().size()];
    if (random() % 8 != 0) text = Mutate(text, random);
    std::string problem;
    if (CompareWithDom(text, &problem)) ++accepted;
    ASSERT_EQ(problem, "") << text;
  }
  // Both decisions must have been met often for the run to mean something.
  EXPECT_GT(accepted, kLines / 10);
  EXPECT_LT(accepted, kLines * 9 / 10);
}

}  // namespace
}  // namespace tailrace::json
