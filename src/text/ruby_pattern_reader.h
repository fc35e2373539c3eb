// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the parsers of patterns and of character classes share. Internal to text/.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "text/ruby_pattern.h"

namespace tailrace::text {

// Characters that \d, \s and \w stand for: (?d) and (?a) are ASCII, (?u) is Unicode.
enum class PatternCharset : uint8_t { kDefault, kAscii, kUnicode };

// Thrown inside the parser only; Parse turns it into an Error.
struct PatternError {
  std::string what;
  size_t at;
};

class PatternReader {
 public:
  explicit PatternReader(std::string_view pattern) : pattern_(pattern) {}

  bool AtEnd() const { return at_ >= pattern_.size(); }
  size_t at() const { return at_; }
  char Peek(size_t ahead = 0) const {
    return at_ + ahead < pattern_.size() ? pattern_[at_ + ahead] : '\0';
  }
  bool LooksAt(std::string_view text) const { return pattern_.substr(at_, text.size()) == text; }
  bool Skip(std::string_view text) {
    if (!LooksAt(text)) return false;
    at_ += text.size();
    return true;
  }
  void Advance(size_t bytes) { at_ += bytes; }
  void Seek(size_t at) { at_ = at; }
  std::string_view Rest() const { return pattern_.substr(at_); }
  std::string_view From(size_t begin) const { return pattern_.substr(begin, at_ - begin); }

  // One character of the pattern.
  char32_t TakeCharacter();
  // The text up to `end`, which is skipped.
  std::string_view TakeUntil(char end);
  // An escape that stands for a character (\n \x41 あ \cA \101 ...), behind the backslash; nothing
  // if it is none and was not read. \u{41 42} gives several.
  std::optional<std::vector<char32_t>> TakeCharacterEscape();

  [[noreturn]] void Fail(std::string what) const { throw PatternError{std::move(what), at_}; }

 private:
  std::vector<char32_t> TakeHexBytes();
  std::vector<char32_t> TakeUnicodeEscape();
  unsigned TakeHex(size_t digits_max, size_t digits_min);

  std::string_view pattern_;
  size_t at_ = 0;
};

// [...] with its bracket ahead.
CharacterClass ParseClass(PatternReader& reader, PatternCharset charset);
// \d \w \s \h and the capital ones, \p{..}: the reader is behind the backslash. Nothing if the
// escape is none of these.
std::optional<CharacterClass> ParseClassEscape(PatternReader& reader, PatternCharset charset);

// A character in Oniguruma's notation, inside or outside a class.
void AppendOnigurumaCharacter(char32_t code, std::string& out);

}  // namespace tailrace::text
