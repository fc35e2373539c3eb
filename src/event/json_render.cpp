// SPDX-License-Identifier: Apache-2.0
// Rendering: values and rows as JSON text.
#include <cstring>
#include <string>

#include "event/json.h"
#include "event/json_string.h"
#include "event/value.h"

namespace tailrace::json {
namespace {

// How a byte stands in a JSON string: 0 as it is, 1 as \u00XX, else after a backslash.
struct EscapeTable {
  char letter[256] = {};
  constexpr EscapeTable() {
    for (int i = 0; i < 0x20; ++i) letter[i] = 1;
    letter[static_cast<int>('"')] = '"';
    letter[static_cast<int>('\\')] = '\\';
    letter[static_cast<int>('\b')] = 'b';
    letter[static_cast<int>('\f')] = 'f';
    letter[static_cast<int>('\n')] = 'n';
    letter[static_cast<int>('\r')] = 'r';
    letter[static_cast<int>('\t')] = 't';
  }
};
constexpr EscapeTable kEscapes;

char* Put(char* to, std::string_view bytes) {
  std::memcpy(to, bytes.data(), bytes.size());
  return to + bytes.size();
}

char* PutEscaped(char* to, unsigned char byte) {
  static constexpr char kHex[] = "0123456789abcdef";
  const char letter = kEscapes.letter[byte];
  *to++ = '\\';
  if (letter != 1) {
    *to++ = letter;
    return to;
  }
  to = Put(to, "u00");
  *to++ = kHex[byte >> 4];
  *to++ = kHex[byte & 15];
  return to;
}

// Writes `raw` escaped and, where it is not UTF-8, repaired. A byte becomes six at most.
char* PutRepaired(char* to, std::string_view raw) {
  while (!raw.empty()) {
    const auto byte = static_cast<unsigned char>(raw.front());
    const Utf8Char character = DecodeUtf8(raw);
    if (!character.valid) {
      to = Put(to, "\xef\xbf\xbd");
    } else if (kEscapes.letter[byte] != 0) {
      to = PutEscaped(to, byte);
    } else {
      to = Put(to, raw.substr(0, character.size));
    }
    raw.remove_prefix(character.size);
  }
  return to;
}

void AppendQuoted(std::string_view inside, ByteBuffer& out) {
  char* const room = out.Room(inside.size() + 2);
  char* to = room;
  *to++ = '"';
  to = Put(to, inside);
  *to++ = '"';
  out.Commit(static_cast<size_t>(to - room));
}

// One past the last byte of a field that is in place: its value's size is not that of a literal,
// and does not count a string's closing quote.
const char* PlaceEnd(const Field& field) {
  static constexpr uint8_t kBeyond[] = {4, 4, 5, 0, 0, 0, 1, 1, 0, 0, 0};
  static_assert(static_cast<int>(Kind::kNull) == 0 && static_cast<int>(Kind::kTrue) == 1 &&
                static_cast<int>(Kind::kFalse) == 2 && static_cast<int>(Kind::kClean) == 6 &&
                static_cast<int>(Kind::kEscaped) == 7 && std::size(kBeyond) == 11);
  return field.value_data + field.value_size + kBeyond[static_cast<size_t>(field.kind)];
}

}  // namespace

bool IsClean(std::string_view raw) {
  bool ascii = true;
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (kEscapes.letter[byte] != 0) return false;
    if (byte > 0x7f) ascii = false;
  }
  return ascii || ValidUtf8(raw);
}

void AppendString(std::string_view raw, ByteBuffer& out) {
  if (IsClean(raw)) {
    AppendQuoted(raw, out);
    return;
  }
  char* const room = out.Room(raw.size() * 6 + 2);
  char* to = room;
  *to++ = '"';
  to = PutRepaired(to, raw);
  *to++ = '"';
  out.Commit(static_cast<size_t>(to - room));
}

void AppendValue(const Value& value, ByteBuffer& out) {
  switch (value.kind) {
    case Kind::kNull:
    case Kind::kSpecial:
      out.Append("null");
      break;
    case Kind::kTrue:
      out.Append("true");
      break;
    case Kind::kFalse:
      out.Append("false");
      break;
    case Kind::kNumber:
    case Kind::kObject:
    case Kind::kArray:
      out.Append(value.bytes());
      break;
    case Kind::kText:
      AppendString(value.bytes(), out);
      break;
    case Kind::kClean:
    case Kind::kEscaped:
      AppendQuoted(value.bytes(), out);
      break;
    case Kind::kTime: {
      const std::string text = std::to_string(TimeOf(value).sec);
      out.Append(text);
      break;
    }
  }
}

void AppendMembers(std::span<const Field> fields, ByteBuffer& out) {
  for (size_t i = 0; i < fields.size();) {
    if (i != 0) out.Append(',');
    const Field& field = fields[i++];
    if (!field.in_place) {
      if (field.key_clean) {
        AppendQuoted(field.key(), out);
      } else {
        AppendString(field.key(), out);
      }
      out.Append(':');
      AppendValue(field.value(), out);
      continue;
    }
    const char* const begin = field.key_data - 1;
    const char* end = PlaceEnd(field);
    while (i < fields.size() && fields[i].in_place && fields[i].key_data == end + 2 &&
           *end == ',') {
      end = PlaceEnd(fields[i++]);
    }
    out.Append({begin, static_cast<size_t>(end - begin)});
  }
}

void AppendObject(const Batch& batch, const Row& row, ByteBuffer& out) {
  out.Append('{');
  AppendMembers(batch.fields(row), out);
  out.Append('}');
}

}  // namespace tailrace::json
