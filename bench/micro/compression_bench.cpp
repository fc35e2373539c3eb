// SPDX-License-Identifier: Apache-2.0
// Compressing a bulk body of 1 MiB: speed and ratio of the libraries at hand, by level.

#include <benchmark/benchmark.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <zlib.h>
#include <zstd.h>

#include <vector>

#include "micro/sample.h"

namespace tailrace::bench {
namespace {

// What the Elasticsearch output sends for the sample lines.
const std::string& Body() {
  static const std::string body = [] {
    constexpr std::string_view kMetadata =
        R"(,"kubernetes":{"namespace":"echo-prod","pod_name":"echo-api-7d8f9b6c5d-x2vzq",)"
        R"("container_name":"api","pod_id":"6f1b7c1e-5d0f-4b57-9d4b-0d5a3c1f2e77",)"
        R"("labels":{"app":"echo-api","tier":"backend","team":"realtime"}}})";
    const std::string lines = CriLines(1 << 20);
    std::string text;
    std::uint64_t offset = 0x51ab00000000;
    for (const std::string_view line : WholeJsonLines(lines)) {
      text += R"({"create":{"_index":"echo-logs-2024.01.15","_id":")";
      text += std::to_string(offset += line.size()) + "\"}}\n";
      text += line.substr(kCriHeadBytes, line.size() - kCriHeadBytes - 1);
      text += kMetadata;
      text += '\n';
      if (text.size() > (1 << 20)) break;
    }
    return text;
  }();
  return body;
}

void Report(benchmark::State& state, std::size_t compressed) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * Body().size()));
  if (compressed == 0) return state.SkipWithError("the library failed");
  state.counters["ratio"] = static_cast<double>(Body().size()) / static_cast<double>(compressed);
}

void GzipZlib(benchmark::State& state) {
  std::vector<Bytef> out(Body().size());
  std::size_t size = 0;
  z_stream stream{};
  deflateInit2(&stream, static_cast<int>(state.range(0)), Z_DEFLATED, 15 + 16, 8,
               Z_DEFAULT_STRATEGY);
  for (auto _ : state) {
    deflateReset(&stream);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(Body().data()));
    stream.avail_in = static_cast<uInt>(Body().size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<uInt>(out.size());
    size = deflate(&stream, Z_FINISH) == Z_STREAM_END ? stream.total_out : 0;
  }
  deflateEnd(&stream);
  Report(state, size);
}
BENCHMARK(GzipZlib)->Arg(1)->Arg(6);

void GzipIsal(benchmark::State& state) {
  std::vector<std::uint8_t> out(Body().size());
  std::vector<std::uint8_t> level_buffer(ISAL_DEF_LVL3_DEFAULT);
  std::size_t size = 0;
  isal_zstream stream{};
  for (auto _ : state) {
    isal_deflate_init(&stream);
    stream.level = static_cast<std::uint32_t>(state.range(0));
    stream.level_buf = level_buffer.data();
    stream.level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
    stream.gzip_flag = IGZIP_GZIP;
    stream.end_of_stream = 1;
    stream.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(Body().data()));
    stream.avail_in = static_cast<std::uint32_t>(Body().size());
    stream.next_out = out.data();
    stream.avail_out = static_cast<std::uint32_t>(out.size());
    size = isal_deflate(&stream) == COMP_OK ? stream.total_out : 0;
  }
  Report(state, size);
}
BENCHMARK(GzipIsal)->DenseRange(0, 3);

void GzipLibdeflate(benchmark::State& state) {
  std::vector<char> out(Body().size());
  std::size_t size = 0;
  libdeflate_compressor* compressor = libdeflate_alloc_compressor(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    size =
        libdeflate_gzip_compress(compressor, Body().data(), Body().size(), out.data(), out.size());
  }
  libdeflate_free_compressor(compressor);
  Report(state, size);
}
BENCHMARK(GzipLibdeflate)->Arg(1)->Arg(6);

void Zstd(benchmark::State& state) {
  std::vector<char> out(ZSTD_compressBound(Body().size()));
  std::size_t size = 0;
  ZSTD_CCtx* context = ZSTD_createCCtx();
  for (auto _ : state) {
    size = ZSTD_compressCCtx(context, out.data(), out.size(), Body().data(), Body().size(),
                             static_cast<int>(state.range(0)));
    if (ZSTD_isError(size) != 0U) size = 0;
  }
  ZSTD_freeCCtx(context);
  Report(state, size);
}
BENCHMARK(Zstd)->Arg(-5)->Arg(1)->Arg(3);

}  // namespace
}  // namespace tailrace::bench
