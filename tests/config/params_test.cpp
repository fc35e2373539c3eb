// SPDX-License-Identifier: Apache-2.0
#include "tailrace/params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "config/load.h"

namespace tailrace {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

enum class Action { kBlock, kDrop };
EnumNames ParamNames(Action) {
  return {{"block", static_cast<int>(Action::kBlock)},
          {"drop_oldest_chunk", static_cast<int>(Action::kDrop)}};
}

struct RuleParams {
  std::string key;
  RegexpLiteral pattern;
  static const Schema<RuleParams>& schema() {
    static const auto kSchema =
        Schema<RuleParams>()
            .Param("key", &RuleParams::key, "The field.", {.required = true})
            .Param("pattern", &RuleParams::pattern, "What it must match.", {.required = true});
    return kSchema;
  }
};

struct LimitParams {
  Size size{8 << 20};
  static const Schema<LimitParams>& schema() {
    static const auto kSchema =
        Schema<LimitParams>().Param("size", &LimitParams::size, "Bytes.", {.min = 1});
    return kSchema;
  }
};

struct RecordParams {
  FreeParams fields;
  static const Schema<RecordParams>& schema() {
    static const auto kSchema = Schema<RecordParams>().PassThrough(&RecordParams::fields);
    return kSchema;
  }
};

struct CommonParams {
  bool verbose = false;
  static const Schema<CommonParams>& schema() {
    static const auto kSchema =
        Schema<CommonParams>().Param("verbose", &CommonParams::verbose, "Says more.");
    return kSchema;
  }
};

struct TailParams : CommonParams {
  std::vector<std::string> path;
  std::string pos_file;
  bool read_from_head = false;
  Seconds refresh_interval{60};
  std::optional<int64_t> limit;
  Action action = Action::kBlock;
  Secret token;
  bool sniff = true;
  std::vector<std::pair<std::string, std::string>> labels;
  std::vector<RuleParams> rules;
  std::optional<LimitParams> limits;
  LimitParams always;
  std::vector<RecordParams> record;
  std::vector<RawSection> parse;
  static const Schema<TailParams>& schema() {
    static const auto kSchema =
        Schema<TailParams>()
            .Inherit<CommonParams>()
            .Param("path", &TailParams::path, "Files to read.",
                   {.required = true, .aliases = {"paths"}})
            .Param("pos_file", &TailParams::pos_file, "Where positions are kept.")
            .Param("read_from_head", &TailParams::read_from_head, "Reads what is there.")
            .Param("refresh_interval", &TailParams::refresh_interval, "When to look again.",
                   {.min = 1, .max = 3600})
            .Param("limit", &TailParams::limit, "How many.", {.min = 0})
            .Param("action", &TailParams::action, "What a full buffer does.")
            .Param("token", &TailParams::token, "The password.")
            .Param("sniff", &TailParams::sniff, "Looks around.", {.unused = "nothing is sniffed"})
            .Param("labels", &TailParams::labels, "What to add.", {.deprecated = "use <record>"})
            .Section("rule", &TailParams::rules, "Lines to keep.")
            .Section("limits", &TailParams::limits, "Bounds.")
            .Section("always", &TailParams::always, "Bounds with defaults.")
            .Section("record", &TailParams::record, "Fields.")
            .RawSection("parse", &TailParams::parse, "How lines are read.",
                        {.many = false, .default_type = "none"})
            .Check([](const TailParams& p) {
              return p.read_from_head && p.pos_file.empty()
                         ? "read_from_head without pos_file reads everything again at each start"
                         : "";
            });
    return kSchema;
  }
};

struct Outcome {
  TailParams params;
  std::string problems;
  size_t errors = 0;
};

Outcome LoadTail(const std::string& text, bool strict = false) {
  config::Problems problems;
  const auto loaded =
      config::LoadText("<source>\n" + text + "</source>\n", "fluent.conf", {}, &problems);
  Outcome outcome;
  LoadContext context{problems};
  context.strict = strict;
  outcome.params = Load<TailParams>(loaded.root.elements.at(0), context);
  outcome.problems = config::Format(problems);
  outcome.errors = problems.ErrorCount();
  return outcome;
}

TEST(Params, DefaultsComeFromTheStruct) {
  const auto outcome = LoadTail("@type tail\npath /a,/b\n");
  EXPECT_EQ(outcome.problems, "");
  EXPECT_THAT(outcome.params.path, ElementsAre("/a", "/b"));
  EXPECT_EQ(outcome.params.refresh_interval.value, 60);
  EXPECT_FALSE(outcome.params.limit.has_value());
  EXPECT_FALSE(outcome.params.limits.has_value());
  EXPECT_EQ(outcome.params.always.size.bytes, 8 << 20);
}

TEST(Params, ReadsEveryKindOfMember) {
  const auto outcome = LoadTail(
      "path [\"/a\"]\nverbose yes\nrefresh_interval 5m\nlimit 7\naction drop_oldest_chunk\n"
      "token abc\n<rule>\nkey k\npattern /x/i\n</rule>\n<rule>\nkey l\npattern y\n</rule>\n"
      "<limits>\nsize 10k\n</limits>\n<record>\na ${tag}\nb \"#{use_nil}\"\n</record>\n");
  EXPECT_EQ(outcome.errors, 0u) << outcome.problems;
  const TailParams& params = outcome.params;
  EXPECT_TRUE(params.verbose);
  EXPECT_EQ(params.refresh_interval.value, 300);
  EXPECT_EQ(params.limit, 7);
  EXPECT_EQ(params.action, Action::kDrop);
  EXPECT_EQ(params.token.value, "abc");
  ASSERT_EQ(params.rules.size(), 2u);
  EXPECT_EQ(params.rules[0].pattern, (RegexpLiteral{"x", true, false}));
  EXPECT_EQ(params.limits->size.bytes, 10240);
  ASSERT_EQ(params.record.size(), 1u);
  EXPECT_THAT(params.record[0].fields,
              ElementsAre(testing::Pair("a", testing::Optional(std::string("${tag}"))),
                          testing::Pair("b", std::nullopt)));
}

TEST(Params, SaysWhatIsWrongAndWhere) {
  const auto outcome = LoadTail(
      "read_form_head true\naction dorp_oldest_chunk\nlimit -1\nrefresh_interval 2h\n"
      "<rull>\n</rull>\n<rule>\nkey k\n</rule>\n<limits>\n</limits>\n<limits>\n</limits>\n");
  EXPECT_THAT(outcome.problems,
              HasSubstr("fluent.conf:2:1: warning: unknown parameter 'read_form_head' in <source>; "
                        "did you mean 'read_from_head'?\n    read_form_head true\n    ^\n"));
  EXPECT_THAT(outcome.problems,
              HasSubstr("fluent.conf:3:8: error: parameter 'action' in <source>: "
                        "'dorp_oldest_chunk' is none of the values block, drop_oldest_chunk; did "
                        "you mean 'drop_oldest_chunk'?"));
  EXPECT_THAT(outcome.problems, HasSubstr("fluent.conf:4:7: error: parameter 'limit' in <source> "
                                          "is -1, but at least 0 is needed"));
  EXPECT_THAT(outcome.problems, HasSubstr("is 7200, but at most 3600 is allowed"));
  EXPECT_THAT(outcome.problems, HasSubstr("required parameter 'path' is missing in <source>"));
  EXPECT_THAT(outcome.problems,
              HasSubstr("unknown section <rull> in <source>; did you mean <rule>?"));
  EXPECT_THAT(
      outcome.problems,
      HasSubstr("fluent.conf:8:1: error: required parameter 'pattern' is missing in <rule>"));
  EXPECT_THAT(outcome.problems, HasSubstr("section <limits> may stand only once in <source>"));
}

TEST(Params, SurprisesAreWarningsOrErrors) {
  const std::string text = "path /a\nrefresh_interval 1.5m\n<limits>\nsize 1.5k\n</limits>\n";
  const auto outcome = LoadTail(text);
  EXPECT_EQ(outcome.errors, 0u);
  EXPECT_THAT(outcome.problems, HasSubstr("the time '1.5m' is read as 5 m (300 s); write '90'"));
  EXPECT_THAT(outcome.problems,
              HasSubstr("the size '1.5k' is read as 5 KiB (5120 bytes); write '1536'"));
  EXPECT_EQ(LoadTail(text, true).errors, 2u);
}

TEST(Params, ChecksAcrossParameters) {
  EXPECT_THAT(LoadTail("path /a\nread_from_head true\n").problems,
              HasSubstr("error: read_from_head without pos_file"));
  EXPECT_EQ(LoadTail("path /a\nread_from_head true\npos_file /p\n").problems, "");
}

TEST(Params, AliasesAndOldNames) {
  const auto outcome = LoadTail("paths /a\ntype tail\nlabels a:1\n");
  EXPECT_THAT(outcome.params.path, ElementsAre("/a"));
  EXPECT_THAT(outcome.problems, HasSubstr("'type' in <source> is an old name; write '@type'"));
  EXPECT_THAT(outcome.problems, HasSubstr("'labels' in <source> is deprecated; use <record>"));
}

TEST(Params, WhatHasNoEffectIsSaid) {
  EXPECT_THAT(LoadTail("path /a\nsniff false\n").problems,
              HasSubstr("parameter 'sniff' in <source> has no effect; nothing is sniffed"));
}

TEST(Params, RawSectionsHaveADefaultType) {
  const auto none = LoadTail("path /a\n");
  ASSERT_EQ(none.params.parse.size(), 1u);
  EXPECT_EQ(none.params.parse[0]->Type(), "none");
  const auto json = LoadTail("path /a\n<parse>\n@type json\n</parse>\n");
  ASSERT_EQ(json.params.parse.size(), 1u);
  EXPECT_EQ(json.params.parse[0]->Type(), "json");
}

TEST(Params, SecretsAreNotShown) {
  std::ostringstream out;
  out << Secret{"hunter2"};
  EXPECT_EQ(out.str(), "xxxxxx");
}

TEST(Params, UseDefaultAndNil) {
  EXPECT_EQ(
      LoadTail("path /a\nrefresh_interval \"#{use_default}\"\n").params.refresh_interval.value, 60);
  EXPECT_THAT(LoadTail("path /a\npos_file \"#{use_nil}\"\n").problems,
              HasSubstr("parameter 'pos_file' in <source> cannot be nil"));
  EXPECT_THAT(LoadTail("path \"#{use_default}\"\n").problems,
              HasSubstr("parameter 'path' in <source> has no default to use"));
}

}  // namespace
}  // namespace tailrace
