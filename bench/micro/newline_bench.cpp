// SPDX-License-Identifier: Apache-2.0
// Finding line ends in a buffer as one read(2) leaves it: one line at a time, or all at once into
// an array of positions.

#include <benchmark/benchmark.h>

#include <cstring>
#include <vector>

#include "micro/sample.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tailrace::bench {
namespace {

const std::string& Buffer() {
  static const std::string text = CriLines(256 << 10);
  return text;
}

void Report(benchmark::State& state, std::size_t lines) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * Buffer().size()));
  state.counters["per_line"] =
      benchmark::Counter(static_cast<double>(state.iterations() * lines),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Memchr(benchmark::State& state) {
  const std::string& text = Buffer();
  std::size_t lines = 0;
  for (auto _ : state) {
    lines = 0;
    const char* at = text.data();
    const char* const end = at + text.size();
    while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(end - at))) {
      at = static_cast<const char*>(found) + 1;
      ++lines;
    }
    benchmark::DoNotOptimize(lines);
  }
  Report(state, lines);
}
BENCHMARK(Memchr);

using Finder = std::size_t (*)(const std::string& text, std::uint32_t* out);

std::size_t TailPositions(const std::string& text, std::size_t from, std::uint32_t* out,
                          std::size_t lines) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] == '\n') out[lines++] = static_cast<std::uint32_t>(i);
  }
  return lines;
}

void AllAtOnce(benchmark::State& state, Finder find, bool supported) {
  if (!supported) return state.SkipWithError("not supported by this CPU");
  std::vector<std::uint32_t> positions(Buffer().size() / 16);
  std::size_t lines = 0;
  for (auto _ : state) {
    lines = find(Buffer(), positions.data());
    benchmark::DoNotOptimize(positions.data());
  }
  Report(state, lines);
}

std::size_t ByteLoop(const std::string& text, std::uint32_t* out) {
  return TailPositions(text, 0, out, 0);
}
BENCHMARK_CAPTURE(AllAtOnce, byte_loop, ByteLoop, true);

#if defined(__x86_64__)

__attribute__((target("avx2,bmi"))) std::size_t Avx2(const std::string& text, std::uint32_t* out) {
  const __m256i newline = _mm256_set1_epi8('\n');
  std::size_t lines = 0;
  std::size_t i = 0;
  for (; i + 64 <= text.size(); i += 64) {
    const auto* block = reinterpret_cast<const __m256i*>(text.data() + i);
    const auto low = static_cast<std::uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(block), newline)));
    const auto high = static_cast<std::uint32_t>(
        _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_loadu_si256(block + 1), newline)));
    std::uint64_t mask = low | static_cast<std::uint64_t>(high) << 32;
    while (mask != 0) {
      out[lines++] = static_cast<std::uint32_t>(i + _tzcnt_u64(mask));
      mask &= mask - 1;
    }
  }
  return TailPositions(text, i, out, lines);
}
BENCHMARK_CAPTURE(AllAtOnce, avx2, Avx2, __builtin_cpu_supports("avx2"));

__attribute__((target("avx512f,avx512bw,bmi"))) std::size_t Avx512(const std::string& text,
                                                                   std::uint32_t* out) {
  std::size_t lines = 0;
  std::size_t i = 0;
  for (; i + 64 <= text.size(); i += 64) {
    std::uint64_t mask =
        _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(text.data() + i), _mm512_set1_epi8('\n'));
    while (mask != 0) {
      out[lines++] = static_cast<std::uint32_t>(i + _tzcnt_u64(mask));
      mask &= mask - 1;
    }
  }
  return TailPositions(text, i, out, lines);
}
BENCHMARK_CAPTURE(AllAtOnce, avx512, Avx512, __builtin_cpu_supports("avx512bw"));

#endif

}  // namespace
}  // namespace tailrace::bench
