// SPDX-License-Identifier: Apache-2.0
#include "event/inject.h"

#include <utility>

#include "event/json.h"
#include "event/value.h"

namespace tailrace {

EnumNames ParamNames(InjectTimeType) {
  return {{"float", static_cast<int>(InjectTimeType::kFloat)},
          {"unixtime", static_cast<int>(InjectTimeType::kUnixtime)},
          {"unixtime_millis", static_cast<int>(InjectTimeType::kUnixtimeMillis)},
          {"unixtime_micros", static_cast<int>(InjectTimeType::kUnixtimeMicros)},
          {"unixtime_nanos", static_cast<int>(InjectTimeType::kUnixtimeNanos)},
          {"string", static_cast<int>(InjectTimeType::kString)}};
}

EnumNames ParamNames(ExtractTimeType) {
  return {{"float", static_cast<int>(ExtractTimeType::kFloat)},
          {"unixtime", static_cast<int>(ExtractTimeType::kUnixtime)},
          {"string", static_cast<int>(ExtractTimeType::kString)}};
}

const Schema<InjectParams>& InjectParams::schema() {
  static const auto s =
      Schema<InjectParams>()
          .Param("hostname_key", &InjectParams::hostname_key, "The field for the host's name.")
          .Param("hostname", &InjectParams::hostname, "The name, if not the host's own.")
          .Param("worker_id_key", &InjectParams::worker_id_key,
                 "The field for the worker's number.")
          .Param("tag_key", &InjectParams::tag_key, "The field for the tag.")
          .Param("time_key", &InjectParams::time_key, "The field for the event's time.")
          .Param("time_type", &InjectParams::time_type, "How the time is written.")
          .Param("time_format", &InjectParams::time_format,
                 "With time_type string: as for strftime; ISO 8601 if not given.")
          .Param("localtime", &InjectParams::localtime, "Local time; false: UTC.")
          .Param("utc", &InjectParams::utc, "UTC.")
          .Param("timezone", &InjectParams::timezone, "The zone: +09:00, Asia/Tokyo.")
          .Param("time_format_fallbacks", &InjectParams::time_format_fallbacks,
                 "Has no meaning here.", {.hidden = true});
  return s;
}

const Schema<ExtractParams>& ExtractParams::schema() {
  static const auto s =
      Schema<ExtractParams>()
          .Param("tag_key", &ExtractParams::tag_key, "The field that holds the tag.")
          .Param("keep_tag_key", &ExtractParams::keep_tag_key, "The tag stays in the record.")
          .Param("time_key", &ExtractParams::time_key, "The field that holds the time.")
          .Param("keep_time_key", &ExtractParams::keep_time_key, "The time stays in the record.")
          .Param("time_type", &ExtractParams::time_type, "How the time is written.")
          .Param("time_format", &ExtractParams::time_format,
                 "With time_type string: as for strptime.")
          .Param("localtime", &ExtractParams::localtime,
                 "A time without a zone is local time; false: UTC.")
          .Param("utc", &ExtractParams::utc, "A time without a zone is UTC.")
          .Param("timezone", &ExtractParams::timezone, "The zone of a time without one.")
          .Param("time_format_fallbacks", &ExtractParams::time_format_fallbacks,
                 "Has no meaning here.", {.hidden = true});
  return s;
}

Injector::Key::Key(const std::optional<std::string>& key)
    : text(key.value_or("")), used(key.has_value()), clean(json::IsClean(text)) {}

Result<Injector> Injector::Create(const InjectParams& params, const std::string& hostname,
                                  int worker) {
  Injector injector;
  injector.host_ = Key(params.hostname_key);
  injector.worker_ = Key(params.worker_id_key);
  injector.tag_ = Key(params.tag_key);
  injector.time_ = Key(params.time_key);
  injector.hostname_ = params.hostname.value_or(hostname);
  injector.worker_id_ = std::to_string(worker);
  injector.time_type_ = params.time_type;
  if (params.time_key && params.time_type == InjectTimeType::kString) {
    text::TimeOptions options;
    options.format = params.time_format;
    options.localtime = params.localtime;
    options.utc = params.utc;
    options.timezone = params.timezone;
    auto formatter = text::TimeFormatter::Create(options);
    if (!formatter) return tl::unexpected(formatter.error());
    injector.formatter_ = std::make_shared<text::TimeFormatter>(std::move(*formatter));
  }
  return injector;
}

void Injector::Apply(Batch& batch, Row& row, std::string_view tag) {
  if (host_.used) batch.Set(row, host_.text, Value::Text(hostname_), host_.clean);
  if (worker_.used) {
    batch.Set(row, worker_.text, Value::Of(Kind::kNumber, worker_id_), worker_.clean);
  }
  if (tag_.used) batch.Set(row, tag_.text, Value::Text(batch.arena().Store(tag)), tag_.clean);
  if (time_.used) {
    batch.Set(row, time_.text, TimeOfEvent(row.time, batch.arena()), time_.clean);
  }
}

Value Injector::TimeOfEvent(EventTime time, Arena& arena) {
  constexpr int64_t kNanos = 1000000000;
  switch (time_type_) {
    case InjectTimeType::kUnixtime:
      return IntegerValue(time.sec, arena);
    case InjectTimeType::kUnixtimeMillis:
      return IntegerValue(time.sec * 1000 + time.nsec / 1000000, arena);
    case InjectTimeType::kUnixtimeMicros:
      return IntegerValue(time.sec * 1000000 + time.nsec / 1000, arena);
    case InjectTimeType::kUnixtimeNanos:
      return IntegerValue(time.sec * kNanos + time.nsec, arena);
    case InjectTimeType::kString:
      return Value::Text(arena.Store(formatter_->Format(time)));
    case InjectTimeType::kFloat:
      break;
  }
  // Microseconds, cut, as the nearest double.
  const int64_t micros = time.sec * 1000000 + time.nsec / 1000;
  return DoubleValue(static_cast<double>(static_cast<long double>(micros) / 1e6L), arena);
}

Result<Extractor> Extractor::Create(const ExtractParams& params, text::Clock clock) {
  Extractor extractor;
  extractor.tag_key_ = params.tag_key;
  extractor.keep_tag_key_ = params.keep_tag_key;
  extractor.time_key_ = params.time_key;
  extractor.keep_time_key_ = params.keep_time_key;
  if (!params.time_key) return extractor;
  text::TimeOptions options;
  switch (params.time_type) {
    case ExtractTimeType::kFloat:
      options.type = text::TimeType::kFloat;
      break;
    case ExtractTimeType::kUnixtime:
      options.type = text::TimeType::kUnixtime;
      break;
    case ExtractTimeType::kString:
      options.format = params.time_format;
      options.localtime = params.localtime;
      options.utc = params.utc;
      options.timezone = params.timezone;
      break;
  }
  auto parser = text::TimeParser::Create(options, std::move(clock));
  if (!parser) return tl::unexpected(parser.error());
  extractor.parser_ = std::make_shared<text::TimeParser>(std::move(*parser));
  return extractor;
}

std::optional<std::string_view> Extractor::TakeTag(Batch& batch, Row& row) {
  const Field* const field = tag_key_ ? batch.Find(row, *tag_key_) : nullptr;
  if (field == nullptr) return std::nullopt;
  const std::string_view tag = ToText(field->value(), batch.arena());
  if (!keep_tag_key_) batch.Erase(row, *tag_key_);
  return tag;
}

bool Extractor::TakeTime(Batch& batch, Row& row) {
  const Field* const field = time_key_ ? batch.Find(row, *time_key_) : nullptr;
  if (field == nullptr) return true;
  const Value value = field->value();
  if (!keep_time_key_) batch.Erase(row, *time_key_);
  if (value.is_string()) return parser_->Parse(ToText(value, batch.arena()), row.time);
  if (value.kind != Kind::kNumber) return false;
  if (IsInteger(value)) {
    const auto integer = ToInteger(value);
    return integer && parser_->Parse(*integer, row.time);
  }
  const auto number = ToDouble(value);
  return number && parser_->Parse(*number, row.time);
}

}  // namespace tailrace
