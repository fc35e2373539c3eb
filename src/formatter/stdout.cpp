// SPDX-License-Identifier: Apache-2.0
// Time, tag and the record in another format (https://docs.fluentd.org/formatter/stdout): always
// local time, as in Fluentd.
#include <cctype>

#include "formatter/formatter_params.h"

namespace tailrace {

PluginEntry CsvFormatterPlugin();
PluginEntry HashFormatterPlugin();
PluginEntry JsonFormatterPlugin();
PluginEntry LtsvFormatterPlugin();
PluginEntry MsgpackFormatterPlugin();
PluginEntry OutFileFormatterPlugin();
PluginEntry SingleValueFormatterPlugin();
PluginEntry TsvFormatterPlugin();

namespace {

struct StdoutFormatterParams : formatter::FormatterParams {
  // What is not ours belongs to the formatter of the record.
  FreeParams others{};

  StdoutFormatterParams() { output_type = "json"; }

  static const Schema<StdoutFormatterParams>& schema() {
    static const auto s =
        Schema<StdoutFormatterParams>()
            .Param("output_type", &StdoutFormatterParams::output_type,
                   "The formatter of the record; it takes its parameters from the same section.")
            .Param("time_format", &StdoutFormatterParams::time_format,
                   "As for strftime, without flags and widths.")
            .Param("time_type", &StdoutFormatterParams::time_type, "Has no effect.")
            .Param("localtime", &StdoutFormatterParams::localtime, "Has no effect.")
            .Param("utc", &StdoutFormatterParams::utc, "Has no effect.")
            .Param("timezone", &StdoutFormatterParams::timezone, "Has no effect.")
            .PassThrough(&StdoutFormatterParams::others);
    return s;
  }
};

std::unique_ptr<Formatter> MakeRecordFormatter(const std::string& type, PluginEnv& env) {
  using Entry = PluginEntry (*)();
  for (const Entry entry : {&CsvFormatterPlugin, &HashFormatterPlugin, &JsonFormatterPlugin,
                            &LtsvFormatterPlugin, &MsgpackFormatterPlugin, &OutFileFormatterPlugin,
                            &SingleValueFormatterPlugin, &TsvFormatterPlugin}) {
    const PluginEntry plugin = entry();
    if (plugin.type != type) continue;
    auto made = plugin.make(env);
    return std::unique_ptr<Formatter>(dynamic_cast<Formatter*>(made.release()));
  }
  env.Problem(env.element(), "output_type", "unknown formatter plugin '" + type + "'");
  return nullptr;
}

// The strftime gem knows no flags and widths: %3N is an error when Fluentd starts.
bool HasFlags(std::string_view format) {
  for (size_t i = 0; i + 1 < format.size(); ++i) {
    if (format[i] != '%') continue;
    ++i;
    if (std::isalpha(static_cast<unsigned char>(format[i])) == 0 && format[i] != '%') return true;
  }
  return false;
}

class StdoutFormatter final : public Formatter {
 public:
  using Params = StdoutFormatterParams;

  StdoutFormatter(const Params& params, PluginEnv& env) {
    text::TimeOptions options;
    options.format = params.time_format.value_or("%Y-%m-%d %H:%M:%S.%N %z");
    if (HasFlags(*options.format)) {
      env.Problem(env.element(), "time_format",
                  "invalid format: flags and widths are not possible");
    }
    auto time = text::TimeFormatter::Create(options);
    if (time) {
      time_.emplace(std::move(*time));
    } else {
      env.Problem(env.element(), "time_format", time.error().message);
    }
    record_ = MakeRecordFormatter(params.output_type, env);
  }

  bool Format(const Batch& batch, const Row& row, ByteBuffer& out, std::string* why) override {
    const size_t before = out.size();
    out.Append(time_->Format(row.time));
    out.Append(' ');
    out.Append(formatter::TagOf(batch));
    out.Append(": ");
    const size_t record = out.size();
    if (!record_->Format(batch, row, out, why)) {
      out.Truncate(before);
      return false;
    }
    // String#chomp.
    const std::string_view text = out.view().substr(record);
    if (text.ends_with("\r\n")) {
      out.Truncate(out.size() - 2);
    } else if (text.ends_with('\n') || text.ends_with('\r')) {
      out.Truncate(out.size() - 1);
    }
    out.Append('\n');
    return true;
  }

 private:
  std::optional<text::TimeFormatter> time_;
  std::unique_ptr<Formatter> record_;
};

}  // namespace

PluginEntry StdoutFormatterPlugin() {
  return DefinePlugin<StdoutFormatter>(
      PluginKind::kFormatter, "stdout", "Time, tag and the record in another format.", {},
      {{"A record", "<format>\n  @type stdout\n  time_format %s\n</format>\n",
        R"({"tag":"app","time":[1705314600,0],"record":{"a":1}})"
        "\n",
        "1705314600 app: {\"a\":1}\n"}});
}

}  // namespace tailrace
