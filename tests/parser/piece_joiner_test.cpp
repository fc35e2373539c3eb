// SPDX-License-Identifier: Apache-2.0
#include "parser/piece_joiner.h"

#include <gtest/gtest.h>

#include "parser/lines.h"

namespace tailrace::parser {
namespace {

const std::string kTime = "2024-01-15T10:30:00.123456789Z ";

std::string Piece(const std::string& rest) { return kTime + rest; }

class CriStreamTest : public testing::Test {
 protected:
  void Feed(const std::vector<std::string>& texts, Batch& batch, TestSegment* segment = nullptr) {
    stream_->Parse(fixture_.Lines(texts, batch, segment), batch);
  }

  ParserFixture fixture_{"<parse>\n  @type cri\n  partial_limit 40\n  partial_wait 0\n</parse>\n"};
  std::unique_ptr<Parser::Stream> stream_ = fixture_.parser().NewStream();
};

TEST_F(CriStreamTest, JoinsWithinABatch) {
  Batch batch;
  const std::string first = Piece("stdout P ab");
  Feed({first, Piece("stdout P cd"), Piece("stdout F ef"), Piece("stdout F x")}, batch);
  ASSERT_EQ(batch.rows().size(), 2u);
  EXPECT_EQ(Record(batch, 0), R"({"stream":"stdout","logtag":"F","message":"abcdef",)"
                              R"("time":"2024-01-15T10:30:00.123456789Z"})");
  EXPECT_EQ(batch.rows()[0].begin, 0u);
  EXPECT_EQ(batch.rows()[0].end, 3 * (first.size() + 1));
  EXPECT_EQ(batch.rows()[0].time, (EventTime{1705314600, 123456789}));
  EXPECT_EQ(Record(batch, 1), R"({"stream":"stdout","logtag":"F","message":"x",)"
                              R"("time":"2024-01-15T10:30:00.123456789Z"})");
  EXPECT_FALSE(stream_->holding());
}

TEST(CriStream, JoinsAcrossBatchesAndHoldsTheFirstSegment) {
  ParserFixture fixture("<parse>\n  @type cri\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  TestSegment first(0, 100);
  TestSegment second(100, 200);
  Batch batch;
  stream->Parse(fixture.Lines({Piece("stdout P ab"), Piece("stderr F e1")}, batch, &first), batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_TRUE(stream->holding());
  batch.Reset();
  EXPECT_FALSE(first.complete()) << "the unfinished message must hold its segment";
  stream->Parse(fixture.Lines({Piece("stderr F e2"), Piece("stdout F cd")}, batch, &second), batch);
  ASSERT_EQ(batch.rows().size(), 2u);
  const Row& joined = batch.rows()[1];
  EXPECT_NE(Record(batch, joined).find("\"message\":\"abcd\""), std::string::npos);
  EXPECT_EQ(joined.begin, 0u);
  EXPECT_EQ(batch.segments()[joined.segment].get(), &first);
  EXPECT_FALSE(first.complete());
  batch.Reset();
  EXPECT_TRUE(first.complete());
  EXPECT_FALSE(stream->holding());
}

TEST_F(CriStreamTest, StreamsAreKeptApart) {
  Batch batch;
  Feed({Piece("stdout P a"), Piece("stderr P x"), Piece("stdout F b"), Piece("stderr F y")}, batch);
  ASSERT_EQ(batch.rows().size(), 2u);
  EXPECT_NE(Record(batch, 0).find("\"message\":\"ab\""), std::string::npos);
  EXPECT_NE(Record(batch, 1).find("\"message\":\"xy\""), std::string::npos);
}

TEST_F(CriStreamTest, TooLongMessagesAreDeliveredInMarkedParts) {
  Batch batch;
  const std::string thirty(30, 'a');
  Feed({Piece("stdout P " + thirty), Piece("stdout P " + thirty), Piece("stdout F end")}, batch);
  ASSERT_EQ(batch.rows().size(), 2u);
  EXPECT_NE(Record(batch, 0).find("\"logtag\":\"P\",\"message\":\"" + thirty + thirty + '"'),
            std::string::npos);
  EXPECT_NE(Record(batch, 1).find("\"logtag\":\"F\",\"message\":\"end\""), std::string::npos);
}

TEST_F(CriStreamTest, AnUnfinishedMessageIsDeliveredAfterItsWait) {
  Batch batch;
  Feed({Piece("stdout P left alone")}, batch);  // partial_wait 0: as old as can be
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_NE(Record(batch, 0).find("\"logtag\":\"P\",\"message\":\"left alone\""),
            std::string::npos);
}

TEST(CriStream, FlushLetsGoOfWhatIsHeld) {
  ParserFixture fixture("<parse>\n  @type cri\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  Batch batch;
  stream->Parse(fixture.Lines({Piece("stdout P a"), Piece("stderr P b")}, batch), batch);
  EXPECT_TRUE(batch.rows().empty());
  stream->Flush(batch);
  EXPECT_EQ(batch.rows().size(), 2u);
  EXPECT_FALSE(stream->holding());
}

TEST_F(CriStreamTest, WhatIsNoCriLineIsUnmatched) {
  Batch batch;
  Feed({"", "junk", Piece("stdout"), "not-a-time stdout F x"}, batch);
  EXPECT_TRUE(batch.rows().empty());
  EXPECT_EQ(batch.unmatched().size(), 4u);
}

TEST(ContainerStream, JoinsDockerPieces) {
  ParserFixture fixture("<parse>\n  @type container\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  Batch batch;
  stream->Parse(
      fixture.Lines({R"({"log":"{\"a\":\"x","stream":"stdout","time":"2024-01-15T10:30:00Z"})",
                     R"({"log":"y\"}\n","stream":"stdout","time":"2024-01-15T10:30:01Z"})"},
                    batch),
      batch);
  ASSERT_EQ(batch.rows().size(), 1u);
  EXPECT_EQ(Record(batch), R"({"a":"xy","stream":"stdout"})");
  EXPECT_EQ(batch.rows()[0].time, (EventTime{1705314600, 0}));
}

TEST(ContainerStream, TellsFormatsApartLineByLine) {
  ParserFixture fixture(
      "<parse>\n  @type container\n  time_key t\n  logtag_key tag\n  message_key log\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  Batch batch;
  stream->Parse(
      fixture.Lines({Piece("stdout F   indented"),
                     R"({"log":"docker\n","stream":"stderr","time":"2024-01-15T10:30:00Z"})",
                     R"({"log":5})", "{"},
                    batch),
      batch);
  ASSERT_EQ(batch.rows().size(), 2u);
  EXPECT_EQ(Record(batch, 0),
            R"({"log":"  indented","stream":"stdout","t":"2024-01-15T10:30:00.123456789Z",)"
            R"("tag":"F"})");
  EXPECT_EQ(Record(batch, 1),
            R"({"log":"docker","stream":"stderr","t":"2024-01-15T10:30:00Z","tag":"F"})");
  EXPECT_EQ(batch.unmatched().size(), 2u);
}

TEST(ContainerStream, InnerParserAndItsFallback) {
  ParserFixture fixture(
      "<parse>\n  @type container\n  <parse>\n    @type regexp\n"
      "    expression /^(?<level>[A-Z]+) (?<msg>.*)$/\n  </parse>\n</parse>\n");
  auto stream = fixture.parser().NewStream();
  Batch batch;
  stream->Parse(fixture.Lines({Piece("stdout F WARN full"), Piece("stdout F other")}, batch),
                batch);
  ASSERT_EQ(batch.rows().size(), 2u);
  EXPECT_EQ(Record(batch, 0), R"({"level":"WARN","msg":"full","stream":"stdout"})");
  EXPECT_EQ(batch.rows()[0].time, (EventTime{1705314600, 123456789})) << "the runtime's time";
  EXPECT_EQ(Record(batch, 1), R"({"message":"other","stream":"stdout"})");
}

}  // namespace
}  // namespace tailrace::parser
