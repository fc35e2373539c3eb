// SPDX-License-Identifier: Apache-2.0
#include "input/tail/line_emitter.h"

#include <algorithm>
#include <utility>

#include "event/json.h"

namespace tailrace::tail {
namespace {

constexpr size_t kShownBytes = 500;  // of an unmatched line in the log

const AckTracker* TrackerOf(const Batch& batch, const Row& row) {
  if (row.segment >= batch.segments().size()) return nullptr;
  // Every segment of a tail source's batch is a TailSegment.
  return static_cast<const TailSegment*>(batch.segments()[row.segment].get())->tracker();
}

bool IsFalse(const Field& field) { return field.kind == Kind::kNull || field.kind == Kind::kFalse; }

}  // namespace

LineEmitter::LineEmitter(InputRuntime& runtime, Options options)
    : runtime_(runtime), options_(std::move(options)) {}

void LineEmitter::Emit(Target& target, Generation& generation, std::span<Line> lines,
                       const SegmentRef& segment) {
  std::unique_ptr<Batch> batch = runtime_.NewBatch();
  batch->set_origin(generation.tracker->origin());
  const uint16_t index = batch->SegmentIndex(segment);
  for (Line& line : lines) line.segment = index;
  target.stream->Parse(lines, *batch);
  Send(target, std::move(batch));
}

void LineEmitter::Flush(Target& target) {
  if (!target.stream->holding()) return;
  std::unique_ptr<Batch> batch = runtime_.NewBatch();
  target.stream->Flush(*batch);
  Send(target, std::move(batch));
}

void LineEmitter::Send(Target& target, std::unique_ptr<Batch> batch) {
  if (!batch->unmatched().empty()) AddUnmatched(target, *batch);
  if (!options_.path_key.empty()) AddPath(target, *batch);
  if (batch->segments().size() > 1 || !batch->origin()) SendForeign(*batch);
  if (!batch->rows().empty()) runtime_.emitter().Emit(*batch);
  runtime_.Recycle(std::move(batch));
}

void LineEmitter::AddUnmatched(const Target& target, Batch& batch) {
  uint64_t suppressed = 0;
  if (unmatched_limit_.Allow(&suppressed)) {
    std::string shown;
    ByteBuffer quoted;
    json::AppendString(batch.unmatched().front().text().substr(0, kShownBytes), quoted);
    shown.assign(quoted.data(), quoted.size());
    LogWarn(
        "pattern not matched: " + shown,
        {{"path", target.path}, {"lines_not_shown", suppressed + batch.unmatched().size() - 1}});
  }
  if (!options_.emit_unmatched) {
    runtime_.CountDropped("pattern_not_matched", batch.unmatched().size());
    batch.unmatched().clear();
    return;
  }
  const EventTime now = options_.clock();
  for (const Line& line : batch.unmatched()) {
    Row& row = batch.AddRow(line);
    row.segment = line.segment;
    row.time = now;
    batch.Append(row, "unmatched_line", Value::Text(line.text()));
  }
  batch.unmatched().clear();
  // Where they stood among the others.
  std::stable_sort(batch.rows().begin(), batch.rows().end(),
                   [](const Row& a, const Row& b) { return a.begin < b.begin; });
}

void LineEmitter::AddPath(const Target& target, Batch& batch) {
  const Value path =
      json::IsClean(target.path) ? Value::Clean(target.path) : Value::Text(target.path);
  for (Row& row : batch.rows()) {
    Field* known = batch.Find(row, options_.path_key);
    if (known == nullptr) {
      batch.Append(row, options_.path_key, path);
    } else if (IsFalse(*known)) {
      known->set_value(path);
    }
  }
}

// Events that began in an older generation (an event in pieces across a rotation) carry that one's
// identity, because their offsets are in its file: they go in batches of their own, first.
void LineEmitter::SendForeign(Batch& batch) {
  std::vector<Row>& rows = batch.rows();
  while (!rows.empty()) {
    const auto foreign = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
      const AckTracker* tracker = TrackerOf(batch, row);
      return tracker != nullptr && tracker->origin() != batch.origin();
    });
    if (foreign == rows.end()) return;
    const std::shared_ptr<const Origin> origin = TrackerOf(batch, *foreign)->origin();
    if (!batch.origin()) {
      batch.set_origin(origin);
      continue;
    }
    std::unique_ptr<Batch> other = runtime_.NewBatch();
    other->set_origin(origin);
    std::erase_if(rows, [&](const Row& row) {
      const AckTracker* tracker = TrackerOf(batch, row);
      if (tracker == nullptr || tracker->origin() != origin) return false;
      other->CopyRow(batch, row);
      return true;
    });
    runtime_.emitter().Emit(*other);
    runtime_.Recycle(std::move(other));
  }
}

}  // namespace tailrace::tail
