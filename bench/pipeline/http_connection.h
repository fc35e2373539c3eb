// SPDX-License-Identifier: Apache-2.0
#pragma once
// The server's half of one HTTP/1.1 connection: collects bytes until a request is whole (by
// Content-Length or chunked), undoes gzip, and keeps what is to be sent. No sockets here.

#include <cstddef>
#include <string>
#include <string_view>

struct libdeflate_decompressor;

namespace tailrace::bench {

struct HttpRequest {
  std::string_view method;
  std::string_view path;   // without the query
  std::string_view query;  // without '?'
  std::string_view body;   // decoded
  std::size_t wire_body_bytes = 0;
  bool keep_alive = true;
};

enum class ParseState { kNeedMore, kComplete, kBad };

class HttpConnection {
 public:
  HttpConnection();
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Room for the next recv: at least `least` bytes at input(), then Received(n).
  char* PrepareInput(std::size_t least);
  std::size_t input_capacity() const { return in_.size() - in_used_; }
  void Received(std::size_t bytes) { in_used_ += bytes; }

  // Looks for a whole request at the front of the input. The request's views are valid until
  // Consume(). Appends "100 Continue" to `out` once when the client waits for it.
  ParseState Parse(HttpRequest& request);
  // Drops the request that Parse returned.
  void Consume();

  // Queues an answer.
  void Respond(int status, std::string_view body, bool head_only = false);

  std::string out;           // bytes still to be sent, from out_sent on
  std::size_t out_sent = 0;  // moved by the owner as the socket takes bytes

 private:
  bool ParseHead(std::size_t head_end);
  ParseState FindChunkedBody();
  bool Decode(std::string_view raw, std::string_view& decoded);

  std::string in_;
  std::size_t in_used_ = 0;
  // Of the request being read; head_bytes_ is 0 while its head is not complete.
  std::size_t head_bytes_ = 0;
  std::size_t content_length_ = 0;
  bool chunked_ = false;
  bool gzip_ = false;
  bool keep_alive_ = true;
  bool expect_continue_ = false;
  std::size_t request_bytes_ = 0;
  std::size_t target_begin_ = 0, target_end_ = 0, method_end_ = 0;
  std::size_t chunk_at_ = 0;  // where the next chunk header starts, when chunked
  std::string chunked_body_;
  std::string decoded_;
  libdeflate_decompressor* decompressor_;
};

}  // namespace tailrace::bench
