// SPDX-License-Identifier: Apache-2.0
// Syslog messages, RFC 3164 and RFC 5424 (https://docs.fluentd.org/parser/syslog), with both of
// Fluentd's engines: `regexp` and `string` take some unusual lines apart differently. Neither needs
// a regular expression here, but for RFC 5424 lines that are not as the RFC has them.
#include <cstring>

#include "parser/line_parser.h"
#include "parser/syslog_header.h"
#include "tailrace/define_plugin.h"
#include "text/charset.h"

namespace tailrace {
namespace parser {

enum class SyslogFormat : uint8_t { kRfc3164, kRfc5424, kAuto };
EnumNames ParamNames(SyslogFormat) {
  return {{"rfc3164", static_cast<int>(SyslogFormat::kRfc3164)},
          {"rfc5424", static_cast<int>(SyslogFormat::kRfc5424)},
          {"auto", static_cast<int>(SyslogFormat::kAuto)}};
}
enum class SyslogEngine : uint8_t { kRegexp, kString };
EnumNames ParamNames(SyslogEngine) {
  return {{"regexp", static_cast<int>(SyslogEngine::kRegexp)},
          {"string", static_cast<int>(SyslogEngine::kString)}};
}

}  // namespace parser

namespace {

using parser::SyslogEngine;
using parser::SyslogFormat;

constexpr const char* kTime3164 = "%b %d %H:%M:%S";
constexpr const char* kTime5424 = "%Y-%m-%dT%H:%M:%S.%L%z";
// What is tried where a time has no fraction.
constexpr const char* kTime5424Short = "%Y-%m-%dT%H:%M:%S%z";
constexpr const char* kRest5424 =
    R"re((?<host>[!-~]{1,255}) (?<ident>[!-~]{1,48}) (?<pid>[!-~]{1,128}) )re"
    R"re((?<msgid>[!-~]{1,32}) (?<extradata>(?:\-|(?:\[.*?(?<!\\)\])))(?: (?<message>.+))?\z)re";

struct SyslogParams : parser::ParserParams {
  bool with_priority = false;
  SyslogFormat message_format = SyslogFormat::kRfc3164;
  std::string rfc5424_time_format = kTime5424;
  SyslogEngine parser_engine = SyslogEngine::kRegexp;
  bool support_colonless_ident = true;

  SyslogParams() { time_format.reset(); }

  static const Schema<SyslogParams>& schema() {
    static const auto s =
        Schema<SyslogParams>()
            .Param("with_priority", &SyslogParams::with_priority,
                   "Messages begin with a priority, as in <13>.")
            .Param("message_format", &SyslogParams::message_format,
                   "rfc3164, rfc5424, or auto: RFC 5424 if the priority is followed by a version.")
            .Param("rfc5424_time_format", &SyslogParams::rfc5424_time_format,
                   "How RFC 5424 times are written. Times without a fraction are taken, too.")
            .Param("parser_engine", &SyslogParams::parser_engine,
                   "Whose reading of unusual lines to follow.", {.aliases = {"parser_type"}})
            .Param("support_colonless_ident", &SyslogParams::support_colonless_ident,
                   "The string engine takes a first word without a colon for the identifier.")
            .Inherit<parser::ParserParams>();
    return s;
  }
};

parser::ParserParams BaseParams(SyslogParams params) {
  if (!params.time_format) {
    params.time_format =
        params.message_format == SyslogFormat::kRfc5424 ? params.rfc5424_time_format : kTime3164;
  }
  return params;
}

std::string_view Chomp(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

// How many words, counted by blanks, a time of this format has.
size_t WordsOf(std::string_view format) {
  size_t words = 1;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == ' ' && (i == 0 || format[i - 1] != ' ')) ++words;
  }
  return words;
}

// One way of writing times.
struct TimeReader {
  void Init(const SyslogParams& params, const std::string& format, PluginEnv& env) {
    text::TimeOptions options = params.time_options();
    options.format = format;
    words = WordsOf(format);
    rfc3339 = format == kTime5424 && options.type == text::TimeType::kString;
    if (auto made = text::TimeParser::Create(options, env.clock()))
      parser.emplace(std::move(*made));
  }
  bool Read(std::string_view text, EventTime* time) {
    return (rfc3339 && text::ParseRfc3339(text, *time)) || parser->Parse(text, *time);
  }

  std::optional<text::TimeParser> parser;
  size_t words = 1;
  bool rfc3339 = false;
};

class SyslogParser final : public parser::LineParser {
 public:
  using Params = SyslogParams;

  SyslogParser(Params params, PluginEnv& env)
      : LineParser(BaseParams(params), env),
        with_priority_(params.with_priority),
        format_(params.message_format),
        strings_(params.parser_engine == SyslogEngine::kString),
        colonless_ident_(params.support_colonless_ident),
        rest5424_(kRest5424, MultiLine(), params.timeout, "@type", env) {
    const std::string time = params.time_format.value_or(kTime3164);
    const bool only5424 = format_ == SyslogFormat::kRfc5424;
    time3164_.Init(params, time, env);
    fixed_time3164_ = time == kTime3164 || time == std::string(kTime3164) + ".%N";
    time5424_.Init(params,
                   only5424 ? params.time_format.value_or(params.rfc5424_time_format)
                            : params.rfc5424_time_format,
                   env);
    short5424_.Init(params, kTime5424Short, env);
    if (!rest5424_.usable()) return;
    for (const text::GroupName& name : rest5424_.regex().names()) groups_.push_back(&name);
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    if (!in_stream() && !text::IsValidUtf8(line.text())) return ParseStatus::kError;
    const bool new_format =
        format_ == SyslogFormat::kRfc5424 ||
        (format_ == SyslogFormat::kAuto && parser::LooksLikeRfc5424(line.text()));
    if (new_format) return strings_ ? Strings5424(line, batch) : Parse5424(line, batch);
    return strings_ ? Strings3164(line, batch) : Parse3164(line, batch);
  }

 private:
  static text::RegexOptions MultiLine() {
    text::RegexOptions options;
    options.multiline = true;
    return options;
  }

  Value Priority(std::string_view digits, Batch& batch) {
    return ToRubyInteger(Value::Text(digits), batch.arena());
  }

  bool ReadTime5424(std::string_view text, EventTime* time) {
    return time5424_.Read(text, time) || short5424_.Read(text, time);
  }

  // The words of a time from `*at` on; `*at` is then behind the blank that follows. Doubled blanks
  // are squeezed. False where the text ends before.
  static bool TimeWords(std::string_view text, size_t words, size_t* at, Batch& batch,
                        std::string_view* time) {
    size_t end = *at;
    bool doubled = false;
    for (size_t word = 0; word < words; ++word) {
      if (word > 0) ++end;
      while (end < text.size() && text[end] == ' ') {
        doubled = true;
        ++end;
      }
      end = text.find(' ', end);
      if (end == std::string_view::npos) return false;
    }
    *time = text.substr(*at, end - *at);
    *at = end + 1;
    if (doubled) *time = Squeeze(*time, batch.arena());
    return true;
  }

  static std::string_view Squeeze(std::string_view text, Arena& arena) {
    char* const begin = arena.Allocate(text.size());
    char* out = begin;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != ' ' || i == 0 || text[i - 1] != ' ') *out++ = text[i];
    }
    const auto size = static_cast<size_t>(out - begin);
    arena.Shrink(text.size(), size);
    return {begin, size};
  }

  ParseStatus Parse3164(const Line& line, Batch& batch) {
    const std::string_view text = line.text();
    size_t at = 0;
    std::string_view priority;
    if (with_priority_) {
      priority = parser::SyslogPriority(text);
      if (priority.empty()) return ParseStatus::kNoMatch;
      at = priority.size() + 2;
    }
    std::string_view time_text;
    EventTime time;
    if (!TimeWords(text, time3164_.words, &at, batch, &time_text) ||
        !time3164_.Read(time_text, &time)) {
      return ParseStatus::kError;
    }
    parser::Syslog3164 rest;
    if (!parser::SplitSyslog3164(text.substr(at), &rest)) return ParseStatus::kNoMatch;
    Row& row = batch.AddRow(line);
    row.time = time;
    if (with_priority_) batch.Append(row, "pri", Priority(priority, batch));
    if (keep_time_key()) batch.Append(row, "time", Value::Text(time_text));
    batch.Append(row, "host", Value::Text(rest.host));
    batch.Append(row, "ident", Value::Text(rest.ident));
    if (rest.pid.data() != nullptr) batch.Append(row, "pid", Value::Clean(rest.pid));
    batch.Append(row, "message", Value::Text(Chomp(rest.message)));
    return ParseStatus::kOk;
  }

  ParseStatus Parse5424(const Line& line, Batch& batch) {
    const std::string_view text = line.text();
    size_t at = 0;
    std::string_view priority;
    if (with_priority_) {
      priority = parser::SyslogPriority(text);
      at = priority.size() + 2;
      if (priority.empty() || !parser::SkipSyslogVersion(text, &at)) return ParseStatus::kNoMatch;
    }
    std::string_view time_text;
    EventTime time;
    if (!TimeWords(text, time5424_.words, &at, batch, &time_text) ||
        !ReadTime5424(time_text, &time)) {
      return ParseStatus::kError;
    }
    parser::Syslog5424 rest;
    if (!parser::SplitSyslog5424(text.substr(at), &rest)) {
      const ParseStatus status = Match5424(text, at, &rest);
      if (status != ParseStatus::kOk) return status;
    }
    Row& row = batch.AddRow(line);
    row.time = time;
    if (with_priority_) batch.Append(row, "pri", Priority(priority, batch));
    if (keep_time_key()) batch.Append(row, "time", Value::Text(time_text));
    batch.Append(row, "host", Value::Text(rest.host));
    batch.Append(row, "ident", Value::Text(rest.ident));
    batch.Append(row, "pid", Value::Text(rest.pid));
    batch.Append(row, "msgid", Value::Text(rest.msgid));
    batch.Append(row, "extradata", Value::Text(rest.extradata));
    if (rest.message.data() != nullptr) {
      batch.Append(row, "message", Value::Text(Chomp(rest.message)));
    }
    return ParseStatus::kOk;
  }

  ParseStatus Match5424(std::string_view text, size_t at, parser::Syslog5424* out) {
    const ParseStatus status = rest5424_.Match(text, captures_, in_stream(), at);
    if (status != ParseStatus::kOk) return status;
    std::string_view* const parts[] = {&out->host,  &out->ident,     &out->pid,
                                       &out->msgid, &out->extradata, &out->message};
    for (size_t i = 0; i < std::size(parts); ++i) {
      *parts[i] = rest5424_.regex().Named(captures_, *groups_[i]);
    }
    return ParseStatus::kOk;
  }

  // --- The string engine ---------------------------------------------------------------------

  // The priority between < and the first >, whatever it is; `*at` is behind it.
  ParseStatus LoosePriority(std::string_view text, size_t* at, std::string_view* priority) {
    if (!text.starts_with('<')) return ParseStatus::kNoMatch;
    const size_t end = text.find('>', 1);
    if (end == std::string_view::npos) return ParseStatus::kError;
    if (end < 2) return ParseStatus::kNoMatch;
    *priority = text.substr(1, end - 1);
    *at = end + 1;
    return ParseStatus::kOk;
  }

  ParseStatus FixedTime3164(std::string_view text, size_t* at, std::string_view* time) {
    constexpr size_t kSize = 15;  // Mmm dd hh:mm:ss
    const char after = *at + kSize < text.size() ? text[*at + kSize] : '\0';
    if (after == ' ') {
      *time = text.substr(*at, kSize);
      *at += kSize + 1;
      return ParseStatus::kOk;
    }
    if (after != '.') return ParseStatus::kNoMatch;
    const size_t end = text.find(' ', std::max(kSize, *at + kSize));
    if (end == std::string_view::npos) return ParseStatus::kError;
    *time = text.substr(*at, end - *at);
    *at = end + 1;
    return ParseStatus::kOk;
  }

  ParseStatus Strings3164(const Line& line, Batch& batch) {
    const std::string_view text = line.text();
    size_t at = 0;
    std::string_view priority;
    if (with_priority_) {
      const ParseStatus status = LoosePriority(text, &at, &priority);
      if (status != ParseStatus::kOk) return status;
    }
    std::string_view time_text;
    if (fixed_time3164_) {
      const ParseStatus status = FixedTime3164(text, &at, &time_text);
      if (status != ParseStatus::kOk) return status;
    } else if (!TimeWords(text, time3164_.words, &at, batch, &time_text)) {
      return ParseStatus::kError;
    }
    const size_t host_end = text.find(' ', at);
    if (host_end == std::string_view::npos) return ParseStatus::kNoMatch;
    Row& row = batch.AddRow(line);
    batch.Append(row, "host", Value::Text(text.substr(at, host_end - at)));
    if (with_priority_) batch.Append(row, "pri", Priority(priority, batch));
    std::string_view message;
    if (!LooseIdent(text, host_end + 1, batch, row, &message) ||
        !time3164_.Read(time_text, &row.time)) {
      return Discard(batch, ParseStatus::kError);
    }
    batch.Append(row, "message", Value::Text(Chomp(message)));
    if (keep_time_key()) batch.Append(row, "time", Value::Text(time_text));
    return ParseStatus::kOk;
  }

  // ident[pid]: or ident: or, if allowed, a word. False where Fluentd fails over a missing bracket.
  bool LooseIdent(std::string_view text, size_t at, Batch& batch, Row& row,
                  std::string_view* message) {
    const size_t end = text.find(' ', at);
    *message = text.substr(std::min(at, text.size()));
    if (end == std::string_view::npos) return true;
    const bool colon = text[end - 1] == ':';
    if (!colon && !colonless_ident_) return true;
    const size_t bracket = end - (colon ? 2 : 1);
    *message = text.substr(end + 1);
    if (text[bracket] != ']') {
      const size_t ident_end = colon ? end - 1 : end;
      batch.Append(row, "ident", Value::Text(text.substr(at, std::max(ident_end, at) - at)));
      return true;
    }
    const size_t open = text.find('[', at);
    if (open == std::string_view::npos) return false;
    batch.Append(row, "ident", Value::Text(text.substr(at, open - at)));
    const bool inside = open < bracket;
    batch.Append(row, "pid",
                 inside ? Value::Text(text.substr(open + 1, bracket - open - 1)) : Value{});
    return true;
  }

  ParseStatus Strings5424(const Line& line, Batch& batch) {
    const std::string_view text = line.text();
    size_t at = 0;
    std::string_view priority;
    if (with_priority_) {
      const ParseStatus status = LoosePriority(text, &at, &priority);
      if (status != ParseStatus::kOk) return status;
      at = text.find(' ', at - 1);
      if (at == std::string_view::npos) return ParseStatus::kError;
      ++at;
    }
    std::string_view time_text;
    if (!TimeWords(text, time5424_.words, &at, batch, &time_text)) return ParseStatus::kError;
    std::string_view words[4];  // host, ident, pid, msgid
    for (std::string_view& word : words) {
      const size_t end = text.find(' ', at);
      if (end == std::string_view::npos) return ParseStatus::kNoMatch;
      word = text.substr(at, end - at);
      at = end + 1;
    }
    Row& row = batch.AddRow(line);
    static constexpr std::string_view kKeys[] = {"host", "ident", "pid", "msgid"};
    for (size_t i = 0; i < 4; ++i) batch.Append(row, kKeys[i], Value::Text(words[i]));
    if (with_priority_) batch.Append(row, "pri", Priority(priority, batch));
    const std::string_view extra = LooseExtraData(text, &at, batch.arena());
    batch.Append(row, "extradata", Value::Text(extra));
    if (at < text.size()) batch.Append(row, "message", Value::Text(Chomp(text.substr(at + 1))));
    if (!ReadTime5424(time_text, &row.time)) return Discard(batch, ParseStatus::kError);
    if (keep_time_key()) batch.Append(row, "time", Value::Text(time_text));
    return ParseStatus::kOk;
  }

  // `-`, or everything up to the first "] "; backslashes are taken out.
  static std::string_view LooseExtraData(std::string_view text, size_t* at, Arena& arena) {
    if (*at < text.size() && text[*at] == '-') return text.substr((*at)++, 1);
    const size_t begin = std::min(*at, text.size());
    const size_t end = text.find("] ", begin);
    const std::string_view data =
        text.substr(begin, end == std::string_view::npos ? end : end + 1 - begin);
    *at = begin + data.size();
    if (data.find('\\') == std::string_view::npos) return data;
    char* const copy = arena.Allocate(data.size());
    char* out = copy;
    for (const char c : data) {
      if (c != '\\') *out++ = c;
    }
    const auto size = static_cast<size_t>(out - copy);
    arena.Shrink(data.size(), size);
    return {copy, size};
  }

  const bool with_priority_;
  const SyslogFormat format_;
  const bool strings_;
  const bool colonless_ident_;
  bool fixed_time3164_ = false;
  TimeReader time3164_;
  TimeReader time5424_;
  TimeReader short5424_;
  parser::LineRegex rest5424_;
  std::vector<const text::GroupName*> groups_;
  text::Captures captures_;
};

}  // namespace

PluginEntry SyslogParserPlugin() {
  return DefinePlugin<SyslogParser>(
      PluginKind::kParser, "syslog", "Syslog messages, RFC 3164 and RFC 5424.", {},
      {{"Both formats, told apart",
        "<parse>\n  @type syslog\n  message_format auto\n  with_priority true\n"
        "  time_format %b %d %Y %H:%M:%S\n</parse>\n",
        "<38>Jan 15 2024 10:30:00 node-1 sshd[4711]: Accepted publickey for root\n"
        "<165>1 2024-01-15T10:30:00.003Z node-1 ledger 4711 EV17 [meta zone=\"7\"] closed\n",
        R"({"time":[1705314600,0],"record":{"pri":38,"host":"node-1","ident":"sshd",)"
        R"("pid":"4711","message":"Accepted publickey for root"}})"
        "\n"
        R"({"time":[1705314600,3000000],"record":{"pri":165,"host":"node-1","ident":"ledger",)"
        R"("pid":"4711","msgid":"EV17","extradata":"[meta zone=\"7\"]","message":"closed"}})"
        "\n"}});
}

}  // namespace tailrace
