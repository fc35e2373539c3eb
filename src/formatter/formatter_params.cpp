// SPDX-License-Identifier: Apache-2.0
#include "formatter/formatter_params.h"

namespace tailrace::formatter {

EnumNames ParamNames(Newline) {
  return {{"lf", static_cast<int>(Newline::kLf)}, {"crlf", static_cast<int>(Newline::kCrlf)}};
}

const Schema<FormatterParams>& FormatterParams::schema() {
  static const auto s =
      Schema<FormatterParams>()
          .Param("time_type", &FormatterParams::time_type,
                 "How times are written: string, unixtime or float.")
          .Param("time_format", &FormatterParams::time_format, "As for strftime.")
          .Param("localtime", &FormatterParams::localtime, "Local time; false: UTC.")
          .Param("utc", &FormatterParams::utc, "UTC.")
          .Param("timezone", &FormatterParams::timezone, "The zone: +09:00, Asia/Tokyo.")
          .Param("time_format_fallbacks", &FormatterParams::time_format_fallbacks,
                 "Has no meaning here.", {.hidden = true})
          .Param("output_type", &FormatterParams::output_type, "The formatter of the record.",
                 {.hidden = true});
  return s;
}

text::TimeOptions FormatterParams::time_options() const {
  text::TimeOptions options;
  options.type = time_type;
  options.format = time_format;
  options.localtime = localtime;
  options.utc = utc;
  options.timezone = timezone;
  return options;
}

const Schema<LineParams>& LineParams::schema() {
  static const auto s = Schema<LineParams>()
                            .Param("newline", &LineParams::newline, "The line end: lf or crlf.")
                            .Param("add_newline", &LineParams::add_newline, "Ends with a line end.")
                            .Inherit<FormatterParams>();
  return s;
}

}  // namespace tailrace::formatter
