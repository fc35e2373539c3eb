// SPDX-License-Identifier: Apache-2.0
#include "buffer/chunk_meta.h"

#include <algorithm>

#include "event/msgpack.h"
#include "event/value.h"

namespace tailrace::buffer {
namespace {

constexpr size_t kIdBytes = sizeof(ChunkId);

void AppendNil(ByteBuffer& out) { out.Append('\xc0'); }

void AppendKeyed(std::string_view key, int64_t number, ByteBuffer& out) {
  msgpack::AppendString(key, out);
  msgpack::AppendInteger(number, out);
}

// Reads the map entry by entry.
class MetaReader {
 public:
  explicit MetaReader(std::string_view bytes) : reader_(bytes, arena_) {}

  std::optional<ChunkMeta> Read() {
    uint32_t entries = 0;
    bool is_map = false;
    if (reader_.EnterMap(&entries, &is_map) != msgpack::ReadResult::kOk || !is_map) return {};
    for (uint32_t i = 0; i < entries; ++i) {
      Value key;
      if (!Next(&key) || !ReadEntry(ToText(key, arena_))) return {};
    }
    if (!has_id_ || !has_records_ || !has_created_ || !has_modified_) return {};
    return std::move(meta_);
  }

 private:
  bool Next(Value* value) { return reader_.Next(value) == msgpack::ReadResult::kOk; }

  bool ReadEntry(std::string_view key) {
    if (key == "variables") return ReadVariables();
    Value value;
    if (!Next(&value)) return false;
    if (key == "timekey") {
      const auto number = ToInteger(value);
      meta_.key.has_timekey = number.has_value();
      meta_.key.timekey = number.value_or(0);
    } else if (key == "tag" && value.is_string()) {
      meta_.key.has_tag = true;
      meta_.key.tag = value.bytes();
    } else if (key == "id" && value.is_string() && value.size == kIdBytes) {
      std::copy_n(reinterpret_cast<const uint8_t*>(value.data), kIdBytes, meta_.id.begin());
      has_id_ = true;
    } else if (key == "s") {
      has_records_ = Number(value, &meta_.records);
    } else if (key == "c") {
      has_created_ = Number(value, &meta_.created);
    } else if (key == "m") {
      has_modified_ = Number(value, &meta_.modified);
    } else if (key == "output" && value.is_string()) {
      meta_.output = value.bytes();
    }
    return true;
  }

  template <typename T>
  static bool Number(const Value& value, T* number) {
    const auto integer = ToInteger(value);
    if (integer) *number = static_cast<T>(*integer);
    return integer.has_value();
  }

  bool ReadVariables() {
    uint32_t entries = 0;
    bool is_map = false;
    if (reader_.EnterMap(&entries, &is_map) != msgpack::ReadResult::kOk) return false;
    if (!is_map) return reader_.Skip() == msgpack::ReadResult::kOk;  // nil
    for (uint32_t i = 0; i < entries; ++i) {
      Value name;
      Value value;
      if (!Next(&name) || !Next(&value)) return false;
      meta_.key.variables.emplace_back(ToText(name, arena_), ToText(value, arena_));
    }
    return true;
  }

  Arena arena_;
  msgpack::Reader reader_;
  ChunkMeta meta_;
  bool has_id_ = false;
  bool has_records_ = false;
  bool has_created_ = false;
  bool has_modified_ = false;
};

}  // namespace

void AppendMeta(const ChunkMeta& meta, ByteBuffer& out) {
  msgpack::AppendMapHead(9, out);
  msgpack::AppendString("timekey", out);
  meta.key.has_timekey ? msgpack::AppendInteger(meta.key.timekey, out) : AppendNil(out);
  msgpack::AppendString("tag", out);
  meta.key.has_tag ? msgpack::AppendString(meta.key.tag, out) : AppendNil(out);
  msgpack::AppendString("variables", out);
  if (meta.key.variables.empty()) {
    AppendNil(out);
  } else {
    msgpack::AppendMapHead(static_cast<uint32_t>(meta.key.variables.size()), out);
    for (const auto& [name, value] : meta.key.variables) {
      msgpack::AppendString(name, out);
      msgpack::AppendString(value, out);
    }
  }
  AppendKeyed("seq", 0, out);
  msgpack::AppendString("id", out);
  out.Append('\xc4');  // bin 8
  out.Append(static_cast<char>(kIdBytes));
  out.Append({reinterpret_cast<const char*>(meta.id.data()), kIdBytes});
  AppendKeyed("s", static_cast<int64_t>(meta.records), out);
  AppendKeyed("c", meta.created, out);
  AppendKeyed("m", meta.modified, out);
  msgpack::AppendString("output", out);
  msgpack::AppendString(meta.output, out);
}

std::optional<ChunkMeta> ParseMeta(std::string_view bytes) {
  constexpr std::string_view kHead("\xc1\0", 2);
  if (bytes.starts_with(kHead)) {
    if (bytes.size() < 6) return std::nullopt;
    size_t length = 0;
    for (size_t i = 2; i < 6; ++i) length = length << 8 | static_cast<uint8_t>(bytes[i]);
    bytes.remove_prefix(6);
    if (bytes.size() < length) return std::nullopt;
    bytes = bytes.substr(0, length);
  }
  return MetaReader(bytes).Read();
}

}  // namespace tailrace::buffer
