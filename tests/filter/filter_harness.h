// SPDX-License-Identifier: Apache-2.0
#pragma once
// A configuration's filters and outputs with events that have places in a file: shows what comes
// out, and which of the segments are still held.

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/load.h"
#include "event/json.h"
#include "runtime/builder.h"

namespace tailrace::test {

// A piece of a file that says when all of its events are safe.
class WatchedSegment final : public Segment {
 public:
  WatchedSegment(uint64_t begin, uint64_t end) : Segment(begin, end) {}
  bool complete = false;

 private:
  void Complete() override { complete = true; }
};

class FilterHarness {
 public:
  struct Seen {
    std::string tag;
    std::string record;
    int64_t second = 0;
    uint64_t begin = 0;
    uint64_t end = 0;
    std::string error;  // why it went to @ERROR
    SegmentRef segment;
  };

  explicit FilterHarness(const std::string& conf)
      : loaded_(config::LoadText(conf, "test.conf", {}, &problems_)) {
    runtime::BuildOptions options;
    options.hostname = "node-1";
    options.sources = false;
    options.clock = [this] { return EventTime{now, 0}; };
    options.make_sink = [this](const config::Element&) { return std::make_unique<Sink>(*this); };
    builder_ = std::make_unique<runtime::Builder>(loaded_.root, std::move(options), problems_);
    plan_ = builder_->Build(0);
    plan_.pipeline->set_no_match_sink([this](Batch& batch) { Keep(batch); });
    plan_.pipeline->set_error_sink([this](Batch& batch, const Row& row, std::string_view why) {
      KeepRow(batch, row, std::string(why));
    });
  }

  std::string Problems() const { return config::Format(problems_); }

  // One batch of events at one second; each is a JSON object that begins at 100 times its number.
  void Emit(std::string_view tag, const std::vector<std::string>& records, int64_t second = 1) {
    auto batch = plan_.pipeline->NewBatch();
    auto origin = std::make_shared<Origin>();
    origin->tag = tag;
    batch->set_origin(std::move(origin));
    segments.push_back(
        std::make_unique<WatchedSegment>(number_ * 100, (number_ + records.size()) * 100));
    const uint16_t index = batch->SegmentIndex(SegmentRef(segments.back().get()));
    for (const std::string& record : records) {
      char* text = batch->arena().Allocate(record.size() + json::kPadding);
      std::memcpy(text, record.data(), record.size());
      std::memset(text + record.size(), ' ', json::kPadding);
      Row& row = batch->AddRow(
          {text, static_cast<uint32_t>(record.size()), index, number_ * 100, number_ * 100 + 100});
      row.time = {second, 0};
      ASSERT_TRUE(json::ParseObject({text, record.size()}, *batch, row)) << record;
      ++number_;
    }
    plan_.pipeline->Emit(*plan_.pipeline->FindRouter(""), *batch);
    plan_.pipeline->Recycle(std::move(batch));
  }
  void Tick(int64_t steady_ns) { plan_.pipeline->Tick(steady_ns, true); }
  void Stop() {
    plan_.pipeline->FlushFilters();
    plan_.pipeline->FlushOutputs();
  }

  std::vector<std::string> Records() const {
    std::vector<std::string> records;
    for (const Seen& event : seen) records.push_back(event.record);
    return records;
  }

  std::vector<std::unique_ptr<WatchedSegment>> segments;  // one for each batch; outlive all below
  std::vector<Seen> seen;
  int64_t now = 1000;

 private:
  class Sink final : public Output {
   public:
    explicit Sink(FilterHarness& harness) : harness_(harness) {}
    void Emit(Batch& batch, EventContext&) override { harness_.Keep(batch); }

   private:
    FilterHarness& harness_;
  };

  void Keep(const Batch& batch) {
    for (const Row& row : batch.rows()) {
      if (!row.dropped) KeepRow(batch, row, {});
    }
  }
  void KeepRow(const Batch& batch, const Row& row, std::string error) {
    ByteBuffer record;
    json::AppendObject(batch, row, record);
    SegmentRef held;
    if (row.segment < batch.segments().size()) held = batch.segments()[row.segment];
    seen.push_back({batch.origin()->tag, std::string(record.view()), row.time.sec, row.begin,
                    row.end, std::move(error), std::move(held)});
  }

  config::Problems problems_;
  config::Loaded loaded_;
  std::unique_ptr<runtime::Builder> builder_;
  runtime::WorkerPlan plan_;
  uint64_t number_ = 0;
};

}  // namespace tailrace::test
