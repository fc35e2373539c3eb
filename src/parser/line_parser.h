// SPDX-License-Identifier: Apache-2.0
#pragma once
// What all parsers of lines share: the common parameters of <parse>
// (https://docs.fluentd.org/configuration/parse-section), the time of an event, null values and
// types. A parser appends a row with its fields as found and calls Finish().
//
// Nothing here allocates per line. One object per worker, used by that worker's thread.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/type_converter.h"
#include "tailrace/params.h"
#include "tailrace/plugin.h"
#include "text/regex.h"
#include "text/time_format.h"

namespace tailrace::text {
inline EnumNames ParamNames(TimeType) {
  return {{"string", static_cast<int>(TimeType::kString)},
          {"unixtime", static_cast<int>(TimeType::kUnixtime)},
          {"float", static_cast<int>(TimeType::kFloat)},
          {"mixed", static_cast<int>(TimeType::kMixed)}};
}
}  // namespace tailrace::text

namespace tailrace::parser {

// The common parameters. A parser with other defaults sets them in its constructor.
struct ParserParams {
  std::optional<std::vector<std::pair<std::string, std::string>>> types{};
  std::optional<std::string> time_key{};
  std::optional<RegexpLiteral> null_value_pattern{};
  bool null_empty_string = false;
  bool estimate_current_event = true;
  bool keep_time_key = false;
  std::optional<Seconds> timeout{};
  // No value: string, but the parser may have its own idea (json).
  std::optional<text::TimeType> time_type{text::TimeType::kString};
  std::optional<std::string> time_format{};
  bool localtime = true;
  bool utc = false;
  std::optional<std::string> timezone{};
  std::vector<std::string> time_format_fallbacks{};

  static const Schema<ParserParams>& schema();
  text::TimeOptions time_options() const;
};

class LineParser : public Parser {
 public:
  // Problems with the parameters are reported to `env`.
  LineParser(const ParserParams& params, PluginEnv& env);

  // Streams of line parsers read the clock once per batch and match lines that are not UTF-8 byte
  // by byte, as Fluentd's in_tail does; unrecognised and erroneous lines go to batch.unmatched().
  std::unique_ptr<Stream> NewStream() override;

  // Events without a time get kNoTime from now on: for a parser around this one that knows a better
  // time than the clock's.
  void LeaveTimeOut() { estimate_current_event_ = false; }

 protected:
  friend class LineStream;

  // Takes the time from the row's fields, then replaces null values and converts types: the last
  // row of the batch. On kError the row is gone.
  ParseStatus Finish(Batch& batch, Row& row);
  // The two halves of it.
  bool TakeTime(Batch& batch, Row& row);
  void Convert(Batch& batch, Row& row);
  bool converts() const { return convert_; }
  // Reads a value as the time parser of the parameters does.
  bool ReadTime(const Value& value, Batch& batch, EventTime* time);
  bool ReadTime(std::string_view text, EventTime* time);
  // The clock's time, or kNoTime where estimate_current_event is off.
  EventTime EstimatedTime();
  // Removes the row that was added last.
  static ParseStatus Discard(Batch& batch, ParseStatus status) {
    batch.rows().pop_back();
    return status;
  }
  // True while a stream's batch is parsed.
  bool in_stream() const { return in_stream_; }
  const std::optional<std::string>& time_key() const { return time_key_; }
  bool keep_time_key() const { return keep_time_key_; }

 private:
  bool NullLike(std::string_view text);
  std::string_view Raw(const Value& value, Batch& batch);

  std::optional<std::string> time_key_;
  bool keep_time_key_;
  bool estimate_current_event_;
  bool null_empty_string_;
  bool convert_ = false;
  std::optional<text::Regex> null_value_;
  std::string scratch_;
  std::vector<TypeConverter> converters_;
  std::optional<text::TimeParser> time_parser_;
  std::function<EventTime()> clock_;
  bool in_stream_ = false;
  bool have_now_ = false;
  EventTime now_;
};

// A regular expression of the configuration, applied to lines: matches are bounded in steps, and in
// time where `timeout` is given; what takes longer is no match, and counted.
class LineRegex {
 public:
  // Reports a problem at the parameter `key` when the pattern does not compile; unusable then.
  LineRegex(std::string_view pattern, text::RegexOptions options,
            const std::optional<Seconds>& timeout, std::string_view key, PluginEnv& env);

  bool usable() const { return regex_.has_value(); }
  const text::Regex& regex() const { return *regex_; }
  // `bytes`: text that is not UTF-8 is matched byte by byte instead of being an error.
  // `start`: where the search begins.
  ParseStatus Match(std::string_view text, text::Captures& captures, bool bytes, size_t start = 0);

 private:
  void CountTimeout(std::string_view text, const char* what);

  std::optional<text::Regex> regex_;
  std::optional<text::Regex> bytes_regex_;  // compiled when it is first needed
  double timeout_;
};

}  // namespace tailrace::parser
