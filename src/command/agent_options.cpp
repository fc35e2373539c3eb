// SPDX-License-Identifier: Apache-2.0
#include "command/agent_options.h"

#include <getopt.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

namespace tailrace::command {
namespace {

enum LongOnly {
  kDryRun = 256,
  kWorkers,
  kStrictValue,
  kStrict,
  kFileType,
  kEncoding,
  kEffective,
  kNow,
  kHostname,
  kLabel,
  kIgnored,
};

constexpr option kLongOptions[] = {{"config", required_argument, nullptr, 'c'},
                                   {"inline-config", required_argument, nullptr, 'i'},
                                   {"dry-run", no_argument, nullptr, kDryRun},
                                   {"workers", required_argument, nullptr, kWorkers},
                                   {"strict-config-value", no_argument, nullptr, kStrictValue},
                                   {"strict", no_argument, nullptr, kStrict},
                                   {"config-file-type", required_argument, nullptr, kFileType},
                                   {"conf-encoding", required_argument, nullptr, kEncoding},
                                   {"effective", no_argument, nullptr, kEffective},
                                   {"now", required_argument, nullptr, kNow},
                                   {"hostname", required_argument, nullptr, kHostname},
                                   {"label", required_argument, nullptr, kLabel},
                                   {"verbose", no_argument, nullptr, 'v'},
                                   {"quiet", no_argument, nullptr, 'q'},
                                   {"no-supervisor", no_argument, nullptr, kIgnored},
                                   {"suppress-config-dump", no_argument, nullptr, kIgnored},
                                   {"use-v1-config", no_argument, nullptr, kIgnored},
                                   {nullptr, 0, nullptr, 0}};

std::optional<EventTime> ParseNow(std::string_view text) {
  EventTime now;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), now.sec);
  if (error != std::errc()) return std::nullopt;
  const std::string_view rest = text.substr(static_cast<size_t>(end - text.data()));
  if (rest.empty()) return now;
  if (rest[0] != '.' || rest.size() < 2 || rest.size() > 10) return std::nullopt;
  std::string digits(rest.substr(1));
  digits.resize(9, '0');
  const auto fraction = std::from_chars(digits.data(), digits.data() + 9, now.nsec);
  if (fraction.ec != std::errc() || fraction.ptr != digits.data() + 9) return std::nullopt;
  return now;
}

bool ApplyFileType(std::string_view type, AgentOptions& options) {
  if (type == "yaml" || type == "yml") {
    options.load.type = config::FileType::kYaml;
  } else if (type == "v1") {
    options.load.type = config::FileType::kV1;
  } else {
    options.load.type = config::FileType::kGuess;
    return type == "guess";
  }
  return true;
}

bool Apply(int option, const char* value, AgentOptions& options) {
  switch (option) {
    case 'c':
      options.config_path = value;
      return true;
    case 'i':
      options.load.inline_config = value;
      return true;
    case 'v':
      ++options.verbosity;
      return true;
    case 'q':
      --options.verbosity;
      return true;
    case kDryRun:
      options.dry_run = true;
      return true;
    case kWorkers:
      options.workers = std::atoi(value);
      return *options.workers > 0;
    case kStrictValue:
      options.strict_values = true;
      return true;
    case kStrict:
      options.strict_values = options.strict_names = true;
      return true;
    case kFileType:
      return ApplyFileType(value, options);
    case kEncoding:
      options.load.encoding = value;
      return true;
    case kEffective:
      options.effective = true;
      return true;
    case kNow:
      options.now = ParseNow(value);
      return options.now.has_value();
    case kHostname:
      options.hostname = value;
      return true;
    case kLabel:
      options.label = value;
      return true;
    case kIgnored:
      return true;
    default:
      return false;
  }
}

std::string HostName() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

}  // namespace

std::optional<AgentOptions> ParseAgentOptions(const char* command,
                                              const std::vector<std::string>& args) {
  AgentOptions options;
  const char* from_environment = std::getenv("FLUENT_CONF");
  options.config_path = from_environment != nullptr ? from_environment : "/etc/fluent/fluent.conf";
  std::string program = std::string("tailrace ") + command;
  std::vector<std::string> owned = args;
  std::vector<char*> argv = {program.data()};
  for (std::string& arg : owned) argv.push_back(arg.data());
  const int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  optind = 0;
  int option = 0;
  while ((option = getopt_long(argc, argv.data(), "c:i:vq", kLongOptions, nullptr)) != -1) {
    if (Apply(option, optarg, options)) continue;
    if (option != '?') {
      std::fprintf(stderr, "%s: '%s' is not a value for this option\n", program.c_str(), optarg);
    }
    return std::nullopt;
  }
  if (optind < argc) {
    std::fprintf(stderr, "%s: unexpected argument '%s'\n", program.c_str(),
                 argv[static_cast<size_t>(optind)]);
    return std::nullopt;
  }
  if (options.hostname) options.load.hostname = *options.hostname;
  if (options.now) {
    options.load.now_seconds = options.now->sec;
    options.load.now_nanoseconds = options.now->nsec;
  }
  return options;
}

runtime::BuildOptions BuildOptionsOf(const AgentOptions& options, const SystemSettings& system) {
  runtime::BuildOptions build;
  build.workers = system.workers;
  build.hostname = options.hostname ? *options.hostname : HostName();
  build.strict_values = options.strict_values;
  build.strict_names = options.strict_names;
  if (options.now) {
    build.clock = [now = *options.now] { return now; };
  } else {
    build.clock = [] {
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
      return EventTime{seconds.count(), static_cast<int32_t>((now - seconds).count())};
    };
  }
  return build;
}

bool LoadConfig(const AgentOptions& options, config::Loaded* loaded, config::Problems* problems) {
  *loaded = config::LoadFile(options.config_path, options.load, problems);
  return !problems->HasErrors();
}

}  // namespace tailrace::command
