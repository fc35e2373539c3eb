// SPDX-License-Identifier: Apache-2.0
// What complete validation of a line's JSON costs, by method. Every method accepts a line only if
// all of it is valid JSON, except the ones named Stage1 (UTF-8 and strings only) and Utf8.

#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <array>
#include <cstring>
#include <memory>
#include <vector>

#include "micro/sample.h"

namespace tailrace::bench {
namespace {

using Stage1Parser = simdjson::internal::dom_parser_implementation;

struct Sample {
  std::string text;                     // CRI lines that hold whole objects, with line ends
  std::vector<std::string_view> lines;  // views of them, without
};

const Sample& Lines() {
  static const Sample sample = [] {
    Sample s;
    const std::string all = CriLines(256 << 10);
    for (const std::string_view line : WholeJsonLines(all)) s.text.append(line).push_back('\n');
    s.text.reserve(s.text.size() + simdjson::SIMDJSON_PADDING);
    s.lines = WholeJsonLines(s.text);
    return s;
  }();
  return sample;
}

std::string_view Payload(std::string_view line) { return line.substr(kCriHeadBytes); }

const std::uint8_t* Bytes(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::unique_ptr<Stage1Parser> MakeStage1() {
  std::unique_ptr<Stage1Parser> parser;
  const simdjson::implementation& active = *simdjson::get_active_implementation();
  if (active.create_dom_parser_implementation(1 << 20, 32, parser)) parser.reset();
  return parser;
}

// Calls `accept(line)` for all lines again and again.
template <typename Accept>
void EachLine(benchmark::State& state, Accept&& accept) {
  for (auto _ : state) {
    for (const std::string_view line : Lines().lines) {
      if (!accept(line)) return state.SkipWithError("a valid line was refused");
    }
  }
}

void Report(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * Lines().text.size()));
  state.counters["per_line"] =
      benchmark::Counter(static_cast<double>(state.iterations() * Lines().lines.size()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void DomPerLine(benchmark::State& state) {
  simdjson::dom::parser parser;
  EachLine(state, [&](std::string_view line) {
    const std::string_view json = Payload(line);
    return parser.parse(json.data(), json.size(), false).error() == simdjson::SUCCESS;
  });
  Report(state);
}
BENCHMARK(DomPerLine);

// The heads blanked beforehand (not counted), all lines as one stream.
void DomParseMany(benchmark::State& state) {
  std::string text = Lines().text;
  for (const std::string_view line : Lines().lines) {
    std::memset(text.data() + (line.data() - Lines().text.data()), ' ', kCriHeadBytes);
  }
  const simdjson::padded_string padded(text);
  simdjson::dom::parser parser;
  for (auto _ : state) {
    simdjson::dom::document_stream stream;
    if (parser.parse_many(padded, text.size()).get(stream)) return state.SkipWithError("failed");
    for (const auto document : stream) {
      if (document.error() != simdjson::SUCCESS) return state.SkipWithError("refused");
    }
  }
  Report(state);
}
BENCHMARK(DomParseMany);

void Stage1PerLine(benchmark::State& state) {
  const auto parser = MakeStage1();
  EachLine(state, [&](std::string_view line) {
    const std::string_view json = Payload(line);
    return !parser->stage1(Bytes(json), json.size(), simdjson::stage1_mode::regular);
  });
  Report(state);
}
BENCHMARK(Stage1PerLine);

// Over the buffer as read, CRI heads included. Sound only where every line's quotes pair up.
void Stage1WholeBuffer(benchmark::State& state) {
  const auto parser = MakeStage1();
  const std::string& text = Lines().text;
  for (auto _ : state) {
    if (parser->stage1(Bytes(text), text.size(), simdjson::stage1_mode::regular)) {
      return state.SkipWithError("refused");
    }
  }
  Report(state);
}
BENCHMARK(Stage1WholeBuffer);

void Utf8WholeBuffer(benchmark::State& state) {
  for (auto _ : state) {
    if (!simdjson::validate_utf8(Lines().text)) return state.SkipWithError("refused");
  }
  Report(state);
}
BENCHMARK(Utf8WholeBuffer);

void Utf8PerLine(benchmark::State& state) {
  EachLine(state,
           [](std::string_view line) { return simdjson::validate_utf8(line.data(), line.size()); });
  Report(state);
}
BENCHMARK(Utf8PerLine);

bool ValidEscapes(const char* at, const char* last) {
  for (; at < last; ++at) {
    if (*at != '\\') continue;
    if (++at >= last) return false;
    if (*at == 'u') {
      for (int i = 0; i < 4; ++i) {
        if (++at >= last || std::strchr("0123456789abcdefABCDEF", *at) == nullptr) return false;
      }
    } else if (std::strchr("\"\\/bfnrt", *at) == nullptr) {
      return false;
    }
  }
  return true;
}

bool ValidNumber(const char* at, const char* last) {
  const auto digits = [&] {
    const char* begin = at;
    while (at < last && *at >= '0' && *at <= '9') ++at;
    return at > begin;
  };
  if (*at == '-') ++at;
  if (at < last && *at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at < last && *at == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at < last && (*at | 0x20) == 'e') {
    ++at;
    if (at < last && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return false;
  }
  return at == last;
}

// A grammar check over the index that stage 1 made, which also yields the top-level members.
class IndexWalker {
 public:
  struct Member {
    std::string_view key;
    std::string_view value;
  };

  // `index` are the positions in `text` of whatever starts a token, `count` (> 0) of them, before
  // `end`.
  bool Walk(const char* text, const std::uint32_t* index, std::size_t count, std::size_t end) {
    text_ = text;
    index_ = index;
    index_end_ = index + count;
    end_ = end;
    count_ = 0;
    has_backslash_ = std::memchr(text + *index, '\\', end - *index) != nullptr;
    return text[*index] == '{' && Object(0) && index_ == index_end_;
  }
  std::size_t members() const { return count_; }

 private:
  static constexpr int kDepthMax = 32;

  bool AtEnd() const { return index_ == index_end_; }
  char Token() const { return text_[*index_]; }

  // Just behind the last byte of the token that starts at index_.
  std::size_t TokenEnd() const {
    std::size_t end = index_ + 1 < index_end_ ? index_[1] : end_;
    while (static_cast<unsigned char>(text_[end - 1]) <= ' ') --end;
    return end;
  }

  bool String(std::size_t& end) {
    end = TokenEnd();
    const char* const first = text_ + *index_++ + 1;
    const char* const last = text_ + end - 1;
    if (last < first || *last != '"') return false;
    return !has_backslash_ || ValidEscapes(first, last);
  }

  bool Value(int depth, std::size_t& end) {
    const char c = Token();
    if (c == '"') return String(end);
    if (c == '{' || c == '[') {
      if (!(c == '{' ? Object(depth + 1) : Array(depth + 1))) return false;
      end = index_[-1] + 1;
      return true;
    }
    end = TokenEnd();
    const std::string_view token(text_ + *index_, end - *index_);
    ++index_;
    if (c == 't') return token == "true";
    if (c == 'f') return token == "false";
    if (c == 'n') return token == "null";
    return ValidNumber(token.data(), token.data() + token.size());
  }

  bool Object(int depth) {
    ++index_;
    if (depth >= kDepthMax || AtEnd()) return false;
    if (Token() == '}') return ++index_, true;
    for (;;) {
      const std::size_t key = *index_;
      std::size_t key_end = 0;
      if (text_[key] != '"' || !String(key_end)) return false;
      if (AtEnd() || Token() != ':') return false;
      ++index_;
      if (AtEnd()) return false;
      const std::size_t value = *index_;
      std::size_t value_end = 0;
      if (!Value(depth, value_end) || AtEnd()) return false;
      if (depth == 0 && count_ < members_.size()) {
        members_[count_++] = {{text_ + key, key_end - key}, {text_ + value, value_end - value}};
      }
      const char c = text_[*index_++];
      if (c == '}') return true;
      if (c != ',' || AtEnd()) return false;
    }
  }

  bool Array(int depth) {
    ++index_;
    if (depth >= kDepthMax || AtEnd()) return false;
    if (Token() == ']') return ++index_, true;
    for (;;) {
      std::size_t end = 0;
      if (!Value(depth, end) || AtEnd()) return false;
      const char c = text_[*index_++];
      if (c == ']') return true;
      if (c != ',' || AtEnd()) return false;
    }
  }

  const char* text_ = nullptr;
  const std::uint32_t* index_ = nullptr;
  const std::uint32_t* index_end_ = nullptr;
  std::size_t end_ = 0;
  std::size_t count_ = 0;
  bool has_backslash_ = false;
  std::array<Member, 128> members_;
};

void Stage1PerLineAndWalk(benchmark::State& state) {
  const auto parser = MakeStage1();
  const auto walker = std::make_unique<IndexWalker>();
  EachLine(state, [&](std::string_view line) {
    const std::string_view json = Payload(line);
    const bool valid = !parser->stage1(Bytes(json), json.size(), simdjson::stage1_mode::regular) &&
                       walker->Walk(json.data(), parser->structural_indexes.get(),
                                    parser->n_structural_indexes, json.size());
    benchmark::DoNotOptimize(walker->members());
    return valid;
  });
  Report(state);
}
BENCHMARK(Stage1PerLineAndWalk);

void Stage1WholeBufferAndWalk(benchmark::State& state) {
  const auto parser = MakeStage1();
  const auto walker = std::make_unique<IndexWalker>();
  const std::string& text = Lines().text;
  for (auto _ : state) {
    if (parser->stage1(Bytes(text), text.size(), simdjson::stage1_mode::regular)) {
      return state.SkipWithError("refused");
    }
    const std::uint32_t* index = parser->structural_indexes.get();
    const std::uint32_t* const index_end = index + parser->n_structural_indexes;
    for (const std::string_view line : Lines().lines) {
      const auto begin = static_cast<std::size_t>(line.data() - text.data());
      const std::size_t end = begin + line.size();
      while (index < index_end && *index < begin + kCriHeadBytes) ++index;
      const std::uint32_t* const first = index;
      while (index < index_end && *index < end) ++index;
      if (!walker->Walk(text.data(), first, static_cast<std::size_t>(index - first), end)) {
        return state.SkipWithError("refused");
      }
      benchmark::DoNotOptimize(walker->members());
    }
  }
  Report(state);
}
BENCHMARK(Stage1WholeBufferAndWalk);

}  // namespace
}  // namespace tailrace::bench
