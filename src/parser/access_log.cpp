// SPDX-License-Identifier: Apache-2.0
#include "parser/access_log.h"

#include <cstring>

#include "text/charset.h"
#include "text/time_format.h"

namespace tailrace::parser {
namespace {

// A word up to the next blank, which is skipped; a word has at least one character.
bool Word(const char*& at, const char* end, std::string_view* word) {
  const auto* blank = static_cast<const char*>(std::memchr(at, ' ', static_cast<size_t>(end - at)));
  if (blank == nullptr || blank == at) return false;
  *word = {at, static_cast<size_t>(blank - at)};
  at = blank + 1;
  return true;
}

// "text" up to the next quote. Nothing in it may be read in another way.
bool Quoted(const char*& at, const char* end, std::string_view* text) {
  if (at == end || *at != '"') return false;
  ++at;
  const auto* quote = static_cast<const char*>(std::memchr(at, '"', static_cast<size_t>(end - at)));
  if (quote == nullptr) return false;
  *text = {at, static_cast<size_t>(quote - at)};
  at = quote + 1;
  return true;
}

bool Has(std::string_view text, char c) { return text.find(c) != std::string_view::npos; }

bool Blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// "method path protocol", one blank between them and no other.
bool Request(std::string_view request, AccessLine* out) {
  size_t blanks[2] = {0, 0};
  size_t count = 0;
  for (size_t i = 0; i < request.size(); ++i) {
    if (!Blank(request[i])) continue;
    if (request[i] != ' ' || count == 2) return false;
    blanks[count++] = i;
  }
  if (count != 2 || blanks[0] == 0 || blanks[1] == blanks[0] + 1 ||
      blanks[1] + 1 == request.size()) {
    return false;
  }
  out->method = request.substr(0, blanks[0]);
  out->path = request.substr(blanks[0] + 1, blanks[1] - blanks[0] - 1);
  return true;
}

}  // namespace

bool SplitAccessLine(std::string_view line, AccessLine* out) {
  const char* at = line.data();
  const char* const end = at + line.size();
  if (std::memchr(line.data(), '\n', line.size()) != nullptr) return false;
  if (!Word(at, end, &out->host) || !Word(at, end, &out->ident) || !Word(at, end, &out->user)) {
    return false;
  }
  if (at == end || *at != '[') return false;
  ++at;
  const auto* bracket =
      static_cast<const char*>(std::memchr(at, ']', static_cast<size_t>(end - at)));
  if (bracket == nullptr || end - bracket < 3 || bracket[1] != ' ') return false;
  out->time = {at, static_cast<size_t>(bracket - at)};
  at = bracket + 2;
  std::string_view request;
  if (!Quoted(at, end, &request) || !Request(request, out) || at == end || *at != ' ') {
    return false;
  }
  ++at;
  if (!Word(at, end, &out->code) || Has(out->code, '"')) return false;
  const auto* blank = static_cast<const char*>(std::memchr(at, ' ', static_cast<size_t>(end - at)));
  const char* const size_end = blank == nullptr ? end : blank;
  out->size = {at, static_cast<size_t>(size_end - at)};
  out->referer = out->agent = out->forwarded_for = {};
  if (Has(out->size, '"')) return false;
  if (blank == nullptr) return !Has(request, '\\');
  at = blank + 1;
  if (!Quoted(at, end, &out->referer) || at == end || *at != ' ') return false;
  ++at;
  if (!Quoted(at, end, &out->agent)) return false;
  if (Has(request, '\\') || Has(out->referer, '\\') || Has(out->agent, '\\')) return false;
  if (at == end) return true;
  if (*at != ' ') return false;
  ++at;
  return Quoted(at, end, &out->forwarded_for) && at == end;
}

AccessLogParser::AccessLogParser(RegexpParams params, std::string_view expression, Form form,
                                 PluginEnv& env)
    : RegexpParser(params, env),
      form_(form),
      fast_(params.expression.source == expression && !params.expression.ignore_case &&
            !params.expression.multi_line && !params.ignorecase && !params.multiline &&
            params.time_key == "time"),
      usual_time_(params.time_type == text::TimeType::kString &&
                  params.time_format == kAccessTimeFormat) {}

ParseStatus AccessLogParser::Parse(const Line& line, Batch& batch) {
  AccessLine in;
  if (!fast_ || !SplitAccessLine(line.text(), &in) ||
      (form_ == Form::kApache && in.forwarded_for.data() != nullptr) ||
      (!in_stream() && !text::IsValidUtf8(line.text()))) {
    return RegexpParser::Parse(line, batch);
  }
  EventTime time;
  if (!(usual_time_ && text::ParseCommonLogTime(in.time, time)) && !ReadTime(in.time, &time)) {
    return ParseStatus::kError;
  }
  Row& row = batch.AddRow(line);
  row.time = time;
  Field* field = batch.Room(row, 11);
  const Field* const first = field;
  const auto add = [&field](std::string_view key, std::string_view value) {
    field->set_key(key, true);
    field->set_value(Value::Text(value));
    ++field;
  };
  if (form_ == Form::kNginx) {
    add("remote", in.host);
    add("host", in.ident);
  } else {
    add("host", in.host);
  }
  add("user", in.user);
  if (keep_time_key()) add("time", in.time);
  add("method", in.method);
  add("path", in.path);
  add("code", in.code);
  add("size", in.size);
  if (in.agent.data() != nullptr) {
    add("referer", in.referer);
    add("agent", in.agent);
  }
  if (in.forwarded_for.data() != nullptr) add("http_x_forwarded_for", in.forwarded_for);
  batch.Commit(row, static_cast<uint32_t>(field - first));
  if (converts()) Convert(batch, row);
  return ParseStatus::kOk;
}

}  // namespace tailrace::parser
