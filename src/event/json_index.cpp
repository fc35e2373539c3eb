// SPDX-License-Identifier: Apache-2.0
#include "event/json_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace tailrace::json {
namespace {

// Which of 64 bytes are what, bit i for byte i.
struct BlockBits {
  uint64_t quotes;
  uint64_t backslashes;
  uint64_t controls;   // below 0x20
  uint64_t non_ascii;  // above 0x7f
};

#if defined(__x86_64__)

struct Baseline {
  static BlockBits Load(const char* bytes) {
    BlockBits bits{};
    for (int i = 0; i < 4; ++i) {
      const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes + 16 * i));
      auto add = [i](uint64_t& to, __m128i mask) {
        to |= static_cast<uint64_t>(static_cast<uint16_t>(_mm_movemask_epi8(mask))) << (16 * i);
      };
      add(bits.quotes, _mm_cmpeq_epi8(chunk, _mm_set1_epi8('"')));
      add(bits.backslashes, _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\')));
      add(bits.controls, _mm_cmpeq_epi8(_mm_min_epu8(chunk, _mm_set1_epi8(0x1f)), chunk));
      add(bits.non_ascii, chunk);
    }
    return bits;
  }
};

#else

struct Baseline {
  static BlockBits Load(const char* bytes) {
    BlockBits bits{};
    for (int i = 0; i < 64; ++i) {
      const auto byte = static_cast<uint8_t>(bytes[i]);
      const uint64_t bit = uint64_t{1} << i;
      if (byte == '"') bits.quotes |= bit;
      if (byte == '\\') bits.backslashes |= bit;
      if (byte < 0x20) bits.controls |= bit;
      if (byte > 0x7f) bits.non_ascii |= bit;
    }
    return bits;
  }
};

#endif

// Bit i is set where the number of set bits up to and including i is odd.
uint64_t PrefixXor(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// Splits runs of backslashes into those that begin an escape and the characters escaped by them.
// `carry` is 1 where the last backslash of the block before escapes this block's first byte.
struct Escapes {
  uint64_t begin;
  uint64_t escaped;
};
Escapes FindEscapes(uint64_t backslashes, uint64_t& carry) {
  Escapes result{0, carry};
  uint64_t left = backslashes & ~carry;
  carry = 0;
  while (left != 0) {
    const uint64_t first = left & (~left + 1);
    result.begin |= first;
    const uint64_t second = first << 1;
    if (second == 0) carry = 1;
    result.escaped |= second;
    left &= ~(first | second);
  }
  return result;
}

}  // namespace

void Index::Positions::Grow() {
  const uint32_t wanted = std::max<uint32_t>(1024, capacity * 2);
  auto moved = std::make_unique_for_overwrite<uint32_t[]>(wanted);
  if (count != 0) std::memcpy(moved.get(), bytes.get(), count * sizeof(uint32_t));
  bytes = std::move(moved);
  capacity = wanted;
}

struct IndexBuilder {
  static void Flatten(Index::Positions& list, uint32_t base, uint64_t bits) {
    list.MakeRoom();
    uint32_t* to = list.data() + list.count;
    list.count += static_cast<uint32_t>(std::popcount(bits));
    while (bits != 0) {
      *to++ = base + static_cast<uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
  }

  template <typename Simd>
  static bool Build(Index& index, std::string_view text) {
    index.quotes_.count = 0;
    index.escapes_.count = 0;
    uint64_t carry = 0;
    uint64_t non_ascii = 0;
    for (size_t base = 0; base < text.size(); base += 64) {
      BlockBits bits = Simd::Load(text.data() + base);
      if (text.size() - base < 64) {
        const uint64_t inside = (uint64_t{1} << (text.size() - base)) - 1;
        bits.quotes &= inside;
        bits.backslashes &= inside;
        bits.controls &= inside;
        bits.non_ascii &= inside;
      }
      non_ascii |= bits.non_ascii;
      if ((bits.backslashes | carry) != 0) {
        const Escapes escapes = FindEscapes(bits.backslashes, carry);
        bits.quotes &= ~escapes.escaped;
        Flatten(index.escapes_, static_cast<uint32_t>(base), escapes.begin);
      }
      if (bits.controls != 0) {
        const uint64_t open = (index.quotes_.count & 1) != 0 ? ~uint64_t{0} : 0;
        if ((bits.controls & (PrefixXor(bits.quotes) ^ open)) != 0) return false;
      }
      Flatten(index.quotes_, static_cast<uint32_t>(base), bits.quotes);
    }
    index.escapes_.MakeRoom();
    index.escapes_.data()[index.escapes_.count] = UINT32_MAX;
    index.non_ascii_ = non_ascii != 0;
    return (index.quotes_.count & 1) == 0;
  }
};

bool Index::Build(std::string_view text) { return IndexBuilder::Build<Baseline>(*this, text); }

}  // namespace tailrace::json
