// SPDX-License-Identifier: Apache-2.0
// What <system> says (https://docs.fluentd.org/deployment/system-config).

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "command/agent_options.h"
#include "tailrace/params.h"

namespace tailrace {

EnumNames ParamNames(LogLevel) {
  return {{"trace", int(LogLevel::kTrace)}, {"debug", int(LogLevel::kDebug)},
          {"info", int(LogLevel::kInfo)},   {"warn", int(LogLevel::kWarn)},
          {"error", int(LogLevel::kError)}, {"fatal", int(LogLevel::kFatal)}};
}

namespace command {
namespace {

enum class LogFormat : uint8_t { kText, kJson };
EnumNames ParamNames(LogFormat) {
  return {{"text", int(LogFormat::kText)}, {"json", int(LogFormat::kJson)}};
}

struct LogSection {
  LogFormat format = LogFormat::kText;
  static const Schema<LogSection>& schema() {
    static const auto s =
        Schema<LogSection>().Param("format", &LogSection::format, "Form of the agent's log.");
    return s;
  }
};

struct SystemParams {
  std::optional<int64_t> workers;
  LogLevel log_level = LogLevel::kInfo;
  LogSection log;
  static const Schema<SystemParams>& schema() {
    static const auto s =
        Schema<SystemParams>()
            .Param("workers", &SystemParams::workers,
                   "Worker threads; by default as many as the cgroup grants cores.", {.min = 1})
            .Param("log_level", &SystemParams::log_level, "Least severe lines that are logged.")
            .Section("log", &SystemParams::log, "The agent's own log.");
    return s;
  }
};

// Cores that the cgroup grants: more threads would only be throttled.
int GrantedCores() {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (file >> quota >> period && quota != "max" && period > 0) {
    const double granted = std::atof(quota.c_str()) / period;
    return std::clamp(static_cast<int>(granted + 0.999), 1, cores);
  }
  return cores;
}

}  // namespace

SystemSettings ReadSystem(const config::Element& root, const AgentOptions& options,
                          config::Problems& problems) {
  SystemParams params;
  const auto sections = root.Sections("system");
  if (sections.size() > 1) {
    problems.Error(sections[1]->location, "<system> may stand only once");
  }
  if (!sections.empty()) {
    LoadContext load{problems, options.strict_values, options.strict_names};
    params = Load<SystemParams>(*sections.front(), load);
  }
  SystemSettings settings;
  settings.workers =
      options.workers.value_or(params.workers ? static_cast<int>(*params.workers) : GrantedCores());
  const int level = static_cast<int>(params.log_level) - options.verbosity;
  settings.log_level = static_cast<LogLevel>(std::clamp(level, 0, 5));
  settings.log_json = params.log.format == LogFormat::kJson;
  return settings;
}

}  // namespace command
}  // namespace tailrace
