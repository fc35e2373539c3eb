// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "config/describe.h"
#include "config/include.h"
#include "config/tree_json.h"
#include "temp_dir.h"

namespace tailrace::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string ProblemsOf(const std::string& text) {
  Problems problems;
  LoadText(text, "fluent.conf", {}, &problems);
  return Format(problems);
}

void Write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Load, ReportsEveryErrorOfAFile) {
  const std::string problems = ProblemsOf(
      "<source>\n"
      "  @type \"tail\n"
      "</source>\n"
      "<match a> x\n"
      "  k 'v' w\n"
      "  j [1, 2\n"
      "</match>\n"
      "</label>\n"
      "<filter **>\n");
  EXPECT_THAT(problems, HasSubstr("fluent.conf:4:10: error: expected the end of the line after "
                                  "<match a>; write the parameters on lines of their own\n"
                                  "    <match a> x\n             ^\n"));
  EXPECT_THAT(problems, HasSubstr("fluent.conf:5:8: error: expected the end of the line after the "
                                  "value of 'k'"));
  EXPECT_THAT(problems, HasSubstr("fluent.conf:6:5: error: this '[' does not begin a JSON array"));
  EXPECT_THAT(problems,
              HasSubstr("fluent.conf:8:1: error: end tag </label> has no section to close"));
  EXPECT_THAT(problems, HasSubstr("fluent.conf:9:1: error: section <filter **> is not closed"));
}

TEST(Load, NamesTheSectionThatIsNotClosed) {
  EXPECT_THAT(ProblemsOf("<match a>\n<buffer>\nk v\n</match>\n"),
              HasSubstr("fluent.conf:2:1: error: section <buffer> is not closed before </match>; "
                        "add </buffer>"));
}

TEST(Load, WarnsOfSurprises) {
  EXPECT_THAT(ProblemsOf("<s>\nk 1\nk 2\n</s>\n"),
              HasSubstr("fluent.conf:3:1: warning: parameter 'k' is given twice; this one counts"));
  EXPECT_THAT(ProblemsOf("@include /nowhere/*.conf\n"), HasSubstr("warning: @include "));
  EXPECT_THAT(ProblemsOf("<match a>\n@tpye x\n</match>\n"), HasSubstr("did you mean '@type'?"));
}

TEST(Load, EmbeddedRubyIsRefusedWithItsPlace) {
  EXPECT_THAT(ProblemsOf("<s>\n  k \"a#{system('ls')}\"\n</s>\n"),
              HasSubstr("fluent.conf:2:9: error: embedded Ruby: 'system' is not a known variable"));
}

TEST(Load, IncludedFilesAreNamedInProblems) {
  const TempDir dir;
  Write(dir.path() / "main.conf", "@include sub/a.conf\n");
  Write(dir.path() / "sub/a.conf", "<source>\n");
  Problems problems;
  const auto loaded = LoadFile((dir.path() / "main.conf").string(), {}, &problems);
  EXPECT_THAT(Format(problems),
              HasSubstr("/sub/a.conf:1:1: error: section <source> is not closed"));
  EXPECT_EQ(loaded.files.size(), 2u);
}

TEST(Load, IncludesThatGoInACircleEnd) {
  const TempDir dir;
  Write(dir.path() / "a.conf", "@include b.conf\n");
  Write(dir.path() / "b.conf", "@include a.conf\n");
  Problems problems;
  LoadFile((dir.path() / "a.conf").string(), {}, &problems);
  EXPECT_THAT(Format(problems), HasSubstr("goes in a circle"));
}

TEST(Load, MissingFile) {
  Problems problems;
  LoadFile("/nowhere/fluent.conf", {}, &problems);
  EXPECT_THAT(Format(problems), HasSubstr("cannot read /nowhere/fluent.conf: No such file"));
}

TEST(Load, RefusesTheOldGrammar) {
  Problems problems;
  LoadOptions options;
  options.type = FileType::kV0;
  LoadFile("/nowhere/fluent.conf", options, &problems);
  EXPECT_THAT(Format(problems), HasSubstr("the v0 configuration grammar is not supported"));
}

TEST(Load, SystemStandsOnce) {
  const TempDir dir;
  Write(dir.path() / "main.conf", "<system>\n</system>\n<system>\n</system>\n");
  Problems problems;
  LoadFile((dir.path() / "main.conf").string(), {}, &problems);
  EXPECT_THAT(Format(problems), HasSubstr("main.conf:3:1: error: <system> may stand only once"));
}

TEST(Load, ReadsTheIncludeDirectory) {
  const TempDir dir;
  Write(dir.path() / "main.conf",
        "<system>\n  config_include_dir conf.d\n</system>\n@include conf.d/a.conf\n");
  Write(dir.path() / "conf.d/a.conf", "<source>\n  @type a\n</source>\n");
  Write(dir.path() / "conf.d/b.yaml", "config:\n  - source:\n      $type: b\n");
  Write(dir.path() / "conf.d/c.txt", "nonsense");
  Problems problems;
  LoadOptions options;
  options.read_include_dir = true;
  const auto loaded = LoadFile((dir.path() / "main.conf").string(), options, &problems);
  EXPECT_EQ(Format(problems), "");
  std::vector<std::string> types;
  for (const Element* source : loaded.root.Sections("source")) types.emplace_back(source->Type());
  EXPECT_THAT(types, ElementsAre("a", "b"));
}

TEST(Load, InlineConfigAndEncoding) {
  const TempDir dir;
  Write(dir.path() / "main.conf", "k \xE9\n");
  Problems problems;
  LoadOptions options;
  options.encoding = "ISO-8859-1";
  options.inline_config = "<source>\\n@type x\\n</source>";
  const auto loaded = LoadFile((dir.path() / "main.conf").string(), options, &problems);
  EXPECT_EQ(
      ToJson(loaded.root),
      "{\"name\":\"ROOT\",\"arg\":\"\",\"attrs\":{\"k\":\"\xC3\xA9\"},\"elements\":[{\"name\":"
      "\"source\",\"arg\":\"\",\"attrs\":{\"@type\":\"x\"},\"elements\":[]}]}");
}

TEST(Load, YamlProblemsHaveTheirPlace) {
  Problems problems;
  LoadOptions options;
  options.type = FileType::kYaml;
  LoadText("config:\n  - sauce:\n      $type: a\n  - source: 5\n", "fluent.yaml", options,
           &problems);
  EXPECT_THAT(Format(problems),
              HasSubstr("fluent.yaml:2:5: warning: unknown section 'sauce' has no "
                        "effect; did you mean 'source'?"));
  EXPECT_THAT(Format(problems),
              HasSubstr("fluent.yaml:4:13: error: 'source' must be a map of parameters"));
}

TEST(Load, SecretsAreMaskedInProblemsAndDumps) {
  const std::string text = "<match **>\n  @type x\n  password \"hunter2\" junk\n</match>\n";
  EXPECT_THAT(ProblemsOf(text), Not(HasSubstr("hunter2")));
  Problems problems;
  const auto loaded =
      LoadText("<match a>\n  password hunter2\n  host \"h\"\n</match>\n", "f", {}, &problems);
  EXPECT_EQ(ToMaskedText(loaded.root, nullptr),
            "<ROOT>\n  <match a>\n    password xxxxxx\n    host h\n  </match>\n</ROOT>\n");
}

TEST(Glob, MatchesAsRubysDirGlob) {
  const TempDir dir;
  for (const char* name : {"a.conf", "b.conf", ".h.conf", "sub/c.conf", "sub/deep/d.conf"}) {
    Write(dir.path() / name, "");
  }
  auto names = [&](const std::string& pattern) {
    std::vector<std::string> found;
    for (const auto& path : Glob(dir.path().string() + "/" + pattern)) {
      found.push_back(path.substr(dir.path().string().size() + 1));
    }
    return found;
  };
  EXPECT_THAT(names("*.conf"), ElementsAre("a.conf", "b.conf"));
  EXPECT_THAT(names("{b,a}.conf"), ElementsAre("a.conf", "b.conf"));
  EXPECT_THAT(names("[ab].conf"), ElementsAre("a.conf", "b.conf"));
  EXPECT_THAT(names("[^a].conf"), ElementsAre("b.conf"));
  EXPECT_THAT(names("**/*.conf"), ElementsAre("a.conf", "b.conf", "sub/c.conf", "sub/deep/d.conf"));
  EXPECT_THAT(names(".*.conf"), ElementsAre(".h.conf"));
  EXPECT_THAT(names("?.conf"), ElementsAre("a.conf", "b.conf"));
  EXPECT_THAT(names("none/*.conf"), ElementsAre());
}

TEST(Include, PathsAreUris) {
  EXPECT_EQ(IncludePattern("a.conf", "/etc/fluent").value(), "/etc/fluent/a.conf");
  EXPECT_EQ(IncludePattern("../a+b%20c.conf", "/etc/fluent").value(), "/etc/a b c.conf");
  EXPECT_EQ(IncludePattern("file:///x/y.conf", "/etc").value(), "/x/y.conf");
  EXPECT_FALSE(IncludePattern("file:y.conf", "/etc"));
  EXPECT_FALSE(IncludePattern("{a,b}.conf", "/etc"));
  EXPECT_FALSE(IncludePattern("a%2.conf", "/etc"));
  EXPECT_FALSE(IncludePattern("foo://b/c", "/etc"));
}

TEST(Include, KnowsBackups) {
  EXPECT_TRUE(LooksLikeBackup("/d/app.bak.conf"));
  EXPECT_TRUE(LooksLikeBackup("/d/app_old.conf"));
  EXPECT_FALSE(LooksLikeBackup("/d/app.conf"));
  EXPECT_FALSE(LooksLikeBackup("/d/golden.conf"));
}

}  // namespace
}  // namespace tailrace::config
