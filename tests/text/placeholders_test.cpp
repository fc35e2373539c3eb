// SPDX-License-Identifier: Apache-2.0
#include "text/placeholders.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "text/oracle_cases.h"

namespace tailrace::text {
namespace {

// The value of a field in a chunk's metadata as text.
std::string AsText(simdjson::dom::element value) {
  if (value.is_null()) return "";
  if (value.is_string()) return std::string(std::string_view(value));
  return simdjson::minify(value);
}

std::string Attribute(std::string_view conf, const std::string& name) {
  const size_t at = conf.find("    " + name + " ");
  if (at == std::string_view::npos) return "";
  const size_t begin = at + 5 + name.size();
  return std::string(conf.substr(begin, conf.find('\n', begin) - begin));
}

// The chunk keys of the <buffer> section of a case; false if one is refused.
bool ReadKeys(std::string_view conf, ChunkKeySet& keys) {
  const size_t begin = conf.find("<buffer ") + 8;
  std::string argument(conf.substr(begin, conf.find(">\n", begin) - begin));
  for (size_t at = 0; at <= argument.size();) {
    const size_t end = std::min(argument.find(',', at), argument.size());
    const std::string key = argument.substr(at, end - at);
    at = end + 1;
    if (key == "tag") {
      keys.tag = true;
    } else if (key == "time") {
      keys.time = true;
    } else if (ValidateChunkKey(key)) {
      keys.fields.push_back(key);
    } else {
      return false;
    }
  }
  if (Attribute(conf, "timekey") == "1h") keys.timekey = 3600;
  if (Attribute(conf, "timekey") == "1d") keys.timekey = 86400;
  if (Attribute(conf, "timekey_use_utc") == "true") keys.timekey_zone = TimeZone::Fixed(0);
  if (const std::string zone = Attribute(conf, "timekey_zone"); !zone.empty()) {
    keys.timekey_zone = *TimeZone::FromParameter(zone);
  }
  return true;
}

std::string CheckPlaceholderCase(simdjson::dom::element element) {
  ChunkKeySet keys;
  const bool accepted = ReadKeys(std::string_view(element["conf"]), keys);
  if (element["expect"].is_object()) return accepted ? "should be refused" : "";
  if (!accepted) return "should not be refused";
  if (!keys.time || keys.timekey_zone.kind() == TimeZone::Kind::kUtc) {
    keys.timekey_zone = TimeZone::Fixed(0);
  }
  const simdjson::dom::element input = element["input"]["chunk"];
  ChunkKey chunk;
  if (!input["tag"].is_null()) chunk.tag = std::string_view(input["tag"]);
  if (!input["timekey"].is_null()) chunk.timekey = int64_t(input["timekey"]);
  if (!input["variables"].is_null()) {
    for (const auto& [key, value] : simdjson::dom::object(input["variables"])) {
      chunk.variables.emplace_back(key, AsText(value));
    }
  }
  std::string problems;
  auto expected = simdjson::dom::array(element["expect"]).begin();
  for (const std::string_view text : simdjson::dom::array(element["input"]["templates"])) {
    std::string got;
    Placeholders::Compile(text, keys).Expand(chunk, std::string_view(input["id"]), got);
    const std::string_view wanted = *expected;
    ++expected;
    if (got != wanted) problems += std::string(text) + " gives " + got + "; ";
  }
  return problems;
}

TEST(PlaceholdersTest, AgreeWithTheRecordedVectors) {
  ForEachOracleCase("placeholders", 16, CheckPlaceholderCase);
}

TEST(PlaceholdersTest, InsertedTextIsNotExpandedAgain) {
  ChunkKeySet keys{.tag = true, .time = true, .timekey = 60, .fields = {"k"}};
  ChunkKey chunk;
  chunk.tag = "${k}.%Y";
  chunk.variables = {{"k", "${tag}"}};
  std::string out;
  Placeholders::Compile("${tag}/${k}/%H/${chunk_id}/${chunk_id}", keys).Expand(chunk, "ff", out);
  EXPECT_EQ(out, "${k}.%Y/${tag}/00/ff/ff");
}

TEST(PlaceholdersTest, UnknownKeysAreEmptyAndNamed) {
  ChunkKeySet keys{.fields = {"k"}};
  const Placeholders compiled = Placeholders::Compile("a${x}b${tag}", keys);
  std::string out;
  compiled.Expand({}, "", out);
  EXPECT_EQ(out, "ab${tag}");
  EXPECT_EQ(compiled.unknown(), (std::vector<std::string>{"${x}", "${tag}"}));
}

TEST(ValidatePlaceholdersTest, SaysWhatFluentdSays) {
  using Problems = std::vector<std::string>;
  EXPECT_EQ(ValidatePlaceholders("path", "/x/%Y%m%d/${tag}",
                                 {.tag = true, .time = true, .timekey = 86400}),
            Problems{});
  EXPECT_EQ(ValidatePlaceholders("path", "/x", {.tag = true, .time = true, .timekey = 3600}),
            (Problems{"Parameter 'path: /x' doesn't have timestamp placeholders for timekey 3600",
                      "Parameter 'path: /x' doesn't have tag placeholder"}));
  EXPECT_EQ(
      ValidatePlaceholders("path", "%Y%m%d", {.time = true, .timekey = 3600}),
      (Problems{"Parameter 'path: %Y%m%d' doesn't have timestamp placeholder for day('%d') for "
                "timekey 3600"}));
  EXPECT_EQ(ValidatePlaceholders("i", "%H.${tag[0]}.${b}.${a}", {.fields = {"c", "a"}}),
            (Problems{"Parameter 'i: %H.${tag[0]}.${b}.${a}' has timestamp placeholders, but chunk "
                      "key 'time' is not configured",
                      "Parameter 'i: %H.${tag[0]}.${b}.${a}' has tag placeholders, but chunk key "
                      "'tag' is not configured",
                      "Parameter 'i: %H.${tag[0]}.${b}.${a}' doesn't have enough placeholders for "
                      "keys c",
                      "Parameter 'i: %H.${tag[0]}.${b}.${a}' has placeholders, but chunk keys "
                      "doesn't have keys b"}));
}

}  // namespace
}  // namespace tailrace::text
