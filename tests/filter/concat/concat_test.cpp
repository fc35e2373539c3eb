// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "filter/filter_harness.h"

namespace tailrace {
namespace {

using test::FilterHarness;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr char kStart[] = "<filter **>\n@type concat\nkey log\nmultiline_start_regexp /^S/\n";

TEST(Concat, JoinedEventHoldsTheSegmentsOfAllItsParts) {
  FilterHarness harness(std::string(kStart) + "</filter>\n");
  harness.Emit("app", {R"({"log":"S1"})", R"({"log":"a"})"});
  harness.Emit("app", {R"({"log":"b"})"});
  harness.Emit("app", {R"({"log":"c"})", R"({"log":"S2"})"});
  ASSERT_THAT(harness.Records(), ElementsAre(R"({"log":"S1\na\nb\nc"})"));
  EXPECT_EQ(harness.seen[0].begin, 0u);
  EXPECT_EQ(harness.seen[0].end, 400u);
  for (const auto& segment : harness.segments) EXPECT_FALSE(segment->complete);
  harness.seen.clear();
  EXPECT_TRUE(harness.segments[0]->complete);
  EXPECT_TRUE(harness.segments[1]->complete);
  EXPECT_FALSE(harness.segments[2]->complete) << "S2 waits and was read there";
}

TEST(Concat, EventsStayInOrderAndUntouchedOnesPass) {
  FilterHarness harness(std::string(kStart) + "</filter>\n");
  harness.Emit("app", {R"({"log":"before"})", R"({"log":"S1"})", R"({"other":1})",
                       R"({"log":"S2"})", R"({"log":"S3"})", R"({"log":7})"});
  EXPECT_THAT(harness.Records(),
              ElementsAre(R"({"log":7})", R"({"log":"before"})", R"({"other":1})",
                          R"({"log":"S1"})", R"({"log":"S2"})"));
  EXPECT_THAT(harness.seen[0].error, HasSubstr("no text"));
}

TEST(Concat, UnfinishedAtStopIsLeftToBeReadAgain) {
  FilterHarness harness(std::string(kStart) + "</filter>\n");
  harness.Emit("app", {R"({"log":"S1"})"});
  harness.Stop();
  EXPECT_THAT(harness.seen, IsEmpty());
  EXPECT_FALSE(harness.segments[0]->complete);
}

TEST(Concat, UnfinishedAtStopGoesToTheTimeoutLabel) {
  FilterHarness harness(std::string(kStart) +
                        "timeout_label @LATE\n</filter>\n<label @LATE>\n<match **>\n@type stdout\n"
                        "</match>\n</label>\n");
  harness.Emit("app", {R"({"log":"S1"})", R"({"log":"a"})"});
  harness.Stop();
  ASSERT_THAT(harness.Records(), ElementsAre(R"({"log":"S1\na"})"));
  EXPECT_EQ(harness.seen[0].error, "");
}

TEST(Concat, TimeoutLetsGo) {
  FilterHarness harness(std::string(kStart) + "flush_interval 0.000001\n</filter>\n");
  harness.Emit("app", {R"({"log":"S1"})"});
  for (int i = 1; i < 1000 && harness.seen.empty(); ++i) harness.Tick(i * 1'000'000'000'000);
  ASSERT_THAT(harness.Records(), ElementsAre(R"({"log":"S1"})"));
  EXPECT_THAT(harness.seen[0].error, HasSubstr("Timeout flush: app:default"));
  EXPECT_EQ(harness.seen[0].second, 1000) << "the time of letting go";
}

TEST(Concat, PartsOfDockerComeInAnyOrder) {
  FilterHarness harness(
      "<filter **>\n@type concat\nkey log\nuse_partial_metadata true\nseparator \"\"\n</filter>\n");
  const auto part = [](const char* log, const char* id, int ordinal, bool last) {
    return std::string(R"({"log":")") + log + R"(","partial_message":"true","partial_id":")" + id +
           R"(","partial_ordinal":")" + std::to_string(ordinal) + R"(","partial_last":")" +
           (last ? "true" : "false") + R"("})";
  };
  harness.Emit("app", {part("x1", "x", 1, false), part("y2", "y", 2, false)});
  harness.Emit("app", {part("y1", "y", 1, false), R"({"log":"whole"})", part("x2", "x", 2, true),
                       part("y3", "y", 3, true)});
  EXPECT_THAT(harness.Records(),
              ElementsAre(R"({"log":"whole"})", R"({"log":"x1x2"})", R"({"log":"y1y2y3"})"));
}

TEST(Concat, CriPartsAreJoined) {
  FilterHarness harness(
      "<filter **>\n@type concat\nkey message\nuse_partial_cri_logtag true\n"
      "partial_cri_logtag_key logtag\nseparator \"\"\n</filter>\n");
  harness.Emit("app", {R"({"stream":"stdout","logtag":"P","message":"a"})",
                       R"({"stream":"stdout","logtag":"F:x","message":"b"})",
                       R"({"stream":"stdout","logtag":"F","message":"c"})"});
  EXPECT_THAT(harness.Records(), ElementsAre(R"({"message":"ab"})", R"({"message":"c"})"));
}

TEST(Concat, LimitOfAPartialGroup) {
  const auto run = [](const std::string& method) {
    FilterHarness harness(
        "<filter **>\n@type concat\nkey log\npartial_key p\npartial_value y\nseparator \"\"\n"
        "buffer_limit_size 20\nbuffer_overflow_method " +
        method + "\n</filter>\n");
    harness.Emit("app", {R"({"log":"aaaa","p":"y"})", R"({"log":"bbbb","p":"y"})",
                         R"({"log":"cccc","p":"n"})"});
    return harness.Records();
  };
  EXPECT_THAT(run("ignore"), ElementsAre(R"({"log":"aaaabbbbcccc"})"));
  EXPECT_THAT(run("truncate"), ElementsAre(R"({"log":"aaaabbbb"})"));
  EXPECT_THAT(run("drop"), IsEmpty());
  EXPECT_THAT(run("new"), ElementsAre(R"({"log":"aaaabbbb"})", R"({"log":"cccc"})"));
}

TEST(Concat, ModesExcludeEachOther) {
  EXPECT_THAT(FilterHarness(std::string(kStart) + "n_lines 2\n</filter>\n").Problems(),
              HasSubstr("are exclusive"));
  EXPECT_THAT(FilterHarness("<filter **>\n@type concat\nkey log\n</filter>\n").Problems(),
              HasSubstr("is required"));
}

}  // namespace
}  // namespace tailrace
