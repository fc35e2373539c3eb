// SPDX-License-Identifier: Apache-2.0
#pragma once
// Escapes in JSON strings (RFC 8259, section 7). Internal to event/.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tailrace/batch.h"

namespace tailrace::json {

// What the character after a backslash stands for; 0 where it is none of the short escapes.
struct ShortEscapes {
  char meaning[256] = {};
  constexpr ShortEscapes() {
    for (const char c : {'"', '\\', '/'}) meaning[static_cast<int>(c)] = c;
    meaning[static_cast<int>('b')] = '\b';
    meaning[static_cast<int>('f')] = '\f';
    meaning[static_cast<int>('n')] = '\n';
    meaning[static_cast<int>('r')] = '\r';
    meaning[static_cast<int>('t')] = '\t';
  }
};
inline constexpr ShortEscapes kShortEscapes;
inline char ShortEscape(char c) { return kShortEscapes.meaning[static_cast<unsigned char>(c)]; }

// Bytes of the valid escape that begins at `at`, a backslash, and ends before `end`; 0 if it is not
// valid. A surrogate pair is one escape of 12 bytes; a lone surrogate is not valid.
size_t EscapeSize(const char* at, const char* end);

// Resolves the escapes of the inside of a valid JSON string. Returns one past the last byte
// written; `to` has room for as many bytes as `escaped` has and kUnescapeSlack more.
inline constexpr size_t kUnescapeSlack = 64;
char* UnescapeTo(std::string_view escaped, char* to);
// The same as a string with kPadding bytes of nothing at its end.
std::string UnescapeToPadded(std::string_view escaped);

// The character at the beginning of some bytes. Where they are not UTF-8, `size` is the longest
// beginning of a character, at least 1: what one U+FFFD stands for.
struct Utf8Char {
  uint32_t code = 0;
  uint32_t size = 1;
  bool valid = false;
};
Utf8Char DecodeUtf8(std::string_view bytes);
bool ValidUtf8(std::string_view bytes);

// A valid object or array written anew into the arena: no white space, no repeated keys.
Value Rewrite(const Value& nested, Arena& arena);

}  // namespace tailrace::json
