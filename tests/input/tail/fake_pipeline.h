// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an input stands on, for tests of tail: a real event loop, and a pipeline that keeps what
// arrives and acknowledges it at once, later, or never.

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tailrace/plugin.h"

namespace tailrace::tail {

// An event as the pipeline saw it.
struct Seen {
  std::string tag;
  std::string path;
  std::string identity;
  uint64_t begin = 0;
  uint64_t end = 0;
  EventTime time;
  std::string json;

  // What a destination tells events apart by.
  std::string id() const { return identity + ":" + std::to_string(begin); }
  // The value of the field `message` of a record with plain text.
  std::string message() const;
};

class FakePipeline final : public InputRuntime, public Emitter {
 public:
  boost::asio::io_context& loop() override { return loop_; }
  Emitter& emitter() override { return *this; }
  std::unique_ptr<Batch> NewBatch() override;
  void Recycle(std::unique_ptr<Batch> batch) override;
  void CountDropped(std::string_view reason, uint64_t events) override {
    dropped[std::string(reason)] += events;
  }
  void CountLostBytes(std::string_view reason, uint64_t bytes) override {
    lost[std::string(reason)] += bytes;
  }
  void Emit(Batch& batch) override;
  bool Writable(const Origin& origin) override;

  // Runs the loop for so long, or until `done`.
  void Run(double seconds, const std::function<bool()>& done = {});
  // Runs until at least so many events have arrived. False after `seconds`.
  bool RunUntil(size_t events, double seconds = 5);
  // Lets go of held segments, the oldest first.
  void Acknowledge(size_t batches = SIZE_MAX);
  std::vector<std::string> Messages() const;

  bool hold_back = false;  // segments are kept until Acknowledge()
  bool writable = true;
  std::function<void(const Origin&)> on_batch;
  // How Seen::json is made; as JSON where it is empty.
  std::function<std::string(const Batch&, const Row&)> render;
  std::vector<Seen> seen;
  std::map<std::string, uint64_t> dropped;
  std::map<std::string, uint64_t> lost;
  size_t held() const { return held_.size(); }
  // How many of `seen`, from the first on, are acknowledged.
  size_t acknowledged() const { return hold_back ? acknowledged_ : seen.size(); }

 private:
  boost::asio::io_context loop_;
  std::vector<std::unique_ptr<Batch>> free_;
  struct Held {
    std::vector<SegmentRef> segments;
    size_t seen_end;
  };
  std::deque<Held> held_;
  size_t acknowledged_ = 0;
};

// One event per line, {"message": line}, as the parser `none`.
class FakeLineParser final : public Parser {
 public:
  ParseStatus Parse(const Line& line, Batch& batch) override;
};

// Joins lines that end with a backslash, holds the pieces until the end has come. Lines that begin
// with '?' are not recognised.
class FakeJoiningParser final : public Parser {
 public:
  ParseStatus Parse(const Line& line, Batch& batch) override;
  std::unique_ptr<Stream> NewStream() override;
};

}  // namespace tailrace::tail
