// SPDX-License-Identifier: Apache-2.0
#include "buffer/chunk_keys.h"

#include "event/value.h"

namespace tailrace::buffer {

ChunkKeys::ChunkKeys(const BufferOptions& options)
    : by_time_(options.key_time && options.timekey > 0) {
  set_.tag = options.key_tag;
  set_.time = options.key_time;
  set_.timekey = static_cast<int64_t>(options.timekey);
  if (!options.timekey_zone.empty()) {
    if (auto zone = text::TimeZone::FromParameter(options.timekey_zone)) set_.timekey_zone = *zone;
  } else if (!options.timekey_use_utc) {
    set_.timekey_zone = text::TimeZone::Local();
  }
  for (const std::string& key : options.field_keys) {
    if (auto accessor = Accessor::Compile(key)) {
      set_.fields.push_back(key);
      fields_.push_back(std::move(*accessor));
    }
  }
}

ChunkKey ChunkKeys::Of(const Batch& batch, const Row& row, Arena& scratch) const {
  ChunkKey key;
  if (set_.tag) {
    key.has_tag = true;
    key.tag = batch.origin()->tag;
  }
  if (by_time_) {
    key.has_timekey = true;
    const int64_t offset = set_.timekey_zone.At(row.time.sec).offset;
    const int64_t local = row.time.sec + offset;
    key.timekey = local - ((local % set_.timekey) + set_.timekey) % set_.timekey - offset;
  }
  for (size_t i = 0; i < fields_.size(); ++i) {
    const auto value = fields_[i].Get(batch, row);
    key.variables.emplace_back(set_.fields[i],
                               value ? std::string(ToText(*value, scratch)) : std::string());
  }
  return key;
}

}  // namespace tailrace::buffer
