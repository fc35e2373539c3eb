// SPDX-License-Identifier: Apache-2.0
#include "parser/line_parser.h"

#include <chrono>

#include "event/value.h"
#include "tailrace/log.h"
#include "tailrace/metrics.h"
#include "text/charset.h"

namespace tailrace::parser {

const Schema<ParserParams>& ParserParams::schema() {
  static const auto s =
      Schema<ParserParams>()
          .Param("types", &ParserParams::types,
                 "Fields to convert: key:type[:option], ... with the types string, integer, float, "
                 "bool, time and array.")
          .Param("time_key", &ParserParams::time_key, "The field that holds the event's time.")
          .Param("null_value_pattern", &ParserParams::null_value_pattern,
                 "Texts that match this regular expression become null.")
          .Param("null_empty_string", &ParserParams::null_empty_string, "Empty texts become null.")
          .Param("estimate_current_event", &ParserParams::estimate_current_event,
                 "Events without a time get the current one.")
          .Param("keep_time_key", &ParserParams::keep_time_key,
                 "The time stays in the record, too.")
          .Param("timeout", &ParserParams::timeout,
                 "A regular expression that takes longer than this on a line does not match it. "
                 "The number of steps is bounded in any case.")
          .Param("time_type", &ParserParams::time_type,
                 "What the time field holds: string, unixtime, float, or mixed (tries time_format "
                 "and time_format_fallbacks in order).")
          .Param("time_format", &ParserParams::time_format,
                 "How the time is written, as for strptime, or %iso8601. Guessed where not given.")
          .Param("localtime", &ParserParams::localtime,
                 "A time without a zone is local time; false: UTC.")
          .Param("utc", &ParserParams::utc, "A time without a zone is UTC.")
          .Param("timezone", &ParserParams::timezone,
                 "The zone of a time without one: +09:00, Asia/Tokyo.")
          .Param("time_format_fallbacks", &ParserParams::time_format_fallbacks,
                 "What time_type mixed tries after time_format.");
  return s;
}

text::TimeOptions ParserParams::time_options() const {
  text::TimeOptions options;
  options.type = time_type.value_or(text::TimeType::kString);
  options.format = time_format;
  options.localtime = localtime;
  options.utc = utc;
  options.timezone = timezone;
  options.fallbacks = time_format_fallbacks;
  return options;
}

LineParser::LineParser(const ParserParams& params, PluginEnv& env)
    : time_key_(params.time_key),
      keep_time_key_(params.keep_time_key),
      estimate_current_event_(params.estimate_current_event),
      null_empty_string_(params.null_empty_string),
      clock_(env.clock()) {
  const text::TimeOptions options = params.time_options();
  if (auto parser = text::TimeParser::Create(options, clock_)) {
    time_parser_.emplace(std::move(*parser));
  } else {
    env.Problem(env.element(), params.timezone ? "timezone" : "time_format",
                parser.error().message);
  }
  if (params.null_value_pattern) {
    const RegexpLiteral& literal = *params.null_value_pattern;
    text::RegexOptions regex_options;
    regex_options.ignore_case = literal.ignore_case;
    regex_options.multiline = literal.multi_line;
    if (auto regex = text::Regex::Compile(literal.source, regex_options)) {
      null_value_.emplace(std::move(*regex));
    } else {
      env.Problem(env.element(), "null_value_pattern", regex.error().message);
    }
  }
  if (params.types) {
    for (const auto& [key, definition] : *params.types) {
      if (auto converter = TypeConverter::Create(key, definition, options, clock_)) {
        converters_.push_back(std::move(*converter));
      } else {
        env.Problem(env.element(), "types", converter.error().message);
      }
    }
  }
  convert_ = params.types || null_value_ || null_empty_string_;
}

// Lines are events on their own; the clock is read once per batch.
class LineStream final : public Parser::Stream {
 public:
  explicit LineStream(LineParser& parser) : parser_(parser) {}

  void Parse(std::span<const Line> lines, Batch& batch) override {
    parser_.in_stream_ = true;
    parser_.have_now_ = false;
    for (const Line& line : lines) {
      if (parser_.Parse(line, batch) != ParseStatus::kOk) batch.unmatched().push_back(line);
    }
    parser_.in_stream_ = false;
  }

 private:
  LineParser& parser_;
};

std::unique_ptr<Parser::Stream> LineParser::NewStream() {
  return std::make_unique<LineStream>(*this);
}

EventTime LineParser::EstimatedTime() {
  if (!estimate_current_event_) return kNoTime;
  if (!in_stream_) return clock_();
  if (!have_now_) {
    now_ = clock_();
    have_now_ = true;
  }
  return now_;
}

ParseStatus LineParser::Finish(Batch& batch, Row& row) {
  if (!TakeTime(batch, row)) return Discard(batch, ParseStatus::kError);
  if (convert_) Convert(batch, row);
  return ParseStatus::kOk;
}

bool LineParser::TakeTime(Batch& batch, Row& row) {
  Field* const field = time_key_ ? batch.Find(row, *time_key_) : nullptr;
  if (field == nullptr) {
    row.time = EstimatedTime();
    return true;
  }
  if (!ReadTime(field->value(), batch, &row.time)) return false;
  if (!keep_time_key_) batch.Erase(row, *time_key_);
  return true;
}

bool LineParser::ReadTime(std::string_view text, EventTime* time) {
  return time_parser_->Parse(text, *time);
}

bool LineParser::ReadTime(const Value& value, Batch& batch, EventTime* time) {
  if (value.is_string()) return time_parser_->Parse(Raw(value, batch), *time);
  if (value.kind != Kind::kNumber) return false;
  if (IsInteger(value)) {
    const auto integer = ToInteger(value);
    return integer && time_parser_->Parse(*integer, *time);
  }
  const auto number = ToDouble(value);
  return number && time_parser_->Parse(*number, *time);
}

std::string_view LineParser::Raw(const Value& value, Batch& batch) {
  return value.kind == Kind::kEscaped ? ToText(value, batch.arena()) : value.bytes();
}

bool LineParser::NullLike(std::string_view text) {
  if (null_empty_string_ && text.empty()) return true;
  if (!null_value_) return false;
  const text::MatchResult result = null_value_->Matches(text);
  if (!result.invalid_utf8()) return result;
  scratch_.clear();
  text::AppendScrubbed(text, "?", scratch_);
  return null_value_->Matches(scratch_);
}

void LineParser::Convert(Batch& batch, Row& row) {
  const uint16_t count = row.count;
  for (uint16_t i = 0; i < count; ++i) {
    Field& field = batch.fields(row)[i];
    const Value value = field.value();
    if (!Truthy(value)) continue;
    if (value.is_string() && (null_empty_string_ || null_value_) && NullLike(Raw(value, batch))) {
      field.set_value({});
      continue;
    }
    for (TypeConverter& converter : converters_) {
      if (converter.key() == field.key()) {
        field.set_value(converter.Convert(value, batch.arena()));
        break;
      }
    }
  }
}

namespace {

std::shared_ptr<Cell> GaveUpCounter() {
  return Metrics::Global().Counter(
      "tailrace_parser_timeouts_total",
      "Lines on which a regular expression was stopped because it took too long.");
}

}  // namespace

LineRegex::LineRegex(std::string_view pattern, text::RegexOptions options,
                     const std::optional<Seconds>& timeout, std::string_view key, PluginEnv& env)
    : timeout_(timeout ? timeout->value : 0) {
  if (auto regex = text::Regex::Compile(pattern, options)) {
    regex_.emplace(std::move(*regex));
  } else {
    env.Problem(env.element(), key, regex.error().message);
  }
}

ParseStatus LineRegex::Match(std::string_view text, text::Captures& captures, bool bytes,
                             size_t start) {
  using SteadyClock = std::chrono::steady_clock;
  const auto begin = timeout_ > 0 ? SteadyClock::now() : SteadyClock::time_point();
  text::MatchResult result = regex_->Match(text, captures, start);
  if (result.invalid_utf8() && bytes) {
    if (!bytes_regex_) {
      text::RegexOptions options = regex_->options();
      options.match_invalid_utf8_as_bytes = true;
      auto compiled = text::Regex::Compile(regex_->pattern(), options);
      if (!compiled) return ParseStatus::kError;
      bytes_regex_.emplace(std::move(*compiled));
    }
    result = bytes_regex_->Match(text, captures, start);
  }
  if (result.gave_up()) {
    CountTimeout(text, "the limit of steps");
    return ParseStatus::kNoMatch;
  }
  if (result.invalid_utf8()) return ParseStatus::kError;
  if (timeout_ > 0 &&
      std::chrono::duration<double>(SteadyClock::now() - begin).count() > timeout_) {
    CountTimeout(text, "timeout");
    return ParseStatus::kNoMatch;
  }
  return result ? ParseStatus::kOk : ParseStatus::kNoMatch;
}

void LineRegex::CountTimeout(std::string_view text, const char* what) {
  static thread_local const std::shared_ptr<Cell> counter = GaveUpCounter();
  static thread_local LogLimit limit;
  counter->Add();
  uint64_t suppressed = 0;
  if (!limit.Allow(&suppressed)) return;
  LogWarn("parsing timed out: the line does not count as matched", {{"reached", what},
                                                                    {"pattern", regex_->pattern()},
                                                                    {"line_bytes", text.size()},
                                                                    {"suppressed", suppressed}});
}

}  // namespace tailrace::parser
