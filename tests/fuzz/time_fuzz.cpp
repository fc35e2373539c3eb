// SPDX-License-Identifier: Apache-2.0
// A time format and a value, separated by the first newline; then the same format the other way.
#include <cstdint>
#include <string>
#include <string_view>

#include "text/time_format.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace text = tailrace::text;
  if (size > 512) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  if (split == std::string_view::npos) return 0;
  const std::string format(input.substr(0, split));
  const std::string_view value = input.substr(split + 1);
  const auto now = [] { return tailrace::EventTime{1772600767, 123456789}; };

  text::TimeOptions options;
  if (!format.empty()) options.format = format;
  tailrace::EventTime time = now();
  if (auto parser = text::TimeParser::Create(options, now)) {
    if (!parser->Parse(value, time)) static_cast<void>(parser->error());
  }
  if (auto formatter = text::TimeFormatter::Create(options)) formatter->Format(time);

  tailrace::EventTime fixed;
  text::CivilTime civil;
  int32_t nanosecond = 0;
  static_cast<void>(text::ParseRfc3339(value, fixed));
  static_cast<void>(text::ParseCommonLogTime(value, fixed));
  static_cast<void>(text::ParseSyslogTime(value, civil));
  static_cast<void>(text::ParseKlogTime(value, civil, nanosecond));
  static_cast<void>(text::TimeZone::FromPosixRule(value));
  std::string out;
  text::Rfc3339Writer(9).Append(time, out);
  return 0;
}
