// SPDX-License-Identifier: Apache-2.0
#include "command/event_json.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "event/json.h"
#include "event/json_writer.h"
#include "event/value.h"
#include "text/charset.h"

namespace tailrace::command {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Value Untag(const Value& value, Arena& arena);

// The value that an object of one member {"$…":…} stands for.
std::optional<Value> ReadTag(const Value& object, Arena& arena) {
  Field only;
  size_t members = 0;
  json::ForEachMember(object.bytes(), arena, [&](const Field& field) {
    only = field;
    return ++members < 2;
  });
  if (members != 1 || only.key().empty() || only.key()[0] != '$') return std::nullopt;
  const Value value = only.value();
  if (only.key() == "$bin" && value.is_string()) {
    std::string bytes;
    if (!Base64Decode(ToText(value, arena), &bytes)) return std::nullopt;
    return Value::Text(arena.Store(bytes));
  }
  if (only.key() == "$float" && value.is_string()) {
    return Value::Of(Kind::kSpecial, value.bytes());
  }
  if (only.key() == "$int" && value.is_string()) return Value::Of(Kind::kNumber, value.bytes());
  if (only.key() == "$time" && value.kind == Kind::kArray) {
    Value seconds;
    Value nanoseconds;
    if (!json::FindElement(value.bytes(), 0, &seconds) ||
        !json::FindElement(value.bytes(), 1, &nanoseconds)) {
      return std::nullopt;
    }
    EventTime time;
    time.sec = ToInteger(seconds).value_or(0);
    time.nsec = static_cast<int32_t>(ToInteger(nanoseconds).value_or(0));
    return TimeValue(time, arena);
  }
  return std::nullopt;
}

// Nested values are written anew only where one of them is tagged.
Value Untag(const Value& value, Arena& arena) {
  if (value.kind != Kind::kObject && value.kind != Kind::kArray) return value;
  if (value.bytes().find("\"$") == std::string_view::npos) return value;
  if (value.kind == Kind::kArray) {
    json::ArrayWriter writer(arena);
    json::ForEachElement(value.bytes(), [&](const Value& element) {
      writer.Add(Untag(element, arena));
      return true;
    });
    return writer.Finish();
  }
  if (const auto tagged = ReadTag(value, arena)) return *tagged;
  json::ObjectWriter writer(arena);
  json::ForEachMember(value.bytes(), arena, [&](const Field& field) {
    writer.Add(field.key(), Untag(field.value(), arena));
    return true;
  });
  return writer.Finish();
}

bool ReadTime(const Value& value, EventTime* time) {
  Value seconds;
  Value nanoseconds;
  if (value.kind == Kind::kNull) {
    *time = kNoTime;
    return true;
  }
  if (value.kind != Kind::kArray || !json::FindElement(value.bytes(), 0, &seconds) ||
      !json::FindElement(value.bytes(), 1, &nanoseconds)) {
    return false;
  }
  const auto sec = ToInteger(seconds);
  const auto nsec = ToInteger(nanoseconds);
  if (!sec || !nsec) return false;
  *time = {*sec, static_cast<int32_t>(*nsec)};
  return true;
}

void AppendNumber(std::string_view text, std::string& out) {
  const bool integer = text.find_first_of(".eE") == std::string_view::npos;
  const Value value = Value::Of(Kind::kNumber, text);
  if (integer) {
    const bool negative = text.front() == '-';
    const std::string_view digits = text.substr(negative ? 1 : 0);
    const std::string_view limit = negative ? "9223372036854775808" : "18446744073709551615";
    const bool fits =
        digits.size() < limit.size() || (digits.size() == limit.size() && digits <= limit);
    out += fits ? (text == "-0" ? "0" : std::string(text))
                : "{\"$int\":\"" + std::string(text) + "\"}";
    return;
  }
  const auto number = ToDouble(value);
  if (number && std::isinf(*number)) {
    out += *number < 0 ? R"({"$float":"-Infinity"})" : R"({"$float":"Infinity"})";
  } else {
    out += text;
  }
}

}  // namespace

Result<ReadEvent> ReadEventJson(std::string_view line, Batch& batch) {
  ReadEvent event;
  Row& outer = batch.AddRow({});
  if (!json::ParseObject(line, batch, outer)) {
    batch.rows().pop_back();
    return Fail("not a JSON object");
  }
  const Field* const tag = batch.Find(outer, "tag");
  const Field* const time = batch.Find(outer, "time");
  const Field* const record = batch.Find(outer, "record");
  EventTime when = kNoTime;
  if (tag != nullptr) event.tag = std::string(ToText(tag->value(), batch.arena()));
  const bool valid = record != nullptr && record->kind == Kind::kObject &&
                     (time == nullptr || ReadTime(time->value(), &when));
  const std::string_view members = valid ? record->value().bytes() : std::string_view();
  batch.rows().pop_back();
  if (!valid) return Fail("an event needs \"time\": [sec, nsec] and \"record\": {...}");
  Row& row = batch.AddRow({});
  row.time = when;
  if (!json::ParseObject(members, batch, row)) {
    batch.rows().pop_back();
    return Fail("\"record\" is not a JSON object");
  }
  for (Field& field : batch.fields(row)) {
    if (field.kind == Kind::kObject || field.kind == Kind::kArray) {
      field.set_value(Untag(field.value(), batch.arena()));
    }
  }
  event.row = static_cast<uint32_t>(batch.rows().size() - 1);
  return event;
}

void AppendQuoted(std::string_view text, std::string& out) {
  ByteBuffer buffer;
  json::AppendString(text, buffer);
  out += buffer.view();
}

void AppendTagged(const Value& value, Arena& arena, std::string& out) {
  switch (value.kind) {
    case Kind::kNumber:
      return AppendNumber(value.bytes(), out);
    case Kind::kSpecial:
      out += "{\"$float\":\"" + std::string(value.bytes()) + "\"}";
      return;
    case Kind::kText:
      if (text::IsValidUtf8(value.bytes())) return AppendQuoted(value.bytes(), out);
      out += "{\"$bin\":\"" + Base64Encode(value.bytes()) + "\"}";
      return;
    case Kind::kTime:
      out += "{\"$time\":";
      AppendTime(TimeOf(value), out);
      out += '}';
      return;
    case Kind::kArray: {
      out += '[';
      bool first = true;
      json::ForEachElement(value.bytes(), [&](const Value& element) {
        if (!first) out += ',';
        first = false;
        AppendTagged(element, arena, out);
        return true;
      });
      out += ']';
      return;
    }
    case Kind::kObject: {
      out += '{';
      bool first = true;
      json::ForEachMember(value.bytes(), arena, [&](const Field& field) {
        if (!first) out += ',';
        first = false;
        AppendQuoted(field.key(), out);
        out += ':';
        AppendTagged(field.value(), arena, out);
        return true;
      });
      out += '}';
      return;
    }
    default: {
      ByteBuffer buffer;
      json::AppendValue(value, buffer);
      out += buffer.view();
    }
  }
}

void AppendRecord(const Batch& batch, const Row& row, Arena& arena, std::string& out) {
  out += '{';
  bool first = true;
  for (const Field& field : batch.fields(row)) {
    if (!first) out += ',';
    first = false;
    AppendQuoted(field.key(), out);
    out += ':';
    AppendTagged(field.value(), arena, out);
  }
  out += '}';
}

void AppendTime(EventTime time, std::string& out) {
  if (time == kNoTime) {
    out += "null";
  } else {
    out += '[' + std::to_string(time.sec) + ',' + std::to_string(time.nsec) + ']';
  }
}

std::string Base64Encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const auto byte = [&](size_t k) {
      return k < left ? static_cast<uint32_t>(static_cast<unsigned char>(bytes[i + k])) : 0u;
    };
    const uint32_t group = byte(0) << 16 | byte(1) << 8 | byte(2);
    out += kAlphabet[group >> 18];
    out += kAlphabet[group >> 12 & 63];
    out += left > 1 ? kAlphabet[group >> 6 & 63] : '=';
    out += left > 2 ? kAlphabet[group & 63] : '=';
  }
  return out;
}

bool Base64Decode(std::string_view text, std::string* bytes) {
  bytes->clear();
  uint32_t group = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) return false;
    group = group << 6 | static_cast<uint32_t>(digit);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes->push_back(static_cast<char>(group >> bits & 0xFF));
  }
  return true;
}

}  // namespace tailrace::command
