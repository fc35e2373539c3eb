// SPDX-License-Identifier: Apache-2.0
// One pattern, each engine and what the Regex class chooses. Time per line; all captures unless the
// name says yes/no.
#include <benchmark/benchmark.h>
#include <re2/re2.h>

#include <string>
#include <vector>

#include "text/regex.h"
#include "text/regex_engine.h"
#include "text/ruby_pattern.h"

namespace tailrace::text {
namespace {

struct Workload {
  const char* name;
  const char* pattern;
  std::vector<std::string> lines;
};

std::vector<std::string> NginxLines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 1000; ++i) {
    lines.push_back("10.0." + std::to_string(i % 256) + "." + std::to_string(i % 199) +
                    " - - [15/Jan/2024:10:30:00 +0000] \"GET /api/v1/rooms/" +
                    std::to_string(i * 7919) + "/join HTTP/1.1\" 200 " + std::to_string(i * 31) +
                    " \"https://echo.example/app\" \"Mozilla/5.0 (X11; Linux x86_64) "
                    "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36\" \"-\"");
  }
  return lines;
}

std::vector<std::string> CriLines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 1000; ++i) {
    lines.push_back("2024-01-15T10:30:00.123456" + std::to_string(100 + i % 900) +
                    "Z stdout F {\"level\":\"info\",\"message\":\"WebRTC connection established\","
                    "\"user_id\":\"user" +
                    std::to_string(i) + "\",\"session_id\":\"session456\",\"duration_ms\":17}");
  }
  return lines;
}

const std::vector<Workload>& Workloads() {
  static const std::vector<Workload> workloads = {
      {"nginx",
       R"re(^(?<remote>[^ ]*) (?<host>[^ ]*) (?<user>[^ ]*) \[(?<time>[^\]]*)\] "(?<method>\S+)(?: +(?<path>[^\"]*?)(?: +\S*)?)?" (?<code>[^ ]*) (?<size>[^ ]*)(?: "(?<referer>[^\"]*)" "(?<agent>[^\"]*)"(?:\s+\"?(?<http_x_forwarded_for>[^\"]*)\"?)?)?$)re",
       NginxLines()},
      {"cri", R"(^(?<time>.+) (?<stream>stdout|stderr)( (?<logtag>[FP]))? (?<message>.*)$)",
       CriLines()},
      {"cri_strict", R"(^(?<time>[^ ]+) (?<stream>[^ ]+) (?<logtag>[FP]) (?<message>.*)$)",
       CriLines()},
      {"alternation_no_match", "panic|fatal", CriLines()},
      {"alternation_ignoring_case_no_match", "(?i)panic|fatal", CriLines()},
  };
  return workloads;
}

RubyPattern Parsed(const Workload& workload) { return *RubyPattern::Parse(workload.pattern, {}); }

template <typename Run>
void PerLine(benchmark::State& state, const std::vector<std::string>& lines, Run run) {
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(run(lines[next]));
    next = next + 1 == lines.size() ? 0 : next + 1;
  }
}

void EngineCaptures(benchmark::State& state, const Workload& workload, RegexEngine& engine) {
  Captures captures;
  PerLine(state, workload.lines,
          [&](const std::string& line) { return engine.Match(line, 0, captures).outcome(); });
}

void EngineYesNo(benchmark::State& state, const Workload& workload, RegexEngine& engine) {
  PerLine(state, workload.lines,
          [&](const std::string& line) { return engine.Matches(line).outcome(); });
}

// RE2 with captures is not offered by the class; the same translation, with capturing groups.
void Re2Captures(benchmark::State& state, const Workload& workload) {
  std::string pattern = WriteForPcre2(Parsed(workload).root).pattern;
  for (size_t at = 0; (at = pattern.find("\\N", at)) != std::string::npos;) {
    pattern.replace(at, 2, "[^\\n]");
  }
  const RE2 regex(pattern);
  const int groups = regex.NumberOfCapturingGroups() + 1;
  std::vector<re2::StringPiece> found(static_cast<size_t>(groups));
  PerLine(state, workload.lines, [&](const std::string& line) {
    return regex.Match(line, 0, line.size(), RE2::UNANCHORED, found.data(), groups);
  });
}

void Register() {
  for (const Workload& workload : Workloads()) {
    const RubyPattern parsed = Parsed(workload);
    const auto add = [&](const char* what, auto body) {
      benchmark::RegisterBenchmark((std::string("regex/") + workload.name + "/" + what).c_str(),
                                   body);
    };
    auto onig = *MakeOniguruma(WriteForOniguruma(parsed.root), OnigurumaEncoding::kUtf8);
    const std::shared_ptr<RegexEngine> oniguruma = std::move(onig);
    const std::shared_ptr<RegexEngine> pcre2 = MakePcre2(WriteForPcre2(parsed.root).pattern);
    const std::shared_ptr<RegexEngine> re2 = MakeRe2(WriteForRe2(parsed.root).pattern);
    const auto chosen = std::make_shared<Regex>(std::move(*Regex::Compile(workload.pattern)));
    add("re2_captures", [&workload](benchmark::State& s) { Re2Captures(s, workload); });
    add("oniguruma_captures",
        [&workload, oniguruma](benchmark::State& s) { EngineCaptures(s, workload, *oniguruma); });
    add("pcre2_captures",
        [&workload, pcre2](benchmark::State& s) { EngineCaptures(s, workload, *pcre2); });
    add("chosen_captures", [&workload, chosen](benchmark::State& s) {
      Captures captures;
      PerLine(s, workload.lines,
              [&](const std::string& line) { return chosen->Match(line, captures).outcome(); });
    });
    add("re2_yes_no", [&workload, re2](benchmark::State& s) { EngineYesNo(s, workload, *re2); });
    add("oniguruma_yes_no",
        [&workload, oniguruma](benchmark::State& s) { EngineYesNo(s, workload, *oniguruma); });
    add("pcre2_yes_no",
        [&workload, pcre2](benchmark::State& s) { EngineYesNo(s, workload, *pcre2); });
    add("chosen_yes_no", [&workload, chosen](benchmark::State& s) {
      PerLine(s, workload.lines,
              [&](const std::string& line) { return chosen->Matches(line).outcome(); });
    });
  }
}

const bool kRegistered = (Register(), true);

}  // namespace
}  // namespace tailrace::text
