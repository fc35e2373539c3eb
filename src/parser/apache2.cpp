// SPDX-License-Identifier: Apache-2.0
// Apache's access log with numbers and nulls (https://docs.fluentd.org/parser/apache2). As in
// Fluentd, the expression and the time format are fixed; types and null options have no effect.
#include "parser/access_log.h"
#include "parser/line_parser.h"
#include "text/charset.h"

namespace tailrace {
namespace {

constexpr const char* kExpression =
    R"re(^(?<host>[^ ]*) [^ ]* (?<user>[^ ]*) \[(?<time>[^\]]*)\] )re"
    R"re("(?<method>\S+)(?: +(?<path>(?:[^\"]|\\.)*?)(?: +\S*)?)?" (?<code>[^ ]*) )re"
    R"re((?<size>[^ ]*)(?: "(?<referer>(?:[^\"]|\\.)*)" "(?<agent>(?:[^\"]|\\.)*)")?$)re";

parser::ParserParams WithTimeFormat(parser::ParserParams params) {
  params.time_format = parser::kAccessTimeFormat;
  params.time_type = text::TimeType::kString;
  return params;
}

class Apache2Parser final : public parser::LineParser {
 public:
  using Params = parser::ParserParams;

  Apache2Parser(Params params, PluginEnv& env)
      : LineParser(WithTimeFormat(params), env),
        regex_(kExpression, {}, params.timeout, "@type", env) {
    if (!regex_.usable()) return;
    for (const text::GroupName& name : regex_.regex().names()) groups_.push_back(&name);
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    parser::AccessLine in;
    const bool usual = SplitAccessLine(line.text(), &in) && in.forwarded_for.data() == nullptr &&
                       (in_stream() || text::IsValidUtf8(line.text()));
    if (!usual) {
      const ParseStatus status = Match(line.text(), &in);
      if (status != ParseStatus::kOk) return status;
    }
    EventTime time;
    if (!text::ParseCommonLogTime(in.time, time) && !ReadTime(in.time, &time)) {
      return ParseStatus::kError;
    }
    Row& row = batch.AddRow(line);
    row.time = time;
    batch.Append(row, "host", TextOrNull(in.host));
    batch.Append(row, "user", TextOrNull(in.user));
    batch.Append(row, "method", TextOrNull(in.method, ""));
    batch.Append(row, "path", TextOrNull(in.path, ""));
    batch.Append(row, "code", Code(in.code, batch.arena()));
    batch.Append(row, "size", in.size == "-" ? Value{} : Number(in.size, batch.arena()));
    batch.Append(row, "referer", TextOrNull(in.referer));
    batch.Append(row, "agent", TextOrNull(in.agent));
    if (keep_time_key()) batch.Append(row, "time", Value::Text(in.time));
    return ParseStatus::kOk;
  }

 private:
  // Groups in the order of the expression.
  ParseStatus Match(std::string_view text, parser::AccessLine* out) {
    const ParseStatus status = regex_.Match(text, captures_, in_stream());
    if (status != ParseStatus::kOk) return status;
    std::string_view* const parts[] = {&out->host,   &out->user,    &out->time,
                                       &out->method, &out->path,    &out->code,
                                       &out->size,   &out->referer, &out->agent};
    for (size_t i = 0; i < std::size(parts); ++i) {
      *parts[i] = regex_.regex().Named(captures_, *groups_[i]);
    }
    return ParseStatus::kOk;
  }

  static Value TextOrNull(std::string_view text, std::string_view null = "-") {
    return text.data() == nullptr || (text == null && !null.empty()) ? Value{} : Value::Text(text);
  }

  static Value Number(std::string_view text, Arena& arena) {
    const bool plain = !text.empty() && text.size() <= 18 && text.front() >= '1' &&
                       text.find_first_not_of("0123456789") == std::string_view::npos;
    if (plain) return Value::Of(Kind::kNumber, text);
    return ToRubyInteger(Value::Text(text), arena);
  }

  static Value Code(std::string_view text, Arena& arena) {
    const Value code = Number(text, arena);
    return code.bytes() == "0" ? Value{} : code;
  }

  parser::LineRegex regex_;
  std::vector<const text::GroupName*> groups_;
  text::Captures captures_;
};

}  // namespace

PluginEntry Apache2ParserPlugin() {
  return DefinePlugin<Apache2Parser>(
      PluginKind::kParser, "apache2", "Apache's access log with numbers and nulls.", {},
      {{"An access log line", "<parse>\n  @type apache2\n</parse>\n",
        R"(192.0.2.1 - - [15/Jan/2024:10:30:00 +0000] "GET / HTTP/1.1" 200 777 "-" "Opera 12")"
        "\n",
        R"({"time":[1705314600,0],"record":{"host":"192.0.2.1","user":null,"method":"GET",)"
        R"("path":"/","code":200,"size":777,"referer":null,"agent":"Opera 12"}})"
        "\n"}});
}

}  // namespace tailrace
