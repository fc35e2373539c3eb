// SPDX-License-Identifier: Apache-2.0
#pragma once
// Makes log lines for the benchmarks: the same bytes for the same seed, on every machine.
//
// Every event carries `seq` followed by SOURCE:NUMBER, as a JSON member ("seq":"c3:17") or in text
// (seq=c3:17). NUMBER counts from 0 within the source, so a receiver can tell what is missing and
// what came twice whatever a collector did to the rest of the document. Lines after the first of a
// stack trace carry none.

#include <cstdint>
#include <string>
#include <string_view>

namespace tailrace::bench {

// splitmix64; small, fast, and the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next();
  // Uniform enough in [0, limit) for test data.
  std::uint32_t Below(std::uint32_t limit) {
    return static_cast<std::uint32_t>((Next() >> 32) * limit >> 32);
  }
  bool Percent(std::uint32_t percent) { return Below(100) < percent; }

 private:
  std::uint64_t state_;
};

enum class Kind {
  kApp,    // CRI; JSON of 12 members, 3% plain text, 2% of the messages in pieces
  kNginx,  // access log lines in nginx's combined format, not wrapped in CRI
  kStack,  // CRI; text lines of a Java service, one event in five a stack trace
  kWide,   // CRI; JSON of 100 members, otherwise as kApp
};

struct SourceTotals {
  std::uint64_t lines = 0;
  std::uint64_t events = 0;
  std::uint64_t bytes = 0;
};

// The writer inside one container.
class LogSource {
 public:
  LogSource(Kind kind, std::uint32_t number, std::uint64_t seed);

  // Appends one event (one line or several) written at `time_ns` since the epoch. With `stamp`,
  // JSON events carry a member `sent_ns` with that time, from which a receiver computes the delay.
  void AppendEvent(std::string& out, std::int64_t time_ns, bool stamp);

  const SourceTotals& totals() const { return totals_; }
  std::string name() const { return "c" + std::to_string(number_); }

 private:
  void AppendJson(std::string& out, std::int64_t time_ns, bool stamp);
  void AppendWideJson(std::string& out, std::int64_t time_ns);
  void AppendMessage(std::string& out);
  void AppendText(std::string& out);
  void AppendNginx(std::string& out, std::int64_t time_ns);
  void AppendStackTrace(std::string& out, std::int64_t time_ns, std::string_view stream);
  void AppendSequence(std::string& out);
  // Wraps message_ in one CRI line, or in several pieces.
  void AppendCri(std::string& out, std::int64_t time_ns, std::string_view stream, bool in_pieces);
  void AppendCriLine(std::string& out, std::int64_t time_ns, std::string_view stream, char tag,
                     std::string_view text);

  Kind kind_;
  std::uint32_t number_;
  Random random_;
  SourceTotals totals_;
  std::string message_;
};

}  // namespace tailrace::bench
