// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads one HTTP/1.1 answer from bytes as they arrive (RFC 9112): interim answers are passed over,
// the body ends by its length, by its last chunk or with the connection. Knows no sockets.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_client.h"

namespace tailrace::net {

class HttpAnswerReader {
 public:
  enum class State : uint8_t {
    kHead,      // the head is not complete
    kBody,      // the head is, the body is not
    kDone,      // response() is whole
    kBad,       // these bytes are no HTTP/1 answer
    kTooLarge,  // the body is over the limit
  };

  // `to_head`: the request was a HEAD, whose answer has no body.
  HttpAnswerReader(bool to_head, std::size_t body_bytes_max)
      : to_head_(to_head), body_bytes_max_(body_bytes_max) {}

  State Take(std::string_view bytes);
  // The connection has ended: the end of some bodies, too early for others.
  State End();

  State state() const { return state_; }
  bool begun() const { return begun_; }  // at least one byte came
  // Whether the connection may carry another request, once this is done.
  bool keep_alive() const { return keep_alive_ && !leftover_; }
  HttpResponse& response() { return response_; }

 private:
  enum class Framing : uint8_t { kLength, kChunked, kUntilEnd };
  enum class ChunkPart : uint8_t { kSize, kData, kDataEnd, kTrailer };

  // Each takes what it can from the front of `bytes`.
  void TakeHead(std::string_view& bytes);
  void TakeBody(std::string_view& bytes);
  void TakeChunked(std::string_view& bytes);
  // A line without its end, once it is complete; lines longer than a limit are bad.
  bool TakeLine(std::string_view& bytes, std::string_view& line);
  void OnLine(std::string_view line);
  bool StatusLine(std::string_view line);
  void HeaderLine(std::string_view line);
  void HeadEnd();
  void ChunkSize(std::string_view line);
  void Append(std::string_view& bytes, std::uint64_t size);

  bool to_head_;
  std::size_t body_bytes_max_;
  State state_ = State::kHead;
  Framing framing_ = Framing::kUntilEnd;
  ChunkPart chunk_part_ = ChunkPart::kSize;
  bool begun_ = false;
  bool keep_alive_ = true;
  bool leftover_ = false;  // more bytes came than the answer has
  bool has_length_ = false;
  std::uint64_t left_ = 0;  // bytes of the body, or of the chunk, that are still to come
  std::size_t head_bytes_ = 0;
  std::string line_;  // the beginning of a line whose end has not come yet
  bool line_taken_ = false;
  HttpResponse response_;
};

}  // namespace tailrace::net
