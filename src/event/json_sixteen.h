// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sixteen bytes at a time, with instructions that every x86-64 and arm64 has. Internal to event/.

#include <bit>
#include <cstdint>
#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tailrace::json {

inline constexpr unsigned kSixteen = 16;

struct PlainBytes {
  unsigned
      count;  // before the first quote, backslash or control character; sixteen if none is there
  bool non_ascii;  // one of all sixteen is above 127
};

#if defined(__x86_64__)

// How many of the sixteen bytes at `at` are digits before one is not.
inline unsigned LeadingDigits(const char* at) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  return static_cast<unsigned>(std::countr_one(static_cast<unsigned>(_mm_movemask_epi8(is_digit))));
}

// Copies sixteen bytes and says what they are in a JSON string.
inline PlainBytes CopyPlain(char* to, const char* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  const __m128i quote = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i special = _mm_or_si128(control, _mm_or_si128(quote, backslash));
  const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(special)) | 1u << kSixteen;
  return {static_cast<unsigned>(std::countr_zero(mask)), _mm_movemask_epi8(bytes) != 0};
}

// Which of the 64 bytes at `at` are backslashes, bit i for byte i.
inline uint64_t FindBackslashes(const char* at) {
  uint64_t found = 0;
  for (int i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at) + i);
    const int mask = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    found |= static_cast<uint64_t>(static_cast<uint16_t>(mask)) << (16 * i);
  }
  return found;
}

#elif defined(__aarch64__)

// Which byte is the first of sixteen that is not 0, each being 0 or 255.
inline unsigned FirstSet(uint8x16_t bytes) {
  const uint8x8_t nibbles = vshrn_n_u16(vreinterpretq_u16_u8(bytes), 4);
  const uint64_t mask = vget_lane_u64(vreinterpret_u64_u8(nibbles), 0);
  return mask == 0 ? kSixteen : static_cast<unsigned>(std::countr_zero(mask)) / 4;
}

inline unsigned LeadingDigits(const char* at) {
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const uint8_t*>(at));
  return FirstSet(vcgtq_u8(vsubq_u8(bytes, vdupq_n_u8('0')), vdupq_n_u8(9)));
}

inline PlainBytes CopyPlain(char* to, const char* from) {
  const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const uint8_t*>(from));
  vst1q_u8(reinterpret_cast<uint8_t*>(to), bytes);
  const uint8x16_t quote = vceqq_u8(bytes, vdupq_n_u8('"'));
  const uint8x16_t backslash = vceqq_u8(bytes, vdupq_n_u8('\\'));
  const uint8x16_t control = vcltq_u8(bytes, vdupq_n_u8(0x20));
  return {FirstSet(vorrq_u8(control, vorrq_u8(quote, backslash))), vmaxvq_u8(bytes) > 0x7f};
}

inline uint64_t FindBackslashes(const char* at) {
  const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  uint8x16_t found[4];
  for (int i = 0; i < 4; ++i) {
    const uint8x16_t bytes = vld1q_u8(reinterpret_cast<const uint8_t*>(at) + 16 * i);
    found[i] = vandq_u8(vceqq_u8(bytes, vdupq_n_u8('\\')), weights);
  }
  const uint8x16_t all = vpaddq_u8(vpaddq_u8(found[0], found[1]), vpaddq_u8(found[2], found[3]));
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

#else

inline uint64_t FindBackslashes(const char* at) {
  uint64_t found = 0;
  for (int i = 0; i < 64; ++i) found |= static_cast<uint64_t>(at[i] == '\\') << i;
  return found;
}

inline unsigned LeadingDigits(const char* at) {
  unsigned count = 0;
  while (count < kSixteen && at[count] >= '0' && at[count] <= '9') ++count;
  return count;
}

inline PlainBytes CopyPlain(char* to, const char* from) {
  std::memcpy(to, from, kSixteen);
  PlainBytes found{kSixteen, false};
  for (unsigned i = kSixteen; i-- > 0;) {
    const auto byte = static_cast<unsigned char>(from[i]);
    if (byte < 0x20 || byte == '"' || byte == '\\') found.count = i;
    if (byte > 0x7f) found.non_ascii = true;
  }
  return found;
}

#endif

}  // namespace tailrace::json
