// SPDX-License-Identifier: Apache-2.0
#pragma once
// Character sets: is it UTF-8, making it UTF-8, conversion from and to other encodings, and letter
// case as Ruby has it.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "tailrace/result.h"

namespace tailrace::text {

bool IsValidUtf8(std::string_view text);

// String#scrub: appends `text` with each maximal invalid part replaced. A maximal part is a prefix
// of some valid sequence, or else one byte (Unicode, "substitution of maximal subparts"). Returns
// the number of replacements.
size_t AppendScrubbed(std::string_view text, std::string_view replacement, std::string& out);
inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";  // U+FFFD

// String#downcase and #upcase with Unicode's full mappings ("ß" becomes "SS"). Bytes that are not
// UTF-8 are copied as they are (Ruby raises).
void AppendLowerCase(std::string_view text, std::string& out);
void AppendUpperCase(std::string_view text, std::string& out);

// Converts between two encodings, named as Ruby names them (UTF-8, Shift_JIS, Windows-31J,
// ISO-8859-1, EUC-JP, UTF-16LE, ASCII-8BIT ...). What is invalid or has no counterpart becomes
// U+FFFD in Unicode and ? elsewhere, as in_tail and record_modifier do it. Keeps state: one per
// worker.
class CharsetConverter {
 public:
  // An unknown encoding is an error that names it.
  static Result<CharsetConverter> Create(std::string_view from, std::string_view to);

  CharsetConverter(CharsetConverter&&) noexcept;
  CharsetConverter& operator=(CharsetConverter&&) noexcept;
  ~CharsetConverter();

  // Appends the converted text; returns the number of replacements. Each call begins in the initial
  // shift state.
  size_t Append(std::string_view text, std::string& out);

 private:
  struct Impl;
  explicit CharsetConverter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tailrace::text
