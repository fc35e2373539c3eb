// SPDX-License-Identifier: Apache-2.0
#pragma once
// The agent's own log: what an operator reads at night. A line says what happened, to which file,
// host or chunk, and what happens next; then key=value pairs. Fluentd's wording is kept where
// people alert on it. Any thread may call; nothing here is for the data path, which counts instead.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace tailrace {

enum class LogLevel : uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kFatal };

// One key=value pair of a log line.
struct LogField {
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, const std::string& v) : key(k), value(v) {}
  LogField(std::string_view k, double v);
  LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <typename Integer>
  requires std::is_integral_v<Integer> LogField(std::string_view k, Integer v)
      : key(k), value(std::to_string(v)) {}

  std::string_view key;
  std::string value;
};

using LogFields = std::initializer_list<LogField>;

void Log(LogLevel level, std::string_view message, LogFields fields = {});
bool LogEnabled(LogLevel level);

inline void LogTrace(std::string_view message, LogFields fields = {}) {
  if (LogEnabled(LogLevel::kTrace)) Log(LogLevel::kTrace, message, fields);
}
inline void LogDebug(std::string_view message, LogFields fields = {}) {
  if (LogEnabled(LogLevel::kDebug)) Log(LogLevel::kDebug, message, fields);
}
inline void LogInfo(std::string_view message, LogFields fields = {}) {
  Log(LogLevel::kInfo, message, fields);
}
inline void LogWarn(std::string_view message, LogFields fields = {}) {
  Log(LogLevel::kWarn, message, fields);
}
inline void LogError(std::string_view message, LogFields fields = {}) {
  Log(LogLevel::kError, message, fields);
}

// Lets one line through per `seconds` and counts the others: for what can happen once per event.
// One object per place and thread.
class LogLimit {
 public:
  explicit LogLimit(int seconds = 10) : seconds_(seconds) {}
  // True if a line may be written now; `*suppressed` is how many were not since the last one.
  bool Allow(uint64_t* suppressed);

 private:
  int seconds_;
  int64_t next_ = 0;
  uint64_t suppressed_ = 0;
};

}  // namespace tailrace
