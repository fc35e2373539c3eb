// SPDX-License-Identifier: Apache-2.0
#include "event/json_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#if defined(__x86_64__)
// g++ 12 takes its own _mm512_undefined_epi32() for an uninitialised variable (GCC bug 105593).
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
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
  uint64_t controls;     // below 0x20
  uint64_t non_ascii;    // above 0x7f
  uint64_t escapes = 0;  // the backslashes that begin an escape: filled in by Pass::Check
};

// Bit i is set where the number of set bits up to and including i is odd.
inline uint64_t PrefixXor(uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

// The part of a pass that is the same for all instruction sets. Inlined into functions compiled for
// each of them.
class Pass {
 public:
  Pass(Index& index, std::string_view text) : index_(index), size_(text.size()) {
    index.quotes.Clear();
    index.escapes.Clear();
  }

  // Takes from `bits` what lies behind the end of the text and the quotes that are escaped, and
  // adds the escapes. False if there is a control character in a string.
  [[gnu::always_inline]] bool Check(size_t base, BlockBits& bits) {
    if (size_ - base < 64) {
      const uint64_t inside = (uint64_t{1} << (size_ - base)) - 1;
      bits.quotes &= inside;
      bits.backslashes &= inside;
      bits.controls &= inside;
      bits.non_ascii &= inside;
    }
    non_ascii_ |= bits.non_ascii;
    if ((bits.backslashes | carry_) != 0) [[unlikely]]
      FindEscapes(bits);
    return bits.controls == 0 || ControlsOutside(bits);
  }

  bool Finish() {
    *index_.escapes.Room() = UINT32_MAX;
    index_.non_ascii = non_ascii_ != 0;
    return (index_.quotes.count() & 1) == 0;
  }

 private:
  // In a run of backslashes every other one begins an escape. The subtraction does all runs at
  // once: where a run begins it borrows, and the borrow ends behind the run; the alternating bits
  // then tell the two sorts apart.
  [[gnu::always_inline]] void FindEscapes(BlockBits& bits) {
    constexpr uint64_t kOdd = 0xaaaaaaaaaaaaaaaau;
    const uint64_t runs = bits.backslashes & ~carry_;
    const uint64_t begin_or_behind = (((runs << 1) | kOdd) - runs) ^ kOdd;
    const uint64_t escaped = begin_or_behind ^ (bits.backslashes | carry_);
    bits.escapes = begin_or_behind & bits.backslashes;
    bits.quotes &= ~escaped;
    carry_ = bits.escapes >> 63;
  }

  bool ControlsOutside(const BlockBits& bits) const {
    const uint64_t open = (index_.quotes.count() & 1) != 0 ? ~uint64_t{0} : 0;
    return (bits.controls & (PrefixXor(bits.quotes) ^ open)) == 0;
  }

  Index& index_;
  size_t size_;
  uint64_t carry_ = 0;
  uint64_t non_ascii_ = 0;
};

// Lists the set bits. Eight at a time, whether there are as many or not: cheaper than a branch for
// each.
[[gnu::always_inline]] inline void ListBits(Positions& list, size_t base, uint64_t bits) {
  uint32_t* const to = list.Room();
  const auto count = static_cast<uint32_t>(std::popcount(bits));
  const auto offset = static_cast<uint32_t>(base);
  for (uint32_t done = 0; done < count; done += 8) {
    for (uint32_t i = 0; i < 8; ++i) {
      to[done + i] = offset + static_cast<uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
  }
  list.Commit(count);
}

bool Always() { return true; }

#if defined(__x86_64__)

// g++ 12 takes the undefined lanes in its own headers for a mistake.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define TAILRACE_AVX512 \
  [[gnu::target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt,lzcnt")]]
#define TAILRACE_AVX2 [[gnu::target("avx2,bmi,bmi2,popcnt,lzcnt")]]

TAILRACE_AVX512 inline void StorePositions(uint32_t* to, size_t base, __m128i sixteen) {
  const __m512i offset = _mm512_set1_epi32(static_cast<int>(base));
  _mm512_storeu_si512(to, _mm512_add_epi32(offset, _mm512_cvtepu8_epi32(sixteen)));
}

TAILRACE_AVX512 inline void ListAvx512(Positions& list, size_t base, uint64_t bits) {
  const __m512i order = _mm512_set_epi8(
      63, 62, 61, 60, 59, 58, 57, 56, 55, 54, 53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41,
      40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18,
      17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
  uint32_t* const to = list.Room();
  const auto count = static_cast<uint32_t>(std::popcount(bits));
  const __m512i places = _mm512_maskz_compress_epi8(bits, order);
  StorePositions(to, base, _mm512_castsi512_si128(places));
  if (count > 16) [[unlikely]] {
    alignas(16) uint8_t all[64];
    _mm512_storeu_si512(all, places);
    for (uint32_t at = 16; at < count; at += 16) {
      StorePositions(to + at, base, _mm_load_si128(reinterpret_cast<const __m128i*>(all + at)));
    }
  }
  list.Commit(count);
}

TAILRACE_AVX512 bool BuildAvx512(Index& index, std::string_view text) {
  Pass pass(index, text);
  const __m512i quote = _mm512_set1_epi8('"');
  const __m512i backslash = _mm512_set1_epi8('\\');
  const __m512i blank = _mm512_set1_epi8(' ');
  for (size_t base = 0; base < text.size(); base += 64) {
    const __m512i bytes = _mm512_loadu_si512(text.data() + base);
    BlockBits bits{_mm512_cmpeq_epi8_mask(bytes, quote), _mm512_cmpeq_epi8_mask(bytes, backslash),
                   _mm512_cmplt_epu8_mask(bytes, blank), _mm512_movepi8_mask(bytes)};
    if (!pass.Check(base, bits)) return false;
    ListAvx512(index.quotes, base, bits.quotes);
    if (bits.escapes != 0) [[unlikely]]
      ListAvx512(index.escapes, base, bits.escapes);
  }
  return pass.Finish();
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

bool HasAvx512() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2") &&
         __builtin_cpu_supports("bmi2");
}

TAILRACE_AVX2 inline uint64_t JoinMasks(__m256i low, __m256i high) {
  return static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(low))) |
         static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32;
}

TAILRACE_AVX2 bool BuildAvx2(Index& index, std::string_view text) {
  Pass pass(index, text);
  const __m256i quote = _mm256_set1_epi8('"');
  const __m256i backslash = _mm256_set1_epi8('\\');
  const __m256i control = _mm256_set1_epi8(0x1f);
  for (size_t base = 0; base < text.size(); base += 64) {
    const auto* const from = reinterpret_cast<const __m256i*>(text.data() + base);
    const __m256i low = _mm256_loadu_si256(from);
    const __m256i high = _mm256_loadu_si256(from + 1);
    BlockBits bits{JoinMasks(_mm256_cmpeq_epi8(low, quote), _mm256_cmpeq_epi8(high, quote)),
                   JoinMasks(_mm256_cmpeq_epi8(low, backslash), _mm256_cmpeq_epi8(high, backslash)),
                   JoinMasks(_mm256_cmpeq_epi8(_mm256_min_epu8(low, control), low),
                             _mm256_cmpeq_epi8(_mm256_min_epu8(high, control), high)),
                   JoinMasks(low, high)};
    if (!pass.Check(base, bits)) return false;
    ListBits(index.quotes, base, bits.quotes);
    if (bits.escapes != 0) [[unlikely]]
      ListBits(index.escapes, base, bits.escapes);
  }
  return pass.Finish();
}

bool HasAvx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2"); }

BlockBits LoadBlock(const char* from) {
  BlockBits bits{};
  for (int i = 0; i < 4; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + 16 * i));
    auto add = [i](uint64_t& to, __m128i mask) {
      to |= static_cast<uint64_t>(static_cast<uint16_t>(_mm_movemask_epi8(mask))) << (16 * i);
    };
    add(bits.quotes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    add(bits.backslashes, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    add(bits.controls, _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes));
    add(bits.non_ascii, bytes);
  }
  return bits;
}

#elif defined(__aarch64__)

// The top bits of 64 bytes that are each 0 or 255, joined.
uint64_t MoveMask(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d) {
  const uint8x16_t weights = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t ab = vpaddq_u8(vandq_u8(a, weights), vandq_u8(b, weights));
  const uint8x16_t cd = vpaddq_u8(vandq_u8(c, weights), vandq_u8(d, weights));
  const uint8x16_t all = vpaddq_u8(ab, cd);
  return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(all, all)), 0);
}

BlockBits LoadBlock(const char* from) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(from);
  const uint8x16_t a = vld1q_u8(bytes);
  const uint8x16_t b = vld1q_u8(bytes + 16);
  const uint8x16_t c = vld1q_u8(bytes + 32);
  const uint8x16_t d = vld1q_u8(bytes + 48);
  auto equal = [&](uint8_t byte) {
    const uint8x16_t all = vdupq_n_u8(byte);
    return MoveMask(vceqq_u8(a, all), vceqq_u8(b, all), vceqq_u8(c, all), vceqq_u8(d, all));
  };
  auto above = [&](uint8_t byte) {
    const uint8x16_t all = vdupq_n_u8(byte);
    return MoveMask(vcgtq_u8(a, all), vcgtq_u8(b, all), vcgtq_u8(c, all), vcgtq_u8(d, all));
  };
  return {equal('"'), equal('\\'), ~above(0x1f), above(0x7f)};
}

#else

BlockBits LoadBlock(const char* from) {
  BlockBits bits{};
  for (int i = 0; i < 64; ++i) {
    const auto byte = static_cast<uint8_t>(from[i]);
    const uint64_t bit = uint64_t{1} << i;
    if (byte == '"') bits.quotes |= bit;
    if (byte == '\\') bits.backslashes |= bit;
    if (byte < 0x20) bits.controls |= bit;
    if (byte > 0x7f) bits.non_ascii |= bit;
  }
  return bits;
}

#endif

// Compares each number with those before it.
bool RepeatsPairwise(const uint32_t* numbers, size_t count) {
#if defined(__x86_64__)
  // Four at a time. A number's own lane and those behind it are masked out.
  int repeat = 0;
  for (size_t i = 1; i < count; ++i) {
    const __m128i number = _mm_set1_epi32(static_cast<int>(numbers[i]));
    auto equal = [&](size_t at) {
      const auto* const four = reinterpret_cast<const __m128i*>(numbers + at);
      return _mm_movemask_ps(_mm_castsi128_ps(_mm_cmpeq_epi32(_mm_loadu_si128(four), number)));
    };
    size_t at = 0;
    for (; at + 4 <= i; at += 4) repeat |= equal(at);
    repeat |= equal(at) & ((1 << (i - at)) - 1);
  }
  return repeat != 0;
#else
  bool repeat = false;
  for (size_t i = 1; i < count; ++i) {
    for (size_t j = 0; j < i; ++j) repeat |= numbers[i] == numbers[j];
  }
  return repeat;
#endif
}

bool BuildBaseline(Index& index, std::string_view text) {
  Pass pass(index, text);
  for (size_t base = 0; base < text.size(); base += 64) {
    BlockBits bits = LoadBlock(text.data() + base);
    if (!pass.Check(base, bits)) return false;
    ListBits(index.quotes, base, bits.quotes);
    if (bits.escapes != 0) [[unlikely]]
      ListBits(index.escapes, base, bits.escapes);
  }
  return pass.Finish();
}

}  // namespace

const IndexBuilder kIndexBuilders[] = {
#if defined(__x86_64__)
    {"avx512", HasAvx512, BuildAvx512},
    {"avx2", HasAvx2, BuildAvx2},
#endif
    {"baseline", Always, BuildBaseline},
};
const int kIndexBuilderCount = static_cast<int>(std::size(kIndexBuilders));

void Positions::Grow() {
  const uint32_t wanted = std::max<uint32_t>(1024, capacity_ * 2);
  auto moved = std::make_unique_for_overwrite<uint32_t[]>(wanted);
  if (count_ != 0) std::memcpy(moved.get(), data_.get(), count_ * sizeof(uint32_t));
  data_ = std::move(moved);
  capacity_ = wanted;
}

bool Index::Build(std::string_view text) {
  static const auto build = [] {
    const IndexBuilder* best = kIndexBuilders;
    while (!best->supported()) ++best;
    return best->build;
  }();
  return build(*this, text);
}

bool HasRepeat(const uint32_t* numbers, size_t count) {
  constexpr size_t kPairwiseMax = 64;  // beyond, sorting is cheaper
  if (count <= kPairwiseMax) return RepeatsPairwise(numbers, count);
  std::vector<uint32_t> sorted(numbers, numbers + count);
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

}  // namespace tailrace::json
