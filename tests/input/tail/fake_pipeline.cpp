// SPDX-License-Identifier: Apache-2.0
#include "input/tail/fake_pipeline.h"

#include <chrono>
#include <utility>

#include "event/json.h"

namespace tailrace::tail {
namespace {

constexpr EventTime kTime{1772600767, 123456789};

class JoiningStream final : public Parser::Stream {
 public:
  void Parse(std::span<const Line> lines, Batch& batch) override {
    for (const Line& line : lines) {
      if (line.text().starts_with('?')) {
        batch.unmatched().push_back(line);
        continue;
      }
      if (!holding_) {
        first_ = line;
        segment_ = batch.segments()[line.segment];
      }
      std::string_view text = line.text();
      holding_ = text.ends_with('\\');
      if (holding_) text.remove_suffix(1);
      text_ += text;
      if (!holding_) Finish(batch);
    }
  }
  void Flush(Batch& batch) override {
    if (std::exchange(holding_, false)) Finish(batch);
  }
  bool holding() const override { return holding_; }

 private:
  void Finish(Batch& batch) {
    Row& row = batch.AddRow(first_);
    row.segment = batch.SegmentIndex(segment_);
    row.time = kTime;
    batch.Append(row, "message", Value::Text(batch.arena().Store(text_)));
    segment_ = {};
    text_.clear();
  }

  bool holding_ = false;
  Line first_;
  SegmentRef segment_;
  std::string text_;
};

}  // namespace

std::string Seen::message() const {
  static const std::string kBegin = "{\"message\":\"";
  const size_t quote = json.find('"', kBegin.size());
  return json.starts_with(kBegin) ? json.substr(kBegin.size(), quote - kBegin.size()) : json;
}

std::unique_ptr<Batch> FakePipeline::NewBatch() {
  if (free_.empty()) return std::make_unique<Batch>();
  std::unique_ptr<Batch> batch = std::move(free_.back());
  free_.pop_back();
  return batch;
}

void FakePipeline::Recycle(std::unique_ptr<Batch> batch) {
  batch->Reset();
  free_.push_back(std::move(batch));
}

void FakePipeline::Emit(Batch& batch) {
  if (on_batch) on_batch(*batch.origin());
  for (const Row& row : batch.rows()) {
    ByteBuffer json;
    if (render) {
      json.Append(render(batch, row));
    } else {
      json::AppendObject(batch, row, json);
    }
    seen.push_back({batch.origin()->tag, batch.origin()->path, batch.origin()->identity, row.begin,
                    row.end, row.time, std::string(json.data(), json.size())});
  }
  if (hold_back) held_.push_back({batch.segments(), seen.size()});
}

bool FakePipeline::Writable(const Origin&) { return writable; }

void FakePipeline::Run(double seconds, const std::function<bool()>& done) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end && !(done && done())) {
    loop_.restart();
    loop_.run_one_for(std::chrono::milliseconds(5));
  }
}

bool FakePipeline::RunUntil(size_t events, double seconds) {
  Run(seconds, [&] { return seen.size() >= events; });
  return seen.size() >= events;
}

void FakePipeline::Acknowledge(size_t batches) {
  while (!held_.empty() && batches-- > 0) {
    acknowledged_ = held_.front().seen_end;
    held_.pop_front();
  }
}

std::vector<std::string> FakePipeline::Messages() const {
  std::vector<std::string> messages;
  for (const Seen& event : seen) messages.push_back(event.message());
  return messages;
}

ParseStatus FakeLineParser::Parse(const Line& line, Batch& batch) {
  Row& row = batch.AddRow(line);
  row.segment = line.segment;
  row.time = kTime;
  batch.Append(row, "message", Value::Text(line.text()));
  return ParseStatus::kOk;
}

ParseStatus FakeJoiningParser::Parse(const Line&, Batch&) { return ParseStatus::kNoMatch; }

std::unique_ptr<Parser::Stream> FakeJoiningParser::NewStream() {
  return std::make_unique<JoiningStream>();
}

}  // namespace tailrace::tail
