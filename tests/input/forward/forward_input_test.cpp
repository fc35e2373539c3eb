// SPDX-License-Identifier: Apache-2.0
// What the recorded conversations do not show: acknowledgements that wait, limits, bad input.
#include "event/msgpack.h"
#include "input/fake_network.h"
#include "net/gzip.h"

namespace tailrace::forward {
namespace {

class ForwardInputTest : public InputFixture {
 protected:
  void StartWith(const std::string& more) {
    port_ = FreePort();
    const std::string problem = Start("<source>\n@type forward\nbind 127.0.0.1\nport " +
                                      std::to_string(port_) + "\n" + more + "</source>\n");
    ASSERT_EQ(problem, "");
  }

  // [1, {"n": number}] `count` times.
  static std::string Entries(int count) {
    ByteBuffer out;
    for (int i = 0; i < count; ++i) {
      msgpack::AppendArrayHead(2, out);
      msgpack::AppendInteger(1, out);
      msgpack::AppendMapHead(1, out);
      msgpack::AppendString("n", out);
      msgpack::AppendInteger(i, out);
    }
    return std::string(out.view());
  }
  static std::string Packed(std::string_view entries, const std::string& chunk,
                            const std::string& compressed = "") {
    ByteBuffer out;
    msgpack::AppendArrayHead(3, out);
    msgpack::AppendString("app", out);
    msgpack::AppendString(entries, out);
    msgpack::AppendMapHead(compressed.empty() ? 1 : 2, out);
    msgpack::AppendString("chunk", out);
    msgpack::AppendString(chunk, out);
    if (!compressed.empty()) {
      msgpack::AppendString("compressed", out);
      msgpack::AppendString(compressed, out);
    }
    return std::string(out.view());
  }
  static std::string Answer(const std::string& chunk) {
    ByteBuffer out;
    msgpack::AppendMapHead(1, out);
    msgpack::AppendString("ack", out);
    msgpack::AppendString(chunk, out);
    return std::string(out.view());
  }

  uint16_t port_ = 0;
};

const std::string kChunk = "AAECAwQFBgcICQoLDA0ODw==";

TEST_F(ForwardInputTest, AnswersWhenTheEventsAreSafe) {
  StartWith("");
  pipeline_.hold_back = true;
  TestClient client(pipeline_, port_);
  client.Send(Packed(Entries(5000), "c1"));  // more than one batch
  ASSERT_TRUE(pipeline_.RunUntil(5000));
  EXPECT_EQ(client.Receive(1, 0.1), "");
  pipeline_.Acknowledge(1);
  EXPECT_EQ(client.Receive(1, 0.1), "");
  pipeline_.Acknowledge();
  EXPECT_EQ(client.Receive(Answer("c1").size()), Answer("c1"));
}

TEST_F(ForwardInputTest, AnswersNothingThatIsUnsafeWhenTheAgentStops) {
  StartWith("");
  pipeline_.hold_back = true;
  TestClient client(pipeline_, port_);
  client.Send(Packed(Entries(1), "c1"));
  ASSERT_TRUE(pipeline_.RunUntil(1));
  StopUnsent();
  EXPECT_EQ(client.Receive(1, 0.05), "");
}

TEST_F(ForwardInputTest, TakesAChunkThatComesAgainOnce) {
  StartWith("");
  pipeline_.hold_back = true;
  TestClient first(pipeline_, port_);
  first.Send(Packed(Entries(3), kChunk));
  ASSERT_TRUE(pipeline_.RunUntil(3));
  first.Close();
  TestClient second(pipeline_, port_);
  second.Send(Packed(Entries(3), kChunk));
  EXPECT_EQ(second.Receive(1, 0.1), "");
  pipeline_.Acknowledge();
  EXPECT_EQ(second.Receive(Answer(kChunk).size()), Answer(kChunk));
  TestClient third(pipeline_, port_);
  third.Send(Packed(Entries(3), kChunk));
  EXPECT_EQ(third.Receive(Answer(kChunk).size()), Answer(kChunk));
  EXPECT_EQ(pipeline_.seen.size(), 3u);
}

TEST_F(ForwardInputTest, TakesEqualChunksWhoseIdsNameNothing) {
  StartWith("");
  TestClient client(pipeline_, port_);
  client.Send(Packed(Entries(1), "same") + Packed(Entries(1), "same"));
  EXPECT_TRUE(pipeline_.RunUntil(2));
}

TEST_F(ForwardInputTest, WaitsWhileThePipelineIsFull) {
  StartWith("");
  pipeline_.writable = false;
  TestClient client(pipeline_, port_);
  client.Send(Packed(Entries(2), "a") + Packed(Entries(2), "b"));
  pipeline_.Run(0.1);
  EXPECT_TRUE(pipeline_.seen.empty());
  pipeline_.writable = true;
  EXPECT_TRUE(pipeline_.RunUntil(4));
}

TEST_F(ForwardInputTest, TakesMessagesInAnyPieces) {
  StartWith("");
  TestClient client(pipeline_, port_);
  const std::string message = Packed(Entries(3), kChunk) + "\xC0" + Packed(Entries(2), "b");
  for (const char byte : message) client.Send(std::string_view(&byte, 1));
  EXPECT_TRUE(pipeline_.RunUntil(5));
  EXPECT_TRUE(pipeline_.dropped.empty());
}

TEST_F(ForwardInputTest, EndsAConnectionThatSendsABomb) {
  StartWith("decompression_size_limit 1m\n");
  net::GzipCompressor gzip(net::CompressionLevel::kFast);
  ByteBuffer bomb;
  ASSERT_TRUE(gzip.Compress(std::string(16 << 20, '\x90'), bomb));
  TestClient unpacks(pipeline_, port_);
  unpacks.Send(Packed(bomb.view(), "x", "gzip"));
  EXPECT_TRUE(unpacks.Closed());
  TestClient deep(pipeline_, port_);
  deep.Send(std::string(100'000, '\x91'));
  EXPECT_TRUE(deep.Closed());
  TestClient inside(pipeline_, port_);
  inside.Send(Packed("\x92\x01\x81\xA1k" + std::string(100'000, '\x91'), "x"));
  EXPECT_TRUE(inside.Closed());
  TestClient garbage(pipeline_, port_);
  garbage.Send("\xC1\xC1\xC1");
  EXPECT_TRUE(garbage.Closed());
  EXPECT_TRUE(pipeline_.seen.empty());
}

TEST_F(ForwardInputTest, EndsAConnectionWhoseMessageIsTooLarge) {
  StartWith("receive_limit 64k\n");
  TestClient client(pipeline_, port_);
  client.Send(std::string("\x92\xA1t\xDB\x7F\xFF\xFF\xFF", 8) + std::string(1000, 'x'));
  EXPECT_TRUE(client.Closed());
}

TEST_F(ForwardInputTest, PassesOverAChunkAboveItsLimitWithoutKeepingIt) {
  StartWith("chunk_size_limit 64k\n");
  TestClient client(pipeline_, port_);
  client.Send(Packed(std::string(8 << 20, 'x'), "big") + Packed(Entries(1), "next"));
  EXPECT_EQ(client.Receive(Answer("next").size()), Answer("next"));
  EXPECT_EQ(pipeline_.seen.size(), 1u);
  EXPECT_GT(pipeline_.lost["chunk_size_limit"], size_t{8} << 20);
}

TEST_F(ForwardInputTest, ServesNoMoreConnectionsThanItMay) {
  StartWith("connections_limit 2\n");
  TestClient a(pipeline_, port_);
  TestClient b(pipeline_, port_);
  pipeline_.Run(0.02);
  for (int i = 0; i < 200; ++i) {
    TestClient more(pipeline_, port_);
    EXPECT_TRUE(more.Closed());
  }
  a.Send(Packed(Entries(1), "x"));
  EXPECT_TRUE(pipeline_.RunUntil(1));
  b.Close();
  pipeline_.Run(0.02);
  TestClient again(pipeline_, port_);
  again.Send(Packed(Entries(1), "x"));
  EXPECT_TRUE(pipeline_.RunUntil(2));
}

TEST_F(ForwardInputTest, EndsAConnectionThatStalls) {
  StartWith("stall_timeout 1s\n");
  TestClient half(pipeline_, port_);
  TestClient idle(pipeline_, port_);
  half.Send("\x93");
  EXPECT_TRUE(half.Closed(4));
  EXPECT_FALSE(idle.Closed(0.1));
}

TEST_F(ForwardInputTest, ClientsHaveKeysAndUsersOfTheirOwn) {
  StartWith(
      "<security>\nself_hostname s\nshared_key k\nallow_anonymous_source false\n"
      "<client>\nnetwork 10.0.0.0/8\n</client>\n</security>\n");
  TestClient client(pipeline_, port_);
  client.Send(
      "\x96\xA4PING\xA1h\xA1s\xA1"
      "d\xA0\xA0");
  EXPECT_NE(client.Receive(200, 0.5).find("anonymous source host '127.0.0.1' denied"),
            std::string::npos);
}

}  // namespace
}  // namespace tailrace::forward
