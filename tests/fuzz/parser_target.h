// SPDX-License-Identifier: Apache-2.0
#pragma once
// A parser fed any bytes: line by line on its own, and as a stream in two batches with what tail
// does between them. Whatever it makes must render to valid JSON, lie within its source, and hold
// no segment once everything is let go.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "event/json.h"
#include "runtime/builder.h"
#include "tailrace/plugin.h"

namespace tailrace::fuzz {

class ParserTarget {
 public:
  explicit ParserTarget(const char* conf) {
    loaded_ = config::LoadText(conf, "fuzz.conf", {}, &problems_);
    runtime::BuildOptions options;
    options.clock = [] { return EventTime{1772600767, 123456789}; };
    builder_ = std::make_unique<runtime::Builder>(loaded_.root, options, problems_);
    parser_ = builder_->MakeParser(loaded_.root.elements.front());
    if (parser_ == nullptr) std::abort();
  }

  void Run(const uint8_t* data, size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    Whole(bytes);
    Lines(bytes);
  }

 private:
  class CountedSegment final : public Segment {
   public:
    CountedSegment(uint64_t begin, uint64_t end, int* held) : Segment(begin, end), held_(held) {
      ++*held_;
    }

   protected:
    void Complete() override { --*held_; }

   private:
    int* held_;
  };

  static Line Stored(std::string_view text, uint64_t at, uint16_t segment, Batch& batch) {
    Line line;
    char* const copy = batch.arena().Allocate(text.size() + 64);
    if (!text.empty()) std::memcpy(copy, text.data(), text.size());
    line.data = copy;
    line.size = static_cast<uint32_t>(text.size());
    line.segment = segment;
    line.begin = at;
    line.end = at + text.size() + 1;
    return line;
  }

  static void Check(const Batch& batch, uint64_t end) {
    ByteBuffer out;
    for (const Row& row : batch.rows()) {
      out.Clear();
      json::AppendObject(batch, row, out);
      std::string padded(out.view());
      const size_t size = padded.size();
      padded.append(json::kPadding, '\0');
      if (!json::Validate(std::string_view(padded).substr(0, size))) std::abort();
      if (row.begin > row.end || row.end > end) std::abort();
    }
  }

  void Whole(std::string_view bytes) {
    Batch batch;
    batch.SegmentIndex(SegmentRef());
    parser_->Parse(Stored(bytes, 0, 0, batch), batch);
    Check(batch, bytes.size() + 1);
  }

  void Lines(std::string_view bytes) {
    int held = 0;
    auto stream = parser_->NewStream();
    std::vector<std::unique_ptr<CountedSegment>> segments;
    Batch batch;
    uint64_t at = 0;
    const size_t middle = bytes.size() / 2;
    while (at < bytes.size()) {
      segments.push_back(std::make_unique<CountedSegment>(at, bytes.size(), &held));
      const uint16_t index = batch.SegmentIndex(SegmentRef(segments.back().get()));
      std::vector<Line> lines;
      const bool first_half = at < middle;
      while (at < bytes.size() && (!first_half || at < middle)) {
        const size_t end = std::min(bytes.find('\n', at), bytes.size());
        lines.push_back(Stored(bytes.substr(at, end - at), at, index, batch));
        at = end + 1;
      }
      stream->Parse(lines, batch);
      Check(batch, bytes.size() + 1);
      batch.Reset();
    }
    stream->Flush(batch);
    Check(batch, bytes.size() + 1);
    batch.Reset();
    if (stream->holding() || held != 0) std::abort();
  }

  config::Problems problems_;
  config::Loaded loaded_;
  std::unique_ptr<runtime::Builder> builder_;
  std::unique_ptr<Parser> parser_;
};

}  // namespace tailrace::fuzz
