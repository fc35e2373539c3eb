// SPDX-License-Identifier: Apache-2.0
#include "filter/event_group.h"

#include <algorithm>

#include "event/json.h"
#include "event/segment_group.h"

namespace tailrace {

void EventGroup::Add(const Batch& batch, const Row& row, std::string_view text, int64_t order) {
  if (parts_.empty()) {
    origin_ = batch.origin();
    first_row_ = row;
    time_ = row.time;
    begin_ = row.begin;
  }
  end_ = row.end;
  parts_.push_back({text, {}, false, order, SegmentOf(batch, row)});
}

Row& EventGroup::Finish(Batch& batch, const Row* last, std::string_view key,
                        std::string_view separator, EventContext& context) {
  if (parts_.size() == 1 && first_row_ && last == nullptr) {
    batch.rows().push_back(*first_row_);
    Clear();
    return batch.rows().back();
  }
  std::stable_sort(parts_.begin(), parts_.end(),
                   [](const Part& a, const Part& b) { return a.order < b.order; });
  size_t size = separator.size() * (parts_.size() - 1);
  const auto text_of = [](const Part& part) {
    return part.settled ? std::string_view(part.own) : part.text;
  };
  for (const Part& part : parts_) size += text_of(part).size();
  char* const text = batch.arena().Allocate(size);
  char* at = text;
  const auto append = [&at](std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  };
  for (const Part& part : parts_) {
    if (&part != &parts_.front()) append(separator);
    append(text_of(part));
  }

  // The first event at the end of the batch; with a last one, its fields are put over that's.
  const Row first = first_row_ ? batch.CopyRow(batch, *first_row_) : first_->AppendTo(batch);
  if (last != nullptr) {
    batch.rows().pop_back();
    Row& whole = batch.CopyRow(batch, *last);
    for (uint32_t i = 0; i < first.count; ++i) {
      const Field field = batch.fields(first)[i];  // a copy: Set() may move fields
      batch.Set(whole, field.key(), field.value(), field.key_clean);
    }
  }
  Row& whole = batch.rows().back();
  batch.Set(whole, key, Value::Text({text, size}), json::IsClean(key));
  whole.time = time_;
  whole.begin = begin_;
  whole.end = end_;
  whole.sub = first.sub;
  whole.dropped = false;
  std::vector<SegmentRef> segments;
  for (size_t i = 0; i < parts_.size(); ++i) {
    AddSegment(parts_[i].segment, segments);
    if (i == 0) continue;
    Row part;
    SetSegment(batch, part, parts_[i].segment);
    context.Joined(batch, part);
  }
  SetSegment(batch, whole, HoldAll(std::move(segments)));
  Clear();
  return whole;
}

void EventGroup::Clear() {
  first_row_.reset();
  first_.reset();
  origin_.reset();
  parts_.clear();
}

void EventGroup::Drop(Batch& batch, const char* reason, EventContext& context) {
  for (const Part& each : parts_) {
    Row part;
    SetSegment(batch, part, each.segment);
    context.Drop(batch, part, reason);
  }
  Clear();
}

void EventGroup::Settle(const Batch& batch) {
  if (first_row_) {
    first_.emplace(batch, *first_row_);
    first_row_.reset();
  }
  for (size_t i = parts_.size(); i-- > 0 && !parts_[i].settled;) {
    parts_[i].own = parts_[i].text;
    parts_[i].text = {};
    parts_[i].settled = true;
  }
}

}  // namespace tailrace
