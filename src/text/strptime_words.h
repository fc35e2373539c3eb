// SPDX-License-Identifier: Apache-2.0
#pragma once
// Names and small readers that the two strptime dialects share. Internal to text/.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tailrace::text {

inline constexpr std::array<std::string_view, 12> kMonthNames = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};
inline constexpr std::array<std::string_view, 7> kDayNames = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

constexpr char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
constexpr bool IsAlpha(char c) { return LowerAscii(c) >= 'a' && LowerAscii(c) <= 'z'; }

// The character at `at`, or NUL behind the end, as C strings have it.
constexpr char At(std::string_view text, size_t at) { return at < text.size() ? text[at] : '\0'; }

constexpr bool StartsWithIgnoringCase(std::string_view text, size_t at, std::string_view word) {
  if (text.size() < at + word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (LowerAscii(text[at + i]) != LowerAscii(word[i])) return false;
  }
  return true;
}

// Reads one of `names`, in full or its first three letters; returns its index or -1.
template <size_t N>
constexpr int ReadName(const std::array<std::string_view, N>& names, std::string_view text,
                       size_t& at) {
  for (const bool full : {true, false}) {
    for (size_t i = 0; i < N; ++i) {
      const std::string_view name = full ? names[i] : names[i].substr(0, 3);
      if (StartsWithIgnoringCase(text, at, name)) {
        at += name.size();
        return static_cast<int>(i);
      }
    }
  }
  return -1;
}

// Reads 1 to `width` digits. Values saturate far outside any range that is accepted.
constexpr bool ReadDigits(std::string_view text, size_t& at, size_t width, int64_t& value) {
  const size_t begin = at;
  value = 0;
  while (at - begin < width && IsDigit(At(text, at))) {
    if (value < INT64_MAX / 10 - 1) value = value * 10 + (text[at] - '0');
    ++at;
  }
  return at > begin;
}

// Reads digits as a decimal fraction of a second in nanoseconds; digits beyond the ninth are read
// and dropped.
constexpr bool ReadFraction(std::string_view text, size_t& at, size_t width, int64_t& nanoseconds) {
  const size_t begin = at;
  nanoseconds = 0;
  int64_t unit = 100'000'000;
  while (at - begin < width && IsDigit(At(text, at))) {
    nanoseconds += (text[at] - '0') * unit;
    unit /= 10;
    ++at;
  }
  return at > begin;
}

}  // namespace tailrace::text
