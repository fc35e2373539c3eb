// SPDX-License-Identifier: Apache-2.0
#pragma once
// What formatters share: the time parameters of <format> and the kinds of line ends
// (https://docs.fluentd.org/configuration/format-section).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/define_plugin.h"
#include "tailrace/params.h"
#include "tailrace/plugin.h"
#include "text/time_format.h"

namespace tailrace::text {
inline EnumNames ParamNames(TimeType) {
  return {{"string", static_cast<int>(TimeType::kString)},
          {"unixtime", static_cast<int>(TimeType::kUnixtime)},
          {"float", static_cast<int>(TimeType::kFloat)},
          {"mixed", static_cast<int>(TimeType::kMixed)}};
}
}  // namespace tailrace::text

namespace tailrace::formatter {

enum class Newline : uint8_t { kLf, kCrlf };
EnumNames ParamNames(Newline);

struct FormatterParams {
  text::TimeType time_type = text::TimeType::kFloat;
  std::optional<std::string> time_format{};
  bool localtime = true;
  bool utc = false;
  std::optional<std::string> timezone{};
  std::vector<std::string> time_format_fallbacks{};
  std::string output_type{};  // of stdout, which hands its section on to another formatter

  static const Schema<FormatterParams>& schema();
  text::TimeOptions time_options() const;
};

// Formatters that end their output with a line end.
struct LineParams : FormatterParams {
  Newline newline = Newline::kLf;
  bool add_newline = true;

  static const Schema<LineParams>& schema();
  // What stands at the end: nothing if add_newline is off.
  std::string_view line_end() const {
    if (!add_newline) return {};
    return newline == Newline::kCrlf ? "\r\n" : "\n";
  }
};

inline std::string_view TagOf(const Batch& batch) {
  return batch.origin() == nullptr ? std::string_view() : std::string_view(batch.origin()->tag);
}

}  // namespace tailrace::formatter
