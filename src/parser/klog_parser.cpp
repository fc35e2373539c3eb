// SPDX-License-Identifier: Apache-2.0
#include "parser/klog_parser.h"

#include "text/charset.h"

namespace tailrace::parser {
namespace {

ParserParams Fixed(ParserParams params) {
  params.time_format = kKlogTimeFormat;
  params.time_type = text::TimeType::kString;
  return params;
}

text::RegexOptions MultiLine() {
  text::RegexOptions options;
  options.multiline = true;
  return options;
}

}  // namespace

const Schema<KlogParams>& KlogParams::schema() {
  static const auto s = Schema<KlogParams>().Inherit<ParserParams>();
  return s;
}

KlogParser::KlogParser(Params params, PluginEnv& env)
    : LineParser(Fixed(params), env),
      regex_(kKlogExpression, MultiLine(), params.timeout, "@type", env) {
  if (regex_.usable()) captures_of_.emplace(regex_.regex());
}

ParseStatus KlogParser::Parse(const Line& line, Batch& batch) {
  if (!in_stream() && !text::IsValidUtf8(line.text())) return ParseStatus::kError;
  KlogLine in;
  if (SplitKlogLine(line.text(), &in)) {
    Row& row = batch.AddRow(line);
    Field* const field = batch.Room(row, 5);
    const auto set = [&field](size_t i, std::string_view key, std::string_view value) {
      field[i].set_key(key, true);
      field[i].set_value(Value::Text(value));
    };
    set(0, "severity", in.severity);
    set(1, "time", in.time);
    set(2, "pid", in.pid);
    set(3, "source", in.source);
    set(4, "message", in.message);
    batch.Commit(row, 5);
    return Finish(batch, row);
  }
  // A header may stand at the beginning of a later line of the text.
  const ParseStatus status = regex_.Match(line.text(), captures_, in_stream());
  if (status != ParseStatus::kOk) return status;
  Row& row = batch.AddRow(line);
  captures_of_->Append(regex_.regex(), captures_, batch, row);
  return Finish(batch, row);
}

}  // namespace tailrace::parser
