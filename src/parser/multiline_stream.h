// SPDX-License-Identifier: Apache-2.0
#pragma once
// Events of several lines: gathers the lines of one event, joined by newlines, and gives them to a
// parser. The segment of the first line is held until the event is out.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "tailrace/batch.h"
#include "tailrace/plugin.h"

namespace tailrace::parser {

class MultilineStream final : public Parser::Stream {
 public:
  // `starts` says whether a line is the first of an event. Without it, lines are gathered until
  // the parser accepts them. Lines before the first event, and events that the parser does not
  // accept, are unmatched.
  using FirstLine = std::function<bool(std::string_view line)>;
  MultilineStream(Parser& parser, FirstLine starts);

  void Parse(std::span<const Line> lines, Batch& batch) override;
  void Flush(Batch& batch) override;
  bool holding() const override { return open_; }

  // An event that grows longer than this is given to the parser as it is. Regular expressions must
  // be able to run over it within their limits.
  static constexpr size_t kMaxBytes = 512 << 10;

 private:
  void Add(const Line& line, Batch& batch);
  // Gives what is held to the parser; false if it is not accepted (and still held).
  bool Deliver(Batch& batch, bool last);

  Parser& parser_;
  FirstLine starts_;
  bool open_ = false;
  std::string text_;
  SegmentRef segment_;
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

}  // namespace tailrace::parser
