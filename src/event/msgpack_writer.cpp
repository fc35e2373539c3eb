// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <charconv>
#include <limits>

#include "event/json.h"
#include "event/msgpack.h"
#include "event/value.h"

namespace tailrace::msgpack {
namespace {

void AppendByte(unsigned byte, ByteBuffer& out) { out.Append(static_cast<char>(byte)); }

// `head`, then `number` in `width` bytes, the highest first.
void AppendBig(unsigned head, uint64_t number, size_t width, ByteBuffer& out) {
  AppendByte(head, out);
  for (size_t i = width; i-- > 0;) AppendByte(static_cast<unsigned>(number >> (8 * i) & 0xFF), out);
}

void AppendDouble(double number, ByteBuffer& out) {
  AppendBig(0xCB, std::bit_cast<uint64_t>(number), 8, out);
}

bool AppendNumber(const Value& value, ByteBuffer& out) {
  if (!IsInteger(value)) {
    AppendDouble(ToDouble(value).value_or(0), out);
    return true;
  }
  if (const auto integer = ToInteger(value)) {
    AppendInteger(*integer, out);
    return true;
  }
  uint64_t number = 0;
  const char* const end = value.data + value.size;
  const auto [after, error] = std::from_chars(value.data, end, number);
  if (error != std::errc() || after != end) return false;
  AppendUnsigned(number, out);
  return true;
}

double Special(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (text == "Infinity") return kInfinity;
  return text == "-Infinity" ? -kInfinity : std::numeric_limits<double>::quiet_NaN();
}

bool AppendNested(const Value& value, Arena& scratch, ByteBuffer& out) {
  uint32_t entries = 0;
  bool fits = true;
  if (value.kind == Kind::kArray) {
    json::ForEachElement(value.bytes(), [&](const Value&) { return ++entries > 0; });
    AppendArrayHead(entries, out);
    json::ForEachElement(value.bytes(), [&](const Value& element) {
      return fits = AppendValue(element, scratch, out);
    });
  } else {
    json::ForEachMember(value.bytes(), scratch, [&](const Field&) { return ++entries > 0; });
    AppendMapHead(entries, out);
    json::ForEachMember(value.bytes(), scratch, [&](const Field& field) {
      AppendString(field.key(), out);
      return fits = AppendValue(field.value(), scratch, out);
    });
  }
  return fits;
}

}  // namespace

void AppendString(std::string_view text, ByteBuffer& out) {
  const size_t size = text.size();
  if (size < 32) {
    AppendByte(0xA0 | static_cast<unsigned>(size), out);
  } else if (size < 0x100) {
    AppendBig(0xD9, size, 1, out);
  } else if (size < 0x10000) {
    AppendBig(0xDA, size, 2, out);
  } else {
    AppendBig(0xDB, size, 4, out);
  }
  out.Append(text);
}

void AppendUnsigned(uint64_t number, ByteBuffer& out) {
  if (number < 0x80) {
    AppendByte(static_cast<unsigned>(number), out);
  } else if (number < 0x100) {
    AppendBig(0xCC, number, 1, out);
  } else if (number < 0x10000) {
    AppendBig(0xCD, number, 2, out);
  } else if (number < 0x100000000) {
    AppendBig(0xCE, number, 4, out);
  } else {
    AppendBig(0xCF, number, 8, out);
  }
}

void AppendInteger(int64_t number, ByteBuffer& out) {
  const auto bits = static_cast<uint64_t>(number);
  if (number >= 0) {
    AppendUnsigned(bits, out);
  } else if (number >= -32) {
    AppendByte(static_cast<unsigned>(bits & 0xFF), out);
  } else if (number >= INT8_MIN) {
    AppendBig(0xD0, bits, 1, out);
  } else if (number >= INT16_MIN) {
    AppendBig(0xD1, bits, 2, out);
  } else if (number >= INT32_MIN) {
    AppendBig(0xD2, bits, 4, out);
  } else {
    AppendBig(0xD3, bits, 8, out);
  }
}

void AppendArrayHead(uint32_t entries, ByteBuffer& out) {
  if (entries < 16) {
    AppendByte(0x90 | entries, out);
  } else if (entries < 0x10000) {
    AppendBig(0xDC, entries, 2, out);
  } else {
    AppendBig(0xDD, entries, 4, out);
  }
}

void AppendMapHead(uint32_t entries, ByteBuffer& out) {
  if (entries < 16) {
    AppendByte(0x80 | entries, out);
  } else if (entries < 0x10000) {
    AppendBig(0xDE, entries, 2, out);
  } else {
    AppendBig(0xDF, entries, 4, out);
  }
}

bool AppendValue(const Value& value, Arena& scratch, ByteBuffer& out) {
  const size_t before = out.size();
  bool fits = true;
  switch (value.kind) {
    case Kind::kNull:
      AppendByte(0xC0, out);
      break;
    case Kind::kFalse:
      AppendByte(0xC2, out);
      break;
    case Kind::kTrue:
      AppendByte(0xC3, out);
      break;
    case Kind::kNumber:
      fits = AppendNumber(value, out);
      break;
    case Kind::kSpecial:
      AppendDouble(Special(value.bytes()), out);
      break;
    case Kind::kText:
    case Kind::kClean:
      AppendString(value.bytes(), out);
      break;
    case Kind::kEscaped:
      AppendString(json::Unescape(value.bytes(), scratch), out);
      break;
    case Kind::kTime:
      AppendInteger(TimeOf(value).sec, out);
      break;
    case Kind::kObject:
    case Kind::kArray:
      fits = AppendNested(value, scratch, out);
      break;
  }
  if (!fits) out.Truncate(before);
  return fits;
}

bool AppendRow(const Batch& batch, const Row& row, Arena& scratch, ByteBuffer& out) {
  const size_t before = out.size();
  AppendMapHead(row.count, out);
  for (const Field& field : batch.fields(row)) {
    AppendString(field.key(), out);
    if (!AppendValue(field.value(), scratch, out)) {
      out.Truncate(before);
      return false;
    }
  }
  return true;
}

}  // namespace tailrace::msgpack
