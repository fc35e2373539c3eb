// SPDX-License-Identifier: Apache-2.0
// Rendering: values and rows as JSON text.
#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>

#include "event/json.h"
#include "event/json_sixteen.h"
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

// Longer strings are escaped in pieces of this size.
constexpr size_t kPieceBytes = 4096;

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

// Writes the beginning of `raw`, `size` bytes and the rest of the character that they may end in,
// escaped and, where it is not UTF-8, repaired. A byte becomes six at most. Takes it from `raw`.
char* PutRepaired(char* to, std::string_view& raw, size_t size) {
  const char* const end = raw.data() + size;
  while (raw.data() < end) {
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

// Writes `raw` with its special characters escaped. Room for six bytes each and sixteen more.
// `non_ascii` says whether UTF-8 is still to be checked.
char* PutSpecials(char* to, std::string_view raw, bool* non_ascii) {
  const char* at = raw.data();
  const char* const end = at + raw.size();
  bool above = false;
  while (at != end) {
    char tail[kSixteen];
    const char* from = at;
    const auto left = static_cast<size_t>(end - at);
    if (left < kSixteen) {
      std::memset(tail, ' ', sizeof tail);
      std::memcpy(tail, at, left);
      from = tail;
    }
    const PlainBytes found = CopyPlain(to, from);
    above |= found.non_ascii;
    if (found.count == kSixteen) {
      const size_t plain = std::min<size_t>(left, kSixteen);
      to += plain;
      at += plain;
    } else {
      at += found.count;
      to = PutEscaped(to + found.count, static_cast<unsigned char>(*at++));
    }
  }
  *non_ascii = above;
  return to;
}

// Room for any string of `size` bytes with its quotes, as PutString writes it.
size_t StringRoom(size_t size) { return size * 6 + 2 + kSixteen; }

char* PutString(char* to, std::string_view raw) {
  *to++ = '"';
  bool non_ascii;
  char* end = PutSpecials(to, raw, &non_ascii);
  if (non_ascii && !ValidUtf8(raw)) end = PutRepaired(to, raw, raw.size());
  *end++ = '"';
  return end;
}

char* PutQuoted(char* to, std::string_view inside) {
  *to++ = '"';
  to = Put(to, inside);
  *to++ = '"';
  return to;
}

size_t ValueRoom(const Value& value) {
  constexpr size_t kLiteralRoom = 24;  // literals and seconds
  return value.kind == Kind::kText ? StringRoom(value.size) : value.size + kLiteralRoom;
}

char* PutValue(char* to, const Value& value) {
  switch (value.kind) {
    case Kind::kNull:
    case Kind::kSpecial:
      return Put(to, "null");
    case Kind::kTrue:
      return Put(to, "true");
    case Kind::kFalse:
      return Put(to, "false");
    case Kind::kNumber:
    case Kind::kObject:
    case Kind::kArray:
      return Put(to, value.bytes());
    case Kind::kText:
      return PutString(to, value.bytes());
    case Kind::kClean:
    case Kind::kEscaped:
      return PutQuoted(to, value.bytes());
    case Kind::kTime:
      return std::to_chars(to, to + 24, TimeOf(value).sec).ptr;
  }
  return to;
}

// A long string, piece by piece, so that no room is asked for that is hardly ever needed.
void AppendLongString(std::string_view raw, ByteBuffer& out) {
  const bool valid = ValidUtf8(raw);
  out.Append('"');
  while (!raw.empty()) {
    const size_t size = std::min(raw.size(), kPieceBytes);
    char* const room = out.Room(StringRoom(size + 3));
    char* end;
    if (valid) {
      bool non_ascii;
      end = PutSpecials(room, raw.substr(0, size), &non_ascii);
      raw.remove_prefix(size);
    } else {
      end = PutRepaired(room, raw, size);
    }
    out.Commit(static_cast<size_t>(end - room));
  }
  out.Append('"');
}

void AppendMember(const Field& field, ByteBuffer& out) {
  if (std::max(field.key_size, field.value_size) > kPieceBytes) {
    AppendValue(Value::Of(field.key_clean ? Kind::kClean : Kind::kText, field.key()), out);
    out.Append(':');
    AppendValue(field.value(), out);
    return;
  }
  const Value value = field.value();
  const size_t key_room = field.key_clean ? field.key_size + 2 : StringRoom(field.key_size);
  char* const room = out.Room(key_room + 1 + ValueRoom(value));
  char* to = field.key_clean ? PutQuoted(room, field.key()) : PutString(room, field.key());
  *to++ = ':';
  to = PutValue(to, value);
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
  const char* at = raw.data();
  const char* const end = at + raw.size();
  bool plain = true;
  bool above = false;
  char copy[kSixteen];
  for (; static_cast<size_t>(end - at) >= kSixteen; at += kSixteen) {
    const PlainBytes found = CopyPlain(copy, at);
    plain &= found.count == kSixteen;
    above |= found.non_ascii;
  }
  for (; at != end; ++at) {
    const auto byte = static_cast<unsigned char>(*at);
    plain &= kEscapes.letter[byte] == 0;
    above |= byte > 0x7f;
  }
  return plain && (!above || ValidUtf8(raw));
}

void AppendString(std::string_view raw, ByteBuffer& out) {
  if (raw.size() > kPieceBytes) {
    AppendLongString(raw, out);
    return;
  }
  char* const room = out.Room(StringRoom(raw.size()));
  out.Commit(static_cast<size_t>(PutString(room, raw) - room));
}

void AppendValue(const Value& value, ByteBuffer& out) {
  if (value.kind == Kind::kText) {
    AppendString(value.bytes(), out);
    return;
  }
  char* const room = out.Room(ValueRoom(value));
  out.Commit(static_cast<size_t>(PutValue(room, value) - room));
}

void AppendMembers(std::span<const Field> fields, ByteBuffer& out) {
  const Field* field = fields.data();
  const Field* const end = field + fields.size();
  while (field != end) {
    if (field != fields.data()) out.Append(',');
    if (!field->in_place) {
      AppendMember(*field++, out);
      continue;
    }
    const char* const begin = field->key_data - 1;
    const char* run = PlaceEnd(*field++);
    while (field != end && field->in_place && field->key_data == run + 2 && *run == ',') {
      run = PlaceEnd(*field++);
    }
    out.Append({begin, static_cast<size_t>(run - begin)});
  }
}

void AppendObject(const Batch& batch, const Row& row, ByteBuffer& out) {
  out.Append('{');
  AppendMembers(batch.fields(row), out);
  out.Append('}');
}

}  // namespace tailrace::json
