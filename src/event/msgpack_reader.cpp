// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cmath>

#include "event/json.h"
#include "event/msgpack.h"
#include "event/value.h"

namespace tailrace::msgpack {
namespace {

enum class Type : uint8_t { kNil, kBool, kInteger, kUnsigned, kFloat, kString, kArray, kMap, kExt };

constexpr size_t kEventTimeBytes = 8;

EventTime EventTimeOf(std::string_view bytes) {
  const auto word = [&](size_t at) {
    uint32_t number = 0;
    for (size_t i = at; i < at + 4; ++i) {
      number = number << 8 | static_cast<unsigned char>(bytes[i]);
    }
    return number;
  };
  return {word(0), static_cast<int32_t>(word(4))};
}

}  // namespace

struct Reader::Head {
  Type type = Type::kNil;
  bool boolean = false;
  int64_t integer = 0;
  uint64_t number = 0;  // kUnsigned
  double real = 0;
  uint32_t size = 0;  // bytes or entries
  int8_t ext = 0;
};

bool Reader::Take(size_t size, std::string_view* out) {
  if (bytes_.size() - at_ < size) return false;
  *out = bytes_.substr(at_, size);
  at_ += size;
  return true;
}

// The first byte of a value and the fixed-size part that it announces. May leave `at_` moved when
// it fails: callers restore it.
ReadResult Reader::ReadHead(Head* head) {
  if (at_ >= bytes_.size()) return ReadResult::kIncomplete;
  const auto first = static_cast<unsigned char>(bytes_[at_++]);
  bool complete = true;
  const auto big = [&](size_t size) {
    std::string_view raw;
    if (!Take(size, &raw)) {
      complete = false;
      return uint64_t{0};
    }
    uint64_t number = 0;
    for (const char c : raw) number = number << 8 | static_cast<unsigned char>(c);
    return number;
  };
  const auto sized = [&](Type type, size_t width) {
    head->type = type;
    head->size = static_cast<uint32_t>(big(width));
  };
  if (first <= 0x7F) {
    head->type = Type::kInteger;
    head->integer = first;
  } else if (first <= 0x8F) {
    head->type = Type::kMap;
    head->size = first & 0x0F;
  } else if (first <= 0x9F) {
    head->type = Type::kArray;
    head->size = first & 0x0F;
  } else if (first <= 0xBF) {
    head->type = Type::kString;
    head->size = first & 0x1F;
  } else if (first >= 0xE0) {
    head->type = Type::kInteger;
    head->integer = static_cast<int8_t>(first);
  } else {
    switch (first) {
      case 0xC0:
        head->type = Type::kNil;
        break;
      case 0xC2:
      case 0xC3:
        head->type = Type::kBool;
        head->boolean = first == 0xC3;
        break;
      case 0xC4:
      case 0xC5:
      case 0xC6:
        sized(Type::kString, size_t{1} << (first - 0xC4));
        break;
      case 0xC7:
      case 0xC8:
      case 0xC9:
        sized(Type::kExt, size_t{1} << (first - 0xC7));
        head->ext = static_cast<int8_t>(big(1));
        break;
      case 0xCA:
        head->type = Type::kFloat;
        head->real = std::bit_cast<float>(static_cast<uint32_t>(big(4)));
        break;
      case 0xCB:
        head->type = Type::kFloat;
        head->real = std::bit_cast<double>(big(8));
        break;
      case 0xCC:
      case 0xCD:
      case 0xCE:
      case 0xCF:
        head->type = Type::kUnsigned;
        head->number = big(size_t{1} << (first - 0xCC));
        break;
      case 0xD0:
        head->type = Type::kInteger;
        head->integer = static_cast<int8_t>(big(1));
        break;
      case 0xD1:
        head->type = Type::kInteger;
        head->integer = static_cast<int16_t>(big(2));
        break;
      case 0xD2:
        head->type = Type::kInteger;
        head->integer = static_cast<int32_t>(big(4));
        break;
      case 0xD3:
        head->type = Type::kInteger;
        head->integer = static_cast<int64_t>(big(8));
        break;
      case 0xD4:
      case 0xD5:
      case 0xD6:
      case 0xD7:
      case 0xD8:
        head->type = Type::kExt;
        head->ext = static_cast<int8_t>(big(1));
        head->size = 1u << (first - 0xD4);
        break;
      case 0xD9:
      case 0xDA:
      case 0xDB:
        sized(Type::kString, size_t{1} << (first - 0xD9));
        break;
      case 0xDC:
      case 0xDD:
        sized(Type::kArray, size_t{2} << (first - 0xDC));
        break;
      case 0xDE:
      case 0xDF:
        sized(Type::kMap, size_t{2} << (first - 0xDE));
        break;
      default:
        return ReadResult::kInvalid;
    }
  }
  return complete ? ReadResult::kOk : ReadResult::kIncomplete;
}

ReadResult Reader::ReadValue(Value* value, int depth) {
  Head head;
  const ReadResult result = ReadHead(&head);
  if (result != ReadResult::kOk) return result;
  std::string_view bytes;
  switch (head.type) {
    case Type::kNil:
      *value = {};
      return ReadResult::kOk;
    case Type::kBool:
      *value = Value::Bool(head.boolean);
      return ReadResult::kOk;
    case Type::kInteger:
      *value = IntegerValue(head.integer, arena_);
      return ReadResult::kOk;
    case Type::kUnsigned:
      *value = UnsignedValue(head.number, arena_);
      return ReadResult::kOk;
    case Type::kFloat:
      *value = DoubleValue(head.real, arena_);
      return ReadResult::kOk;
    case Type::kString:
      if (!Take(head.size, &bytes)) return ReadResult::kIncomplete;
      *value = Value::Text(bytes);
      return ReadResult::kOk;
    case Type::kExt:
      if (!Take(head.size, &bytes)) return ReadResult::kIncomplete;
      *value = head.ext == 0 && bytes.size() == kEventTimeBytes
                   ? TimeValue(EventTimeOf(bytes), arena_)
                   : Value::Text(bytes);
      return ReadResult::kOk;
    case Type::kArray:
    case Type::kMap: {
      ByteBuffer text;
      const ReadResult nested = WriteNested(head, text, depth);
      if (nested != ReadResult::kOk) return nested;
      // A map may repeat a key.
      if (!json::ParseValue(arena_.Store(text.view()), arena_, value)) return ReadResult::kInvalid;
      return ReadResult::kOk;
    }
  }
  return ReadResult::kInvalid;
}

ReadResult Reader::WriteJson(ByteBuffer& out, int depth) {
  const size_t begin = at_;
  Head head;
  const ReadResult result = ReadHead(&head);
  if (result != ReadResult::kOk) return result;
  if (head.type == Type::kArray || head.type == Type::kMap) return WriteNested(head, out, depth);
  at_ = begin;
  Value value;
  const ReadResult read = ReadValue(&value, depth);
  if (read == ReadResult::kOk) json::AppendValue(value, out);
  return read;
}

ReadResult Reader::WriteNested(const Head& head, ByteBuffer& out, int depth) {
  if (depth >= kDepthMax) return ReadResult::kInvalid;
  const bool map = head.type == Type::kMap;
  out.Append(map ? '{' : '[');
  for (uint32_t i = 0; i < head.size; ++i) {
    if (i > 0) out.Append(',');
    if (map) {
      Value key;
      const ReadResult result = ReadValue(&key, depth + 1);
      if (result != ReadResult::kOk) return result;
      json::AppendString(ToText(key, arena_), out);
      out.Append(':');
    }
    const ReadResult result = WriteJson(out, depth + 1);
    if (result != ReadResult::kOk) return result;
  }
  out.Append(map ? '}' : ']');
  return ReadResult::kOk;
}

ReadResult Reader::Next(Value* value) {
  const size_t begin = at_;
  const ReadResult result = ReadValue(value, 0);
  if (result != ReadResult::kOk) at_ = begin;
  return result;
}

ReadResult Reader::ReadTime(EventTime* time, bool* is_time) {
  const size_t begin = at_;
  Head head;
  const ReadResult result = ReadHead(&head);
  std::string_view bytes;
  *is_time = false;
  if (result == ReadResult::kOk && head.type == Type::kExt) {
    if (!Take(head.size, &bytes)) {
      at_ = begin;
      return ReadResult::kIncomplete;
    }
    *is_time = head.ext == 0 && bytes.size() == kEventTimeBytes;
    if (*is_time) *time = EventTimeOf(bytes);
  } else if (result == ReadResult::kOk && head.type == Type::kInteger) {
    *is_time = true;
    *time = {head.integer, 0};
  } else if (result == ReadResult::kOk && head.type == Type::kUnsigned) {
    *is_time = head.number <= INT64_MAX;
    *time = {static_cast<int64_t>(head.number), 0};
  }
  if (!*is_time) at_ = begin;
  return result;
}

ReadResult Reader::Skip() {
  Value ignored;
  return Next(&ignored);
}

ReadResult Reader::EnterMap(uint32_t* entries, bool* is_map) {
  const size_t begin = at_;
  Head head;
  const ReadResult result = ReadHead(&head);
  *is_map = result == ReadResult::kOk && head.type == Type::kMap;
  *entries = head.size;
  if (!*is_map) at_ = begin;
  return result;
}

ReadResult Reader::EnterArray(uint32_t* entries, bool* is_array) {
  const size_t begin = at_;
  Head head;
  const ReadResult result = ReadHead(&head);
  *is_array = result == ReadResult::kOk && head.type == Type::kArray;
  *entries = head.size;
  if (!*is_array) at_ = begin;
  return result;
}

ReadResult Reader::ReadEntries(uint32_t entries, Batch& batch, Row& row) {
  for (uint32_t i = 0; i < entries; ++i) {
    Value key;
    Value value;
    ReadResult result = ReadValue(&key, 1);
    if (result == ReadResult::kOk) result = ReadValue(&value, 1);
    if (result != ReadResult::kOk) return result;
    const std::string_view name = ToText(key, arena_);
    if (Field* const field = batch.Find(row, name)) {
      field->set_value(value);
    } else if (!batch.Append(row, name, value, json::IsClean(name))) {
      return ReadResult::kInvalid;
    }
  }
  return ReadResult::kOk;
}

}  // namespace tailrace::msgpack
