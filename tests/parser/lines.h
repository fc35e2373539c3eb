// SPDX-License-Identifier: Apache-2.0
#pragma once
// Feeds lines to a parser made from a <parse> section, as tail does: in batches, with segments.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "command/event_json.h"
#include "config/load.h"
#include "runtime/builder.h"
#include "tailrace/plugin.h"

namespace tailrace::parser {

// A segment that says when it is complete.
class TestSegment final : public Segment {
 public:
  TestSegment(uint64_t begin, uint64_t end) : Segment(begin, end) {}
  bool complete() const { return complete_; }

 protected:
  void Complete() override { complete_ = true; }

 private:
  bool complete_ = false;
};

class ParserFixture {
 public:
  static constexpr EventTime kNow{1772600767, 123456789};

  explicit ParserFixture(const std::string& conf) {
    loaded_ = config::LoadText(conf, "test.conf", {}, &problems_);
    runtime::BuildOptions options;
    options.hostname = "test-host";
    options.clock = [] { return kNow; };
    builder_ = std::make_unique<runtime::Builder>(loaded_.root, options, problems_);
    EXPECT_FALSE(loaded_.root.elements.empty());
    parser_ = builder_->MakeParser(loaded_.root.elements.front());
    EXPECT_NE(parser_, nullptr) << config::Format(problems_);
  }

  Parser& parser() { return *parser_; }
  const config::Problems& problems() const { return problems_; }

  // Lines that stand at `position()` of a file and belong to one segment, as one batch.
  std::vector<Line> Lines(const std::vector<std::string>& texts, Batch& batch,
                          TestSegment* segment = nullptr) {
    const uint16_t index = batch.SegmentIndex(SegmentRef(segment));
    std::vector<Line> lines;
    for (const std::string& text : texts) {
      Line line;
      char* const copy = batch.arena().Allocate(text.size() + 64);
      std::memcpy(copy, text.data(), text.size());
      line.data = copy;
      line.size = static_cast<uint32_t>(text.size());
      line.segment = index;
      line.begin = position_;
      position_ += text.size() + 1;
      line.end = position_;
      lines.push_back(line);
    }
    return lines;
  }
  uint64_t position() const { return position_; }

 private:
  config::Problems problems_;
  config::Loaded loaded_;
  std::unique_ptr<runtime::Builder> builder_;
  std::unique_ptr<Parser> parser_;
  uint64_t position_ = 0;
};

// A row as text: {"key":value,...}.
inline std::string Record(const Batch& batch, const Row& row) {
  Arena scratch;
  std::string out;
  command::AppendRecord(batch, row, scratch, out);
  return out;
}
inline std::string Record(const Batch& batch, size_t row = 0) {
  return row < batch.rows().size() ? Record(batch, batch.rows()[row]) : "no row";
}

}  // namespace tailrace::parser
