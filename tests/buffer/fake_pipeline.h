// SPDX-License-Identifier: Apache-2.0
#pragma once
// What stands before a stage in tests: segments, batches, and what leaves the pipeline.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "event/json.h"
#include "tailrace/plugin.h"

namespace tailrace::buffer {

// Says when it is complete.
class CountedSegment final : public Segment {
 public:
  CountedSegment() : Segment(0, 100) {}
  bool complete = false;

 private:
  void Complete() override { complete = true; }
};

// Collects what leaves the pipeline.
class RecordingContext final : public EventContext {
 public:
  std::map<std::string, int> dropped;
  std::vector<std::string> errors;
  std::vector<std::string> emitted;

  void Drop(Batch& /*batch*/, Row& row, const char* reason) override {
    row.dropped = true;
    ++dropped[reason];
  }
  void MoveToError(Batch& batch, Row& row, std::string_view why) override {
    ByteBuffer text;
    json::AppendObject(batch, row, text);
    errors.push_back(batch.origin()->tag + " " + std::to_string(row.time.sec) + " " +
                     std::string(text.view()) + " " + std::string(why));
    row.dropped = true;
  }
  void CopyToError(Batch& /*batch*/, const Row& /*row*/, std::string_view /*why*/) override {}
  void Joined(Batch& /*batch*/, Row& /*row*/) override {}
  void Forward(Batch& /*batch*/) override {}
  void EmitTo(std::string_view label, Batch& batch) override {
    for (const Row& row : batch.rows()) {
      ByteBuffer text;
      json::AppendObject(batch, row, text);
      emitted.push_back(std::string(label) + " " + batch.origin()->tag + " " +
                        std::to_string(row.time.sec) + " " + std::string(text.view()));
    }
  }
  std::unique_ptr<Batch> NewBatch() override { return std::make_unique<Batch>(); }
  void Recycle(std::unique_ptr<Batch> /*batch*/) override {}
};

// Fills `batch` with {"n":first} … {"n":last} of one file, tag `tag`, held by `segment` (may be
// null).
inline void FillNumbers(Batch& batch, int first, int last, Segment* segment,
                        const std::string& tag = "t") {
  auto origin = std::make_shared<Origin>();
  origin->tag = tag;
  origin->identity = "file";
  batch.set_origin(std::move(origin));
  Line line;
  line.segment = batch.SegmentIndex(SegmentRef(segment));
  for (int n = first; n <= last; ++n) {
    Row& row = batch.AddRow(line);
    row.time.sec = 100 + n;
    batch.Append(row, "n", Value::Of(Kind::kNumber, batch.arena().Store(std::to_string(n))));
  }
}

}  // namespace tailrace::buffer
