// SPDX-License-Identifier: Apache-2.0
#include "tailrace/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>

#include "observe/log_setup.h"

namespace tailrace {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames = {"trace", "debug", "info",
                                                         "warn",  "error", "fatal"};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kFatal:
      break;
  }
  return spdlog::level::critical;
}

// The zone as Fluentd writes it, +0000; spdlog's own %z has a colon.
class ZoneFlag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& /*message*/, const std::tm& time,
              spdlog::memory_buf_t& out) override {
    std::array<char, 8> zone{};
    const size_t size = std::strftime(zone.data(), zone.size(), "%z", &time);
    out.append(zone.data(), zone.data() + size);
  }
  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<ZoneFlag>();
  }
};

void SetPattern(spdlog::logger& logger, bool json) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<ZoneFlag>('*').set_pattern(json ? R"({"time":"%Y-%m-%d %H:%M:%S %*",%v)"
                                                      : "%Y-%m-%d %H:%M:%S %* %v");
  logger.set_formatter(std::move(formatter));
}

// Time and level are as in Fluentd: "2024-01-15 10:30:00 +0000 [warn]: ".
std::shared_ptr<spdlog::logger> MakeLogger() {
  auto logger = std::make_shared<spdlog::logger>("tailrace",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
  logger->set_level(spdlog::level::info);
  SetPattern(*logger, false);
  return logger;
}

struct State {
  std::shared_ptr<spdlog::logger> logger = MakeLogger();
  bool json = false;
};

State& GetState() {
  static State state;
  return state;
}

bool NeedsQuotes(std::string_view value) {
  return value.empty() || value.find_first_of(" \t\n\r\"=") != std::string_view::npos;
}

void AppendQuoted(std::string_view value, std::string& out) {
  out += '"';
  for (const char c : value) {
    switch (c) {
      case '"':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          std::array<char, 8> escape{};
          std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c));
          out += escape.data();
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace

LogField::LogField(std::string_view k, double v) : key(k) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3g", v);
  value = text.data();
}

bool LogEnabled(LogLevel level) { return GetState().logger->should_log(ToSpdlog(level)); }

void Log(LogLevel level, std::string_view message, LogFields fields) {
  State& state = GetState();
  if (!state.logger->should_log(ToSpdlog(level))) return;
  const std::string_view name = kLevelNames[static_cast<size_t>(level)];
  std::string text;
  if (state.json) {
    text = "\"level\":\"" + std::string(name) + "\",\"message\":";
    AppendQuoted(message, text);
    for (const LogField& field : fields) {
      text += ',';
      AppendQuoted(field.key, text);
      text += ':';
      AppendQuoted(field.value, text);
    }
    text += '}';
  } else {
    text = "[" + std::string(name) + "]: ";
    text += message;
    for (const LogField& field : fields) {
      text += ' ';
      text += field.key;
      text += '=';
      if (NeedsQuotes(field.value)) {
        AppendQuoted(field.value, text);
      } else {
        text += field.value;
      }
    }
  }
  state.logger->log(ToSpdlog(level), spdlog::string_view_t(text.data(), text.size()));
}

void SetLogLevel(LogLevel level) { GetState().logger->set_level(ToSpdlog(level)); }

void SetLogJson(bool json) {
  State& state = GetState();
  state.json = json;
  SetPattern(*state.logger, json);
}

bool LogLimit::Allow(uint64_t* suppressed) {
  const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::steady_clock::now().time_since_epoch())
                          .count();
  if (now < next_) {
    ++suppressed_;
    return false;
  }
  next_ = now + seconds_;
  *suppressed = std::exchange(suppressed_, 0);
  return true;
}

}  // namespace tailrace
