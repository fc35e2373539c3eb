// SPDX-License-Identifier: Apache-2.0
#pragma once
// Posts bulk bodies over one keep-alive HTTP/1.1 connection and waits for each answer, plain or
// compressed with ISA-L level 1. As little code as a correct client can have.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace tailrace::bench {

// Compresses into one gzip member with ISA-L, level 1. Not thread-safe.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  // The result is valid until the next call.
  std::string_view Compress(std::string_view input);

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string output_;
};

// Throws std::runtime_error when the server cannot be reached or does not accept a body.
class BulkSender {
 public:
  // `url` is http://HOST[:PORT][/PATH]; PATH defaults to /_bulk with the filter_path that tailrace
  // asks for.
  BulkSender(const std::string& url, bool gzip);
  ~BulkSender();
  BulkSender(const BulkSender&) = delete;
  BulkSender& operator=(const BulkSender&) = delete;

  void Send(std::string_view body);
  std::uint64_t wire_bytes() const { return wire_bytes_; }

 private:
  void WriteAll(std::string_view head, std::string_view body);
  // Reads one whole answer and checks status and `"errors":false`.
  void ReadAnswer();
  std::size_t Read(std::size_t at);

  int fd_ = -1;
  std::string request_head_;
  std::string answer_;
  bool gzip_;
  Gzip compressor_;
  std::uint64_t wire_bytes_ = 0;
};

}  // namespace tailrace::bench
