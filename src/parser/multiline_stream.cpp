// SPDX-License-Identifier: Apache-2.0
#include "parser/multiline_stream.h"

#include <utility>

namespace tailrace::parser {

MultilineStream::MultilineStream(Parser& parser, FirstLine starts)
    : parser_(parser), starts_(std::move(starts)) {}

void MultilineStream::Parse(std::span<const Line> lines, Batch& batch) {
  for (const Line& line : lines) {
    if (!starts_) {
      Add(line, batch);
      Deliver(batch, text_.size() > kMaxBytes);
    } else if (starts_(line.text())) {
      if (open_) Deliver(batch, true);
      Add(line, batch);
    } else if (open_) {
      Add(line, batch);
      if (text_.size() > kMaxBytes) Deliver(batch, true);
    } else {
      batch.unmatched().push_back(line);
    }
  }
}

void MultilineStream::Flush(Batch& batch) {
  if (open_) Deliver(batch, true);
}

void MultilineStream::Add(const Line& line, Batch& batch) {
  if (!open_) {
    open_ = true;
    text_.assign(line.text());
    segment_ =
        line.segment < batch.segments().size() ? batch.segments()[line.segment] : SegmentRef();
    begin_ = line.begin;
  } else {
    text_ += '\n';
    text_ += line.text();
  }
  end_ = line.end;
}

bool MultilineStream::Deliver(Batch& batch, bool last) {
  const std::string_view stored = batch.arena().Store(text_);
  Line event;
  event.data = stored.data() == nullptr ? batch.arena().Allocate(0) : stored.data();
  event.size = static_cast<uint32_t>(text_.size());
  event.segment = batch.SegmentIndex(segment_);
  event.begin = begin_;
  event.end = end_;
  const bool accepted = parser_.Parse(event, batch) == ParseStatus::kOk;
  if (!accepted && !last) return false;
  if (!accepted) batch.unmatched().push_back(event);
  open_ = false;
  text_.clear();
  segment_ = SegmentRef();
  return true;
}

}  // namespace tailrace::parser
