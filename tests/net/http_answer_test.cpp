// SPDX-License-Identifier: Apache-2.0
#include "net/http_answer.h"

#include <gtest/gtest.h>

namespace tailrace::net {
namespace {

using State = HttpAnswerReader::State;
constexpr std::size_t kBodyMax = 1000;

// Gives the bytes whole, then one by one: both must mean the same.
HttpAnswerReader Read(std::string_view bytes, bool to_head = false) {
  HttpAnswerReader whole(to_head, kBodyMax);
  whole.Take(bytes);
  HttpAnswerReader pieces(to_head, kBodyMax);
  for (const char byte : bytes) {
    if (pieces.Take({&byte, 1}) >= State::kBad) break;
  }
  EXPECT_EQ(whole.state(), pieces.state()) << bytes;
  EXPECT_EQ(whole.keep_alive(), pieces.keep_alive()) << bytes;
  EXPECT_EQ(whole.response().status, pieces.response().status) << bytes;
  EXPECT_EQ(whole.response().body, pieces.response().body) << bytes;
  return whole;
}

TEST(HttpAnswerTest, BodyByLength) {
  auto answer = Read("HTTP/1.1 201 Created\r\nContent-Length: 5\r\nX-Y:  a b \r\n\r\nhello");
  EXPECT_EQ(answer.state(), State::kDone);
  EXPECT_TRUE(answer.keep_alive());
  EXPECT_EQ(answer.response().status, 201);
  EXPECT_EQ(answer.response().body, "hello");
  EXPECT_EQ(answer.response().Header("x-y"), "a b");
}

TEST(HttpAnswerTest, BodyByChunksWithTrailers) {
  auto answer = Read(
      "HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n"
      "5;ext=1\r\nhello\r\nA\r\n, world!!!\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(answer.state(), State::kDone);
  EXPECT_TRUE(answer.keep_alive());
  EXPECT_EQ(answer.response().body, "hello, world!!!");
}

TEST(HttpAnswerTest, BodyUntilTheConnectionEnds) {
  auto answer = Read("HTTP/1.0 200 OK\r\n\r\nhello");
  EXPECT_EQ(answer.state(), State::kBody);
  EXPECT_EQ(answer.End(), State::kDone);
  EXPECT_FALSE(answer.keep_alive());
  EXPECT_EQ(answer.response().body, "hello");
}

TEST(HttpAnswerTest, AnswersWithoutABody) {
  EXPECT_EQ(Read("HTTP/1.1 204 No Content\r\n\r\n").state(), State::kDone);
  EXPECT_EQ(Read("HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n").state(), State::kDone);
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true).state(), State::kDone);
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").state(), State::kDone);
}

TEST(HttpAnswerTest, InterimAnswersArePassedOver) {
  auto answer = Read(
      "HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(answer.state(), State::kDone);
  EXPECT_EQ(answer.response().status, 200);
  EXPECT_TRUE(answer.keep_alive());
}

TEST(HttpAnswerTest, WhetherTheConnectionCanBeKept) {
  const std::string_view body = "Content-Length: 0\r\n\r\n";
  const auto keeps = [&](std::string head) { return Read(head += body).keep_alive(); };
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: Close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.1 200 OK\r\nConnection: x, close\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0 200 OK\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"));
  // Bytes that nobody asked for.
  EXPECT_FALSE(Read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200").keep_alive());
}

TEST(HttpAnswerTest, TooEarlyEnds) {
  for (const std::string_view bytes :
       {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"}) {
    EXPECT_NE(Read(bytes).End(), State::kDone) << bytes;
  }
}

TEST(HttpAnswerTest, WhatIsNoAnswer) {
  for (const std::string_view bytes : {
           "220 mail.example ESMTP\r\n",
           "HTTP/2 200\r\n\r\n",
           "HTTP/1.1 abc\r\n\r\n",
           "HTTP/1.1 2000\r\n\r\n",
           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n",
       }) {
    EXPECT_EQ(Read(bytes).state(), State::kBad) << bytes;
  }
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nX: " + std::string(300 << 10, 'x')).state(), State::kBad);
}

TEST(HttpAnswerTest, BodiesOverTheLimit) {
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n").state(), State::kTooLarge);
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\n\r\n" + std::string(1001, 'x')).state(), State::kTooLarge);
  EXPECT_EQ(Read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "ffffffffffffffff\r\n")
                .state(),
            State::kTooLarge);
}

}  // namespace
}  // namespace tailrace::net
