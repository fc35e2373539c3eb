// SPDX-License-Identifier: Apache-2.0
// JSON in and out of a batch, against simdjson's DOM parser (which validates as fully) on the same
// lines. Figures per line: items_per_second. docs/decisions/ has what they led to.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "event/json.h"
#include "event/json_index.h"

namespace tailrace {
namespace {

// What the lines of a run have that makes reading them dearer.
enum Shape : int { kPlain, kNested, kEscapes, kUnicode, kBlanks, kMixed, kShapes };
constexpr const char* kShapeNames[] = {"plain", "nested", "escapes", "unicode", "blanks", "mixed"};

constexpr size_t kLines = 1000;

// A service's line: 12 keys, about 330 bytes. Values differ in length from line to line.
std::string MakeLine(Shape shape, size_t i) {
  static constexpr const char* kLevels[] = {"info", "warn", "error", "debug"};
  static constexpr const char* kPaths[] = {"/api/v1/rooms", "/api/v1/rooms/41/join", "/healthz"};
  static constexpr const char* kMessages[] = {
      "WebRTC connection established for peer", "request completed",
      "room state synchronised with all of its participants after reconnect"};
  const char* message = kMessages[i % 3];
  if (shape == kEscapes) message = R"(cannot parse \"offer\":\n\tunexpected token at line 3)";
  if (shape == kUnicode) message = "соединение установлено, größe überschritten";
  const std::string nested = R"({"room":{"id":)" + std::to_string(i % 977) +
                             R"(,"tags":["a","b"]},"peer":"p)" + std::to_string(i * 31 % 4096) +
                             R"("})";
  const bool has_nested = shape == kNested || (shape == kMixed && i % 4 == 0);
  char line[1024];
  std::snprintf(
      line, sizeof line,
      R"({"timestamp":"2024-01-15T10:%02zu:%02zu.%03zuZ","level":"%s","service":"echo-api",)"
      R"("message":"%s","user_id":"user%zu","session_id":"7d8f9b6c5d%06zx","trace_id":)"
      R"("4bf92f3577b34da6a3ce929d0e0e%04zx","method":"GET","path":"%s","status":%d,)"
      R"("duration_ms":%zu.%zu,"context":%s})",
      i / 60 % 60, i % 60, i % 1000, kLevels[i % 4], message, i * 7919 % 100000,
      i * 104729 % 999983, i * 31 % 65536, kPaths[i % 3], i % 7 == 0 ? 404 : 200, i % 500, i % 10,
      has_nested ? nested.c_str() : "null");
  std::string text = line;
  if (shape == kBlanks) {
    for (size_t at = 0; (at = text.find("\":", at)) != std::string::npos; at += 3) {
      text.insert(at + 2, " ");
    }
    for (size_t at = 0; (at = text.find(",\"", at)) != std::string::npos; at += 2) {
      text.insert(at + 1, " ");
    }
  }
  return text;
}

// Lines one after another in one buffer, as tail reads them.
struct Input {
  explicit Input(Shape shape) {
    std::vector<size_t> begins;
    for (size_t i = 0; i < kLines; ++i) {
      begins.push_back(bytes.size());
      bytes += MakeLine(shape, i) + "\n";
    }
    const size_t size = bytes.size();
    bytes.append(json::kPadding, '\0');
    for (size_t i = 0; i < kLines; ++i) {
      const size_t end = i + 1 < kLines ? begins[i + 1] : size;
      lines.emplace_back(bytes.data() + begins[i], end - begins[i] - 1);
    }
  }
  std::string bytes;
  std::vector<std::string_view> lines;
};

const Input& InputOf(benchmark::State& state) {
  static const std::vector<Input> inputs = [] {
    std::vector<Input> made;
    made.reserve(kShapes);
    for (int shape = 0; shape < kShapes; ++shape) made.emplace_back(static_cast<Shape>(shape));
    return made;
  }();
  state.SetLabel(kShapeNames[state.range(0)]);
  return inputs[static_cast<size_t>(state.range(0))];
}

void Count(benchmark::State& state, const Input& input) {
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kLines));
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(input.bytes.size() - json::kPadding));
}

// What the floor of the whole agent does: validate, copy out.
void DomParse(benchmark::State& state) {
  const Input& input = InputOf(state);
  simdjson::dom::parser parser;
  for (auto _ : state) {
    for (const std::string_view line : input.lines) {
      simdjson::dom::element element;
      if (parser.parse(line.data(), line.size(), false).get(element) != simdjson::SUCCESS) {
        state.SkipWithError("refused");
      }
      benchmark::DoNotOptimize(element);
    }
  }
  Count(state, input);
}

// By the instructions that the machine has, best first.
void IndexOnly(benchmark::State& state) {
  const Input& input = InputOf(state);
  const json::IndexBuilder& builder = json::kIndexBuilders[state.range(1)];
  if (!builder.supported()) {
    state.SkipWithError("not on this machine");
    return;
  }
  state.SetLabel(std::string(kShapeNames[state.range(0)]) + " " + builder.name);
  json::Index index;
  for (auto _ : state) {
    for (const std::string_view line : input.lines) {
      benchmark::DoNotOptimize(builder.build(index, line));
    }
  }
  Count(state, input);
}

void Validate(benchmark::State& state) {
  const Input& input = InputOf(state);
  for (auto _ : state) {
    for (const std::string_view line : input.lines) {
      if (!json::Validate(line)) state.SkipWithError("refused");
    }
  }
  Count(state, input);
}

void Parse(benchmark::State& state) {
  const Input& input = InputOf(state);
  Batch batch;
  for (auto _ : state) {
    batch.Reset();
    for (const std::string_view line : input.lines) {
      if (!json::ParseObject(line, batch, batch.AddRow({}))) state.SkipWithError("refused");
    }
  }
  Count(state, input);
}

void ParseRender(benchmark::State& state, bool edit) {
  const Input& input = InputOf(state);
  Batch batch;
  ByteBuffer out;
  for (auto _ : state) {
    batch.Reset();
    out.Clear();
    for (const std::string_view line : input.lines) {
      Row& row = batch.AddRow({});
      if (!json::ParseObject(line, batch, row)) state.SkipWithError("refused");
      if (edit) {
        batch.Set(row, "service", Value::Clean("other"));
        batch.Erase(row, "trace_id");
        batch.Set(row, "added", Value::Clean("new"));
      }
    }
    for (const Row& row : batch.rows()) {
      json::AppendObject(batch, row, out);
      out.Append('\n');
    }
    benchmark::DoNotOptimize(out.data());
  }
  Count(state, input);
}
void ParseAndRender(benchmark::State& state) { ParseRender(state, false); }
void ParseEditRender(benchmark::State& state) { ParseRender(state, true); }

void AppendText(benchmark::State& state) {
  const Input& input = InputOf(state);
  ByteBuffer out;
  for (auto _ : state) {
    out.Clear();
    for (const std::string_view line : input.lines) json::AppendString(line, out);
  }
  Count(state, input);
}

// Docker's json-file: the service's line as a string in another object.
void ParseDockerLine(benchmark::State& state) {
  const Input& input = InputOf(state);
  ByteBuffer outer;
  std::vector<size_t> begins;
  for (const std::string_view line : input.lines) {
    begins.push_back(outer.size());
    outer.Append("{\"log\":");
    json::AppendString(line, outer);
    outer.Append(R"(,"stream":"stdout","time":"2024-01-15T10:30:00.123456789Z"})");
  }
  begins.push_back(outer.size());
  outer.Append(std::string(json::kPadding, '\0'));
  Batch batch;
  for (auto _ : state) {
    batch.Reset();
    for (size_t i = 0; i < kLines; ++i) {
      Row& row = batch.AddRow({});
      const std::string_view text = outer.view().substr(begins[i], begins[i + 1] - begins[i]);
      if (!json::ParseObject(text, batch, row)) state.SkipWithError("refused");
      const std::string_view log =
          json::Unescape(batch.fields(row)[0].value().bytes(), batch.arena());
      if (!json::ParseObject(log, batch, batch.AddRow({}))) state.SkipWithError("refused");
    }
  }
  Count(state, input);
}

void UnescapeText(benchmark::State& state) {
  const Input& input = InputOf(state);
  std::vector<std::string> texts;
  for (const std::string_view line : input.lines) {
    ByteBuffer quoted;
    json::AppendString(line, quoted);
    texts.emplace_back(quoted.view().substr(1, quoted.size() - 2));
  }
  Arena arena;
  for (auto _ : state) {
    arena.Reset();
    for (const std::string& text : texts) benchmark::DoNotOptimize(json::Unescape(text, arena));
  }
  Count(state, input);
}

// A line of plain text: what parsers without fields hand on.
void AppendPlainText(benchmark::State& state) {
  const std::string line(300, 'x');
  ByteBuffer out;
  for (auto _ : state) {
    out.Clear();
    for (size_t i = 0; i < kLines; ++i) json::AppendString(line, out);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kLines));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(kLines * line.size()));
}

void EachShapeAndBuilder(benchmark::internal::Benchmark* bench) {
  bench
      ->ArgsProduct({benchmark::CreateDenseRange(0, kShapes - 1, 1),
                     benchmark::CreateDenseRange(0, json::kIndexBuilderCount - 1, 1)})
      ->Unit(benchmark::kMicrosecond);
}
void EachShape(benchmark::internal::Benchmark* bench) {
  bench->DenseRange(0, kShapes - 1)->Unit(benchmark::kMicrosecond);
}
BENCHMARK(DomParse)->Apply(EachShape);
BENCHMARK(IndexOnly)->Apply(EachShapeAndBuilder);
BENCHMARK(Validate)->Apply(EachShape);
BENCHMARK(Parse)->Apply(EachShape);
BENCHMARK(ParseAndRender)->Apply(EachShape);
BENCHMARK(ParseEditRender)->Apply(EachShape);
BENCHMARK(AppendText)->Apply(EachShape);
BENCHMARK(UnescapeText)->Apply(EachShape);
BENCHMARK(ParseDockerLine)->Apply(EachShape);
BENCHMARK(AppendPlainText)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tailrace
