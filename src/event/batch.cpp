// SPDX-License-Identifier: Apache-2.0
#include "tailrace/batch.h"

#include <algorithm>

namespace tailrace {
namespace {

constexpr size_t kFieldsMin = 256;          // allocated at first
constexpr size_t kFieldsKept = 64u << 10u;  // 2 MB; a batch that needed more gives them back

}  // namespace

uint16_t Batch::SegmentIndex(const SegmentRef& segment) {
  if (!segments_.empty() && segments_.back() == segment) {
    return static_cast<uint16_t>(segments_.size() - 1);
  }
  const auto found = std::find(segments_.begin(), segments_.end(), segment);
  if (found != segments_.end()) return static_cast<uint16_t>(found - segments_.begin());
  segments_.push_back(segment);
  return static_cast<uint16_t>(segments_.size() - 1);
}

Row& Batch::AddRow(const Line& line) {
  Row& row = rows_.emplace_back();
  row.begin = line.begin;
  row.end = line.end;
  row.segment = line.segment;
  row.first = used_;
  return row;
}

Row& Batch::CopyRow(const Batch& from, const Row& row) {
  const Row source = row;  // `row` may live in rows_, which grows
  Row& copy = AddRow({});
  copy.time = source.time;
  copy.begin = source.begin;
  copy.end = source.end;
  copy.sub = source.sub;
  if (source.segment < from.segments_.size()) {
    copy.segment = SegmentIndex(SegmentRef(from.segments_[source.segment]));
  }
  Reserve(copy, source.count);
  for (uint32_t i = 0; i < source.count; ++i) {
    Field field = from.fields_[source.first + i];
    if (&from != this) {
      field.key_data = arena_.Store(field.key()).data();
      field.value_data = arena_.Store({field.value_data, field.value_size}).data();
      field.in_place = false;
    }
    fields_[copy.first + i] = field;
  }
  copy.count = source.count;
  return copy;
}

// Makes room for `count` fields and some slack. A row that is not the last in the vector moves to
// its end; the place that it leaves is given up until the batch is reset.
void Batch::Reserve(Row& row, uint32_t count) {
  if (count <= row.capacity) return;
  const uint32_t slack = std::max<uint32_t>(kSlack, row.count / 2);
  const uint32_t wanted = std::min<uint32_t>(count + slack, kFieldsMax);
  const bool last = row.first + row.capacity == used_;
  const uint32_t first = last ? row.first : used_;
  if (first + wanted > fields_.size()) {
    fields_.resize(std::max<size_t>({first + wanted, fields_.size() * 2, kFieldsMin}));
  }
  if (!last) {
    std::copy_n(fields_.begin() + row.first, row.count, fields_.begin() + first);
    row.first = first;
  }
  used_ = first + wanted;
  row.capacity = static_cast<uint16_t>(wanted);
}

void Batch::Commit(Row& row, uint32_t count) {
  row.count = static_cast<uint16_t>(row.count + count);
  // What was asked for and not used is given back, but for some slack.
  if (row.first + row.capacity == used_) {
    row.capacity = static_cast<uint16_t>(std::min<uint32_t>(row.count + kSlack, row.capacity));
    used_ = row.first + row.capacity;
  }
}

bool Batch::Append(Row& row, const Field& field) {
  if (row.count == row.capacity) {
    if (row.count >= kFieldsMax) return false;
    Reserve(row, row.count + 1u);
  }
  fields_[row.first + row.count++] = field;
  return true;
}

bool Batch::Append(Row& row, std::string_view key, const Value& value, bool key_clean) {
  Field field;
  field.set_key(key, key_clean);
  field.set_value(value);
  return Append(row, field);
}

Field* Batch::Find(const Row& row, std::string_view key) {
  for (Field& field : fields(row)) {
    if (field.key() == key) return &field;
  }
  return nullptr;
}

const Field* Batch::Find(const Row& row, std::string_view key) const {
  for (const Field& field : fields(row)) {
    if (field.key() == key) return &field;
  }
  return nullptr;
}

void Batch::Set(Row& row, std::string_view key, const Value& value, bool key_clean) {
  if (Field* field = Find(row, key)) {
    field->set_value(value);
  } else {
    Append(row, key, value, key_clean);
  }
}

bool Batch::Erase(Row& row, std::string_view key) {
  Field* field = Find(row, key);
  if (field == nullptr) return false;
  Field* end = fields_.data() + row.first + row.count;
  std::copy(field + 1, end, field);
  --row.count;
  return true;
}

size_t Batch::live_rows() const {
  return static_cast<size_t>(
      std::count_if(rows_.begin(), rows_.end(), [](const Row& row) { return !row.dropped; }));
}

void Batch::Reset() {
  rows_.clear();
  used_ = 0;
  if (fields_.size() > kFieldsKept) fields_ = {};
  segments_.clear();
  unmatched_.clear();
  kept_.clear();
  origin_.reset();
  arena_.Reset();
}

}  // namespace tailrace
