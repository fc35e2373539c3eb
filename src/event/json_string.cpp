// SPDX-License-Identifier: Apache-2.0
#include "event/json_string.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "event/json.h"
#include "event/json_sixteen.h"

namespace tailrace::json {
namespace {

// Value of a hex digit, or a value above 15.
unsigned HexValue(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  const char lower = static_cast<char>(c | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return 16;
}

// The four hex digits at `at`, or a value above 0xffff.
uint32_t Hex4(const char* at) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const unsigned digit = HexValue(at[i]);
    if (digit > 15) return UINT32_MAX;
    value = value << 4 | digit;
  }
  return value;
}

bool IsHighSurrogate(uint32_t unit) { return unit >= 0xd800 && unit < 0xdc00; }
bool IsLowSurrogate(uint32_t unit) { return unit >= 0xdc00 && unit < 0xe000; }

char* AppendUtf8(uint32_t code, char* to) {
  auto put = [&to](uint32_t byte) { *to++ = static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return to;
}

constexpr size_t kBlock = 64;

// Copies `size` bytes, at most kBlock. Up to 32 are read and written in any case, which spares most
// runs a branch that is hard to foresee.
inline char* CopyRun(char* to, const char* from, size_t size) {
  constexpr size_t kPiece = 32;
  std::memcpy(to, from, kPiece);
  if (size > kPiece) std::memcpy(to + kPiece, from + kPiece, kPiece);
  return to + size;
}

// Writes what the \u escape at `at`, or the pair of them, stands for. Its size is left in `size`.
char* PutUnicode(char* to, const char* at, size_t* size) {
  uint32_t code = Hex4(at + 2);
  *size = 6;
  if (IsHighSurrogate(code)) {
    code = 0x10000 + ((code - 0xd800) << 10) + (Hex4(at + 8) - 0xdc00);
    *size = 12;
  }
  return AppendUtf8(code, to);
}

// Resolves the first `limit` bytes, at most kBlock, of the block at `at`, and the escape that they
// end in. kBlock bytes and an escape can be read from `at`, and as many be written. Returns how
// many bytes are done.
size_t UnescapeBlock(const char* at, size_t limit, char*& to) {
  uint64_t slashes = FindBackslashes(at);
  size_t done = 0;
  while (slashes != 0) {
    const auto slash = static_cast<size_t>(std::countr_zero(slashes));
    if (slash >= limit) break;
    to = CopyRun(to, at + done, slash - done);
    size_t size = 2;
    if (at[slash + 1] == 'u') {
      to = PutUnicode(to, at + slash, &size);
    } else {
      *to++ = ShortEscape(at[slash + 1]);
    }
    done = slash + size;
    if (done >= kBlock) return done;
    slashes &= ~uint64_t{0} << done;
  }
  if (done >= limit) return done;
  to = CopyRun(to, at + done, limit - done);
  return limit;
}

}  // namespace

Utf8Char DecodeUtf8(std::string_view bytes) {
  auto at = [bytes](size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return {lead, 1, true};
  if (lead < 0xc2 || lead > 0xf4) return {};
  const uint32_t size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // The second byte's range is narrower where it would give a surrogate, a number that a shorter
  // form has, or one beyond U+10FFFF.
  unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  uint32_t code = lead & (0x7fu >> size);
  for (uint32_t i = 1; i < size; ++i) {
    if (i == bytes.size() || at(i) < low || at(i) > high) return {0, i, false};
    code = code << 6 | (at(i) & 0x3f);
    low = 0x80;
    high = 0xbf;
  }
  return {code, size, true};
}

bool ValidUtf8(std::string_view bytes) {
  return simdjson::validate_utf8(bytes.data(), bytes.size());
}

size_t EscapeSize(const char* at, const char* end) {
  if (end - at < 2) return 0;
  if (ShortEscape(at[1]) != 0) return 2;
  if (at[1] != 'u' || end - at < 6) return 0;
  const uint32_t unit = Hex4(at + 2);
  if (unit > 0xffff || IsLowSurrogate(unit)) return 0;
  if (!IsHighSurrogate(unit)) return 6;
  if (end - at < 12 || at[6] != '\\' || at[7] != 'u') return 0;
  const uint32_t second = Hex4(at + 8);
  return second <= 0xffff && IsLowSurrogate(second) ? 12 : 0;
}

char* UnescapeTo(std::string_view escaped, char* to) {
  constexpr size_t kEscapeMax = 12;
  const char* at = escaped.data();
  size_t left = escaped.size();
  while (left >= 2 * kBlock) {
    const size_t done = UnescapeBlock(at, kBlock, to);
    at += done;
    left -= done;
  }
  // The rest lies where more can be read.
  char rest[3 * kBlock + kEscapeMax];
  std::memcpy(rest, at, left);
  std::memset(rest + left, 0, kBlock);
  at = rest;
  while (left > 0) {
    const size_t done = UnescapeBlock(at, std::min(left, kBlock), to);
    at += done;
    left -= done;
  }
  return to;
}

std::string UnescapeToPadded(std::string_view escaped) {
  std::string decoded(escaped.size() + kUnescapeSlack + kPadding, '\0');
  const char* end = UnescapeTo(escaped, decoded.data());
  decoded.resize(static_cast<size_t>(end - decoded.data()) + kPadding, '\0');
  return decoded;
}

std::string_view Unescape(std::string_view escaped, Arena& arena) {
  const size_t room = escaped.size() + kUnescapeSlack;
  char* bytes = arena.Allocate(room);
  const auto used = static_cast<size_t>(UnescapeTo(escaped, bytes) - bytes);
  arena.Shrink(room, used);
  return {bytes, used};
}

}  // namespace tailrace::json
