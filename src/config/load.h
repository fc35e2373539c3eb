// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reading a configuration: file -> element tree. Nothing here throws; what is wrong is collected.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/element.h"
#include "config/problems.h"

namespace tailrace::config {

// kGuess: YAML if the name ends in .yaml or .yml. kV0, the grammar before Fluentd 0.12, is refused.
enum class FileType { kGuess, kV1, kYaml, kV0 };

struct LoadOptions {
  FileType type = FileType::kGuess;
  std::string encoding = "utf-8";  // --conf-encoding; anything that iconv knows
  std::string inline_config{};     // -i: appended to the main file; "\n" means a newline
  // Also read every .conf, .yaml and .yml under config_include_dir: the one that <system> names, or
  // else `include_dir`. Set by the commands that run or check a whole agent.
  bool read_include_dir = false;
  // Where <system> names no directory. Empty: FLUENT_CONF_INCLUDE_DIR, or /etc/fluent/conf.d.
  std::string include_dir{};
  // For "#{...}". Empty: the host's own name, the process environment, the clock.
  std::string hostname{};
  std::optional<std::map<std::string, std::string>> environment{};
  std::optional<int64_t> now_seconds{};
  int32_t now_nanoseconds = 0;
};

struct Loaded {
  Element root;                    // named ROOT
  std::vector<std::string> files;  // every file that was read, absolute, main file first
};

// Reads a configuration with everything that it includes. Check problems->HasErrors(): after an
// error the tree holds what could be understood.
Loaded LoadFile(const std::string& path, const LoadOptions& options, Problems* problems);

// The same for text that stands in no file; `name` is how problems call it, and relative @include
// paths start at the current directory.
Loaded LoadText(std::string_view text, const std::string& name, const LoadOptions& options,
                Problems* problems);

}  // namespace tailrace::config
