// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parameters of <filter> @type concat: those of fluent-plugin-concat 2.6.

#include <cstdint>
#include <optional>
#include <string>

#include "tailrace/params.h"

namespace tailrace::concat {

enum class PartialFormat : uint8_t { kDockerFluentd, kDockerJournald, kDockerJournaldLowercase };
enum class OverflowMethod : uint8_t { kIgnore, kTruncate, kDrop, kNew };
EnumNames ParamNames(PartialFormat);
EnumNames ParamNames(OverflowMethod);

// What tells that events belong together.
enum class Mode : uint8_t { kLines, kPattern, kPartialKey, kPartialMetadata, kPartialCri };

struct ConcatParams {
  std::string key;
  std::string separator = "\n";
  std::optional<int> n_lines;
  std::optional<std::string> multiline_start_regexp;
  std::optional<std::string> multiline_end_regexp;
  std::optional<std::string> continuous_line_regexp;
  std::optional<std::string> stream_identity_key;
  Seconds flush_interval{60};
  std::optional<std::string> timeout_label;
  bool use_first_timestamp = false;
  std::optional<std::string> partial_key;
  std::optional<std::string> partial_value;
  bool keep_partial_key = false;
  bool use_partial_metadata = false;
  PartialFormat partial_metadata_format = PartialFormat::kDockerFluentd;
  bool keep_partial_metadata = false;
  bool use_partial_cri_logtag = false;
  std::optional<std::string> partial_cri_logtag_key;
  std::string partial_cri_stream_key = "stream";
  Size buffer_limit_size{512000};
  OverflowMethod buffer_overflow_method = OverflowMethod::kIgnore;

  static const Schema<ConcatParams>& schema();
  Mode mode() const;
};

}  // namespace tailrace::concat
