// SPDX-License-Identifier: Apache-2.0
#include "text/ruby_pattern_reader.h"

#include "text/strptime_words.h"
#include "text/utf8.h"

namespace tailrace::text {
namespace {

int HexValue(char c) {
  if (IsDigit(c)) return c - '0';
  const char lower = LowerAscii(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

}  // namespace

char32_t PatternReader::TakeCharacter() {
  const Utf8Character character = ReadUtf8(pattern_, at_);
  if (!character.valid) Fail("the pattern is not valid UTF-8");
  at_ += character.size;
  return character.code;
}

std::string_view PatternReader::TakeUntil(char end) {
  const size_t found = pattern_.find(end, at_);
  if (found == std::string_view::npos) Fail(std::string("missing '") + end + "'");
  const std::string_view text = pattern_.substr(at_, found - at_);
  at_ = found + 1;
  return text;
}

unsigned PatternReader::TakeHex(size_t digits_max, size_t digits_min) {
  unsigned value = 0;
  size_t digits = 0;
  while (digits < digits_max && HexValue(Peek()) >= 0) {
    value = value * 16 + static_cast<unsigned>(HexValue(Peek()));
    ++at_;
    ++digits;
  }
  if (digits < digits_min) Fail("invalid hexadecimal escape");
  return value;
}

// \xHH, with more of them where they are the bytes of one character.
std::vector<char32_t> PatternReader::TakeHexBytes() {
  std::string bytes(1, static_cast<char>(TakeHex(2, 1)));
  while (!ReadUtf8(bytes, 0).valid && bytes.size() < 4 && Skip("\\x")) {
    bytes.push_back(static_cast<char>(TakeHex(2, 1)));
  }
  const Utf8Character character = ReadUtf8(bytes, 0);
  if (!character.valid) Fail("invalid multibyte escape");
  return {character.code};
}

std::vector<char32_t> PatternReader::TakeUnicodeEscape() {
  std::vector<char32_t> codes;
  if (!Skip("{")) {
    codes.push_back(TakeHex(4, 4));
  } else {
    while (!Skip("}")) {
      while (IsSpace(Peek())) ++at_;
      if (Skip("}")) break;
      codes.push_back(TakeHex(8, 1));
      if (Peek() != '}' && !IsSpace(Peek())) Fail("invalid Unicode escape");
    }
    if (codes.empty()) Fail("invalid Unicode escape");
  }
  for (const char32_t code : codes) {
    if (code > kMaxCodePoint || (code >= 0xD800 && code <= 0xDFFF)) Fail("invalid Unicode range");
  }
  return codes;
}

std::optional<std::vector<char32_t>> PatternReader::TakeCharacterEscape() {
  using Codes = std::vector<char32_t>;
  const char c = Peek();
  const auto simple = [this](char32_t code) {
    ++at_;
    return Codes{code};
  };
  switch (c) {
    case 't':
      return simple('\t');
    case 'n':
      return simple('\n');
    case 'r':
      return simple('\r');
    case 'f':
      return simple('\f');
    case 'v':
      return simple('\v');
    case 'a':
      return simple('\a');
    case 'e':
      return simple(0x1B);
    case 'x':
      ++at_;
      return TakeHexBytes();
    case 'u':
      ++at_;
      return TakeUnicodeEscape();
    case 'c':
    case 'C': {
      ++at_;
      if (c == 'C' && !Skip("-")) Fail("invalid control-code syntax");
      if (AtEnd() || Peek() == '\\') Fail("control codes of escapes are not supported");
      const char32_t code = TakeCharacter();
      if (code >= 0x80) Fail("invalid control-code syntax");
      return Codes{code == '?' ? 0x7FU : code & 0x1FU};
    }
    case 'M':
      Fail("invalid multibyte escape");
    default:
      break;
  }
  if (!IsOctal(c)) return std::nullopt;
  unsigned value = 0;
  for (int digits = 0; digits < 3 && IsOctal(Peek()); ++digits) {
    value = value * 8 + static_cast<unsigned>(Peek() - '0');
    ++at_;
  }
  if (value >= 0x80) Fail("invalid multibyte escape");
  return Codes{value};
}

void AppendOnigurumaCharacter(char32_t code, std::string& out) {
  if (code < 0x20 || code == 0x7F) {
    constexpr char kHex[] = "0123456789abcdef";
    out += "\\x";
    out.push_back(kHex[code >> 4]);
    out.push_back(kHex[code & 15]);
    return;
  }
  const bool word = code >= 0x80 || IsAlpha(static_cast<char>(code)) ||
                    IsDigit(static_cast<char>(code)) || code == '_' || code == ' ';
  if (!word) out.push_back('\\');
  AppendUtf8(code, out);
}

}  // namespace tailrace::text
