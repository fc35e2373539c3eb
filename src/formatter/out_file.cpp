// SPDX-License-Identifier: Apache-2.0
// Time, tag and the record as JSON (https://docs.fluentd.org/formatter/out_file).
#include <algorithm>
#include <cctype>

#include "formatter/formatter_params.h"
#include "formatter/ruby_json.h"

namespace tailrace {
namespace {

struct OutFileFormatterParams : formatter::FormatterParams {
  formatter::Newline newline = formatter::Newline::kLf;
  bool output_time = true;
  bool output_tag = true;
  std::string delimiter = "\t";

  OutFileFormatterParams() { time_type = text::TimeType::kString; }

  static const Schema<OutFileFormatterParams>& schema() {
    static const auto s =
        Schema<OutFileFormatterParams>()
            .Param("newline", &OutFileFormatterParams::newline, "The line end: lf or crlf.")
            .Param("output_time", &OutFileFormatterParams::output_time,
                   "Begins with the event's time.")
            .Param("output_tag", &OutFileFormatterParams::output_tag, "Has the tag.")
            .Param("delimiter", &OutFileFormatterParams::delimiter,
                   "SPACE or COMMA; anything else is a tab.")
            .Inherit<formatter::FormatterParams>();
    return s;
  }
};

char DelimiterOf(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (text.find("SPACE") != std::string::npos) return ' ';
  return text.find("COMMA") != std::string::npos ? ',' : '\t';
}

class OutFileFormatter final : public Formatter {
 public:
  using Params = OutFileFormatterParams;

  OutFileFormatter(const Params& params, PluginEnv& env)
      : output_time_(params.output_time),
        output_tag_(params.output_tag),
        delimiter_(DelimiterOf(params.delimiter)),
        line_end_(params.newline == formatter::Newline::kCrlf ? "\r\n" : "\n") {
    auto time = text::TimeFormatter::Create(params.time_options());
    if (time) {
      time_.emplace(std::move(*time));
    } else {
      env.Problem(env.element(), "timezone", time.error().message);
    }
  }

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* why) override {
    scratch_.Reset();
    const size_t before = out.size();
    if (output_time_) {
      out.Append(time_->Format(row.time));
      out.Append(delimiter_);
    }
    if (output_tag_) {
      out.Append(formatter::TagOf(batch));
      out.Append(delimiter_);
    }
    if (!AppendRubyJson(batch, row, formatter::RubyJson::kJson, scratch_, out, why)) {
      out.Truncate(before);
      return false;
    }
    out.Append(line_end_);
    return true;
  }

 private:
  const bool output_time_;
  const bool output_tag_;
  const char delimiter_;
  const std::string_view line_end_;
  std::optional<text::TimeFormatter> time_;
  Arena scratch_;
};

}  // namespace

PluginEntry OutFileFormatterPlugin() {
  return DefinePlugin<OutFileFormatter>(
      PluginKind::kFormatter, "out_file", "Time, tag and the record as JSON.", {},
      {{"A record", "<format>\n  @type out_file\n  utc true\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":1}})"
        "\n",
        "2024-01-15T10:30:00Z\tapp\t{\"a\":1}\n"}});
}

}  // namespace tailrace
