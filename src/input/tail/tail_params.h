// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parameters of <source> @type tail: Fluentd's, with its names and defaults.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tailrace/params.h"

namespace tailrace::tail {

// Which characters make a path a pattern.
enum class GlobPolicy : uint8_t {
  kBackwardCompatible,  // * (and then all others in the same path)
  kExtended,            // * ? [
  kAlways,              // * ? [ {
};

inline EnumNames ParamNames(GlobPolicy) {
  return {{"backward_compatible", static_cast<int>(GlobPolicy::kBackwardCompatible)},
          {"extended", static_cast<int>(GlobPolicy::kExtended)},
          {"always", static_cast<int>(GlobPolicy::kAlways)}};
}

// <rule>: how much the files whose groups match may give.
struct RuleParams {
  std::vector<std::pair<std::string, RegexpLiteral>> match{{"namespace", {".*", false, false}},
                                                           {"podname", {".*", false, false}}};
  int64_t limit = -1;

  static const Schema<RuleParams>& schema();
};

// <group>: limits on lines, by what a file's path says.
struct GroupParams {
  RegexpLiteral pattern{
      R"(^\/var\/log\/containers\/(?<podname>[a-z0-9]([-a-z0-9]*[a-z0-9])?(\/[a-z0-9]([-a-z0-9]*[a-z0-9])?)*)_(?<namespace>[^_]+)_(?<container>.+)-(?<docker_id>[a-z0-9]{64})\.log$)",
      false, false};
  Seconds rate_period{5};
  std::vector<RuleParams> rules;

  static const Schema<GroupParams>& schema();
};

struct TailParams {
  std::string path;
  std::string path_delimiter = ",";
  GlobPolicy glob_policy = GlobPolicy::kBackwardCompatible;
  std::string tag;
  std::vector<std::string> exclude_path;
  Seconds rotate_wait{5};
  std::optional<std::string> pos_file;
  std::optional<Seconds> pos_file_compaction_interval;
  bool read_from_head = false;
  Seconds refresh_interval{60};
  int64_t read_lines_limit = 1000;
  Size read_bytes_limit_per_second{-1};
  std::optional<Seconds> multiline_flush_interval;
  bool emit_unmatched_lines = false;
  bool enable_watch_timer = true;
  bool enable_stat_watcher = true;
  std::optional<std::string> encoding;
  std::optional<std::string> from_encoding;
  std::optional<std::string> path_key;
  bool open_on_every_update = false;
  std::optional<Seconds> limit_recently_modified;
  bool skip_refresh_on_startup = false;
  bool ignore_repeated_permission_error = false;
  std::optional<std::string> path_timezone;
  bool follow_inodes = false;
  std::optional<Size> max_line_size;
  std::optional<GroupParams> group;
  std::vector<RawSection> parse;

  static const Schema<TailParams>& schema();
};

// Lines are never longer than this, whatever max_line_size says; a longer one is passed over,
// counted and named in the log.
inline constexpr uint64_t kLineBytesMax = 32u << 20;

}  // namespace tailrace::tail
