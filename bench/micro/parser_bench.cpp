// SPDX-License-Identifier: Apache-2.0
// Parsers by the line: the hand-written formats, and beside them the regular expressions that they
// stand for. Batches of 1,000 lines, as a worker has them; items are lines.
#include <benchmark/benchmark.h>

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"
#include "parser/access_log.h"
#include "parser/cri_line.h"
#include "parser/klog.h"
#include "runtime/builder.h"
#include "tailrace/plugin.h"

namespace tailrace {
namespace {

constexpr size_t kLines = 1000;

class Bench {
 public:
  Bench(const char* conf, const std::vector<std::string>& lines) {
    loaded_ = config::LoadText(conf, "bench.conf", {}, &problems_);
    runtime::BuildOptions options;
    options.clock = [] { return EventTime{1772600767, 123456789}; };
    builder_ = std::make_unique<runtime::Builder>(loaded_.root, options, problems_);
    parser_ = builder_->MakeParser(loaded_.root.elements.front());
    stream_ = parser_->NewStream();
    for (size_t i = 0; i < kLines; ++i) Add(lines[i % lines.size()]);
    text_.append(64, '\0');
    for (Line& line : lines_) line.data = text_.data() + line.begin;
  }

  void Run(benchmark::State& state) {
    Batch batch;
    size_t rows = 0;
    for (auto _ : state) {
      batch.Reset();
      batch.SegmentIndex(SegmentRef());
      stream_->Parse(lines_, batch);
      rows += batch.rows().size();
      benchmark::DoNotOptimize(batch.rows().data());
    }
    if (rows == 0) state.SkipWithError("no line was parsed");
    state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kLines));
    state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text_.size() - 64));
  }

 private:
  void Add(const std::string& text) {
    Line line;
    line.begin = text_.size();
    line.size = static_cast<uint32_t>(text.size());
    text_ += text;
    text_ += '\n';
    line.end = text_.size();
    lines_.push_back(line);
  }

  config::Problems problems_;
  config::Loaded loaded_;
  std::unique_ptr<runtime::Builder> builder_;
  std::unique_ptr<Parser> parser_;
  std::unique_ptr<Parser::Stream> stream_;
  std::string text_;
  std::vector<Line> lines_;
};

const std::vector<std::string>& CriText() {
  static const std::vector<std::string> lines = {
      "2024-01-15T10:30:00.123456789Z stdout F user 4711 logged in from 198.51.100.4",
      "2024-01-15T10:30:01.223456789Z stderr F cannot open the cache, starting without it",
      "2024-01-15T10:30:02.323456789Z stdout F GET /api/v1/users?page=2 200 12ms"};
  return lines;
}
const std::vector<std::string>& CriJson() {
  static const std::vector<std::string> lines = {
      R"(2024-01-15T10:30:00.123456789Z stdout F {"level":"info","service":"echo-api",)"
      R"("message":"WebRTC connection established","user_id":"user123","session":"s456",)"
      R"("took":1.5,"ok":true})"};
  return lines;
}
const std::vector<std::string>& Docker() {
  static const std::vector<std::string> lines = {
      R"({"log":"user 4711 logged in from 198.51.100.4\n","stream":"stdout",)"
      R"("time":"2024-01-15T10:30:00.123456789Z"})"};
  return lines;
}
const std::vector<std::string>& Access() {
  static const std::vector<std::string> lines = {
      R"(10.0.0.9 - alice [15/Jan/2024:10:30:00 +0000] "GET /api/v1/users?page=2 HTTP/1.1" 200 612 )"
      R"("https://echo.example/" "Mozilla/5.0 [X11; Linux x86_64]" "203.0.113.7")"};
  return lines;
}
const std::vector<std::string>& Klog() {
  static const std::vector<std::string> lines = {
      "I0115 10:30:00.123456    4711 kubelet.go:2205] \"SyncLoop ADD\" source=\"api\""};
  return lines;
}
const std::vector<std::string>& Syslog() {
  static const std::vector<std::string> lines = {
      "Jan 15 10:30:00 node-1 sshd[4711]: Accepted publickey for alice from 198.51.100.4"};
  return lines;
}

// Taking a line apart, nothing else.
void CriSplit(benchmark::State& state) {
  std::vector<std::string> lines = CriText();
  for (std::string& line : lines) line.append(64, '\0');
  parser::CriLine out;
  for (auto _ : state) {
    for (const std::string& line : lines) {
      benchmark::DoNotOptimize(
          parser::SplitCriLine(std::string_view(line).substr(0, line.size() - 64), &out));
      benchmark::DoNotOptimize(out);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(lines.size()));
}
BENCHMARK(CriSplit);

// The same with the time.
void CriSplitAndTime(benchmark::State& state) {
  std::vector<std::string> lines = CriText();
  for (std::string& line : lines) line.append(64, '\0');
  parser::CriLine out;
  parser::ContainerTime reader;
  EventTime time;
  for (auto _ : state) {
    for (const std::string& line : lines) {
      parser::SplitCriLine(std::string_view(line).substr(0, line.size() - 64), &out);
      benchmark::DoNotOptimize(reader.Parse(out.time, &time));
      benchmark::DoNotOptimize(time);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(lines.size()));
}
BENCHMARK(CriSplitAndTime);

void ParserBench(benchmark::State& state, const char* conf, const std::vector<std::string>& lines) {
  Bench(conf, lines).Run(state);
}

BENCHMARK_CAPTURE(ParserBench, cri, "<parse>\n  @type cri\n</parse>\n", CriText());
BENCHMARK_CAPTURE(ParserBench, cri_regexp,
                  "<parse>\n  @type regexp\n"
                  "  expression /^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>[FP]) "
                  "(?<message>.*)$/\n"
                  "  time_format %Y-%m-%dT%H:%M:%S.%N%z\n</parse>\n",
                  CriText());
BENCHMARK_CAPTURE(ParserBench, container_text, "<parse>\n  @type container\n</parse>\n", CriText());
BENCHMARK_CAPTURE(ParserBench, container_json, "<parse>\n  @type container\n</parse>\n", CriJson());
BENCHMARK_CAPTURE(ParserBench, container_docker, "<parse>\n  @type container\n</parse>\n",
                  Docker());
BENCHMARK_CAPTURE(ParserBench, docker, "<parse>\n  @type docker\n</parse>\n", Docker());
BENCHMARK_CAPTURE(ParserBench, nginx, "<parse>\n  @type nginx\n</parse>\n", Access());
BENCHMARK_CAPTURE(
    ParserBench, nginx_regexp,
    "<parse>\n  @type regexp\n  expression /^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) "
    "\\[(?<time>[^\\]]*)\\] \"(?<method>\\S+)(?: +(?<path>[^\\\"]*?)(?: +\\S*)?)?\" "
    "(?<code>[^ ]*) (?<size>[^ ]*)(?: \"(?<referer>[^\\\"]*)\" \"(?<agent>[^\\\"]*)\""
    "(?:\\s+\\\"?(?<http_x_forwarded_for>[^\\\"]*)\\\"?)?)?$/\n"
    "  time_format %d/%b/%Y:%H:%M:%S %z\n</parse>\n",
    Access());
BENCHMARK_CAPTURE(ParserBench, klog, "<parse>\n  @type kubernetes\n</parse>\n", Klog());
BENCHMARK_CAPTURE(
    ParserBench, klog_regexp,
    "<parse>\n  @type regexp\n  expression "
    "/^(?<severity>\\w)(?<time>\\d{4} [^\\s]*)\\s+(?<pid>\\d+)\\s+(?<source>[^ \\]]+)\\] "
    "(?<message>.*)/m\n  time_format %m%d %H:%M:%S.%N\n</parse>\n",
    Klog());
BENCHMARK_CAPTURE(ParserBench, syslog, "<parse>\n  @type syslog\n</parse>\n", Syslog());
BENCHMARK_CAPTURE(ParserBench, ltsv, "<parse>\n  @type ltsv\n</parse>\n",
                  {"host:10.0.0.9\tuser:alice\treq:GET / HTTP/1.1\tstatus:200\tsize:612"});
BENCHMARK_CAPTURE(ParserBench, logfmt, "<parse>\n  @type logfmt\n</parse>\n",
                  {"level=info msg=\"request done\" took=1.5 n=3 path=/api/v1/users"});

// Messages of four pieces of 16 KiB.
void PartialJoin(benchmark::State& state) {
  const std::string piece(16384, 'x');
  const std::string head = "2024-01-15T10:30:00.123456789Z stdout ";
  Bench("<parse>\n  @type cri\n</parse>\n",
        {head + "P " + piece, head + "P " + piece, head + "P " + piece, head + "F " + piece})
      .Run(state);
}
BENCHMARK(PartialJoin);

}  // namespace
}  // namespace tailrace
