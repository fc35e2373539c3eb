// SPDX-License-Identifier: Apache-2.0
// TimeParser: which reading a value gets, and the cache of recent values.
#include <algorithm>
#include <array>
#include <utility>

#include "text/ruby_number.h"
#include "text/strptime_words.h"
#include "text/time_format.h"
#include "text/time_guess.h"
#include "text/time_resolver.h"

namespace tailrace::text {
namespace {

constexpr const char* kNoMatch = "string doesn't match";

// Time.iso8601: \s*(-?\d+)-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)?\s*
bool ReadIso8601(std::string_view text, TimeFields& fields) {
  size_t at = 0;
  while (IsSpace(At(text, at))) ++at;
  const bool negative = At(text, at) == '-';
  if (negative) ++at;
  int64_t year = 0;
  if (!ReadDigits(text, at, SIZE_MAX, year)) return false;
  fields.year = negative ? -year : year;
  const auto two = [&](char before, int32_t& out) {
    if (LowerAscii(At(text, at)) != before || !IsDigit(At(text, at + 1)) ||
        !IsDigit(At(text, at + 2))) {
      return false;
    }
    out = (text[at + 1] - '0') * 10 + text[at + 2] - '0';
    at += 3;
    return true;
  };
  const bool parts = two('-', fields.month) && two('-', fields.day) && two('t', fields.hour) &&
                     two(':', fields.minute) && two(':', fields.second);
  if (!parts) return false;
  if (At(text, at) == '.') {
    int64_t nanosecond = 0;
    if (!ReadFraction(text, ++at, SIZE_MAX, nanosecond)) return false;
    fields.nanosecond = nanosecond;
  }
  const size_t zone_begin = at;
  if (LowerAscii(At(text, at)) == 'z') {
    ++at;
  } else if (At(text, at) == '+' || At(text, at) == '-') {
    if (!IsDigit(At(text, at + 1)) || !IsDigit(At(text, at + 2))) return false;
    at += 3;
    const size_t minutes = at + (At(text, at) == ':' ? 1 : 0);
    if (IsDigit(At(text, minutes)) && IsDigit(At(text, minutes + 1))) at = minutes + 2;
  }
  if (at > zone_begin) fields.zone = text.substr(zone_begin, at - zone_begin);
  while (IsSpace(At(text, at))) ++at;
  return at == text.size();
}

const char* CheckIsoRanges(const TimeFields& f) {
  const bool fits = f.month >= 1 && f.month <= 12 && f.day >= 1 && f.day <= 31 && f.hour <= 24 &&
                    f.minute <= 59 && f.second <= 60;
  return fits ? nullptr : "argument out of range";
}

// One way to read a value: Fluentd's TimeParser or NumericTimeParser.
class ValueReader {
 public:
  enum class Kind : uint8_t { kFormat, kIso8601, kGuess, kUnixtime, kFloat };

  ValueReader(Kind kind, const TimeResolver* resolver) : kind_(kind), resolver_(resolver) {}

  bool numeric() const { return kind_ == Kind::kUnixtime || kind_ == Kind::kFloat; }
  void set_format(StrptimeFormat format, std::optional<TimeZone> zone) {
    format_ = std::move(format);
    zone_ = std::move(zone);
    const std::string& source = format_->source();
    const bool zone_matters = zone_.has_value();
    if (source == "%d/%b/%Y:%H:%M:%S %z") {
      fast_ = &ParseCommonLogTime;
    } else if (source == "%Y-%m-%dT%H:%M:%S.%N%z" || source == "%Y-%m-%dT%H:%M:%S%z") {
      // The gem's %S%z has no place for a fraction, hence the check of the length in ReadFormat.
      fast_ = &ParseRfc3339;
      fast_bytes_min_ = source.size() > 20 ? 21 : 0;
      fast_bytes_max_ = source.size() > 20 ? 35 : 25;
      fast_without_fraction_ = source.size() <= 20;
    }
    if (zone_matters) fast_ = nullptr;
  }

  const char* Read(std::string_view value, EventTime& time) {
    switch (kind_) {
      case Kind::kUnixtime:
        return ReadUnixtime(value, time);
      case Kind::kFloat:
        return ReadFloat(value, time);
      case Kind::kIso8601:
        return ReadIso(value, time);
      case Kind::kGuess:
        return ReadGuess(value, time);
      case Kind::kFormat:
        break;
    }
    return ReadFormat(value, time);
  }

  static const char* ReadUnixtime(std::string_view value, EventTime& time) {
    const auto seconds = RubyToInteger(value);
    if (!seconds) return "number out of range";
    time = {*seconds, 0};
    return nullptr;
  }

  // As Fluentd: the text before the first point is seconds, up to ten digits behind it are
  // nanoseconds (ten, so they may exceed a second), a second point ends the number.
  static const char* ReadFloat(std::string_view value, EventTime& time) {
    const size_t point = value.find('.');
    const auto seconds = RubyToInteger(value.substr(0, point));
    if (!seconds) return "number out of range";
    std::string_view fraction;
    if (point != std::string_view::npos) {
      fraction = value.substr(point + 1);
      fraction = fraction.substr(0, std::min<size_t>(fraction.find('.'), 10));
    }
    std::array<char, 10> digits;
    digits.fill('0');
    std::copy(fraction.begin(), fraction.end(), digits.begin());
    const size_t size = std::max<size_t>(fraction.size(), 9);
    const int64_t nanoseconds = RubyToInteger({digits.data(), size}).value_or(0);
    const int64_t carry = nanoseconds > INT32_MAX ? nanoseconds / 1'000'000'000 : 0;
    time = {*seconds + carry, static_cast<int32_t>(nanoseconds - carry * 1'000'000'000)};
    return nullptr;
  }

 private:
  const char* ReadFormat(std::string_view value, EventTime& time) const {
    if (fast_ != nullptr && value.size() >= fast_bytes_min_ && value.size() <= fast_bytes_max_ &&
        !(fast_without_fraction_ && At(value, 19) == '.') && fast_(value, time)) {
      return nullptr;
    }
    TimeFields fields;
    if (!format_->Parse(value, fields)) {
      return format_->dialect() == StrptimeFormat::Dialect::kGem
                 ? kNoMatch
                 : "invalid date or strptime format";
    }
    ResolvedTime resolved;
    const char* why = format_->dialect() == StrptimeFormat::Dialect::kGem
                          ? resolver_->ResolveGem(fields, resolved)
                          : resolver_->ResolveStrptime(fields, resolved);
    if (why == nullptr) time = InZone(resolved);
    return why;
  }

  // What the clock showed, read again in the zone that the configuration names.
  EventTime InZone(const ResolvedTime& resolved) const {
    if (!zone_) return resolved.time;
    return {zone_->ToUtc(resolved.time.sec + resolved.offset), resolved.time.nsec};
  }

  const char* ReadIso(std::string_view value, EventTime& time) const {
    if (ParseRfc3339(value, time)) return nullptr;
    TimeFields fields;
    if (!ReadIso8601(value, fields)) return "invalid xmlschema format";
    if (const char* why = CheckIsoRanges(fields)) return why;
    ResolvedTime resolved;
    const char* why = resolver_->ResolveStrptime(fields, resolved);
    if (why == nullptr) time = resolved.time;
    return why;
  }

  const char* ReadGuess(std::string_view value, EventTime& time) {
    if (ParseRfc3339(value, time)) return nullptr;
    TimeFields fields;
    guesser_.Guess(value, fields);
    ResolvedTime resolved;
    const char* why = resolver_->MakeTime(fields, resolved);
    if (why == nullptr) time = resolved.time;
    return why;
  }

  using FastParser = bool (*)(std::string_view, EventTime&);

  Kind kind_;
  const TimeResolver* resolver_;
  std::optional<StrptimeFormat> format_;
  std::optional<TimeZone> zone_;
  FastParser fast_ = nullptr;
  size_t fast_bytes_min_ = 0;
  size_t fast_bytes_max_ = SIZE_MAX;
  bool fast_without_fraction_ = false;
  TimeGuesser guesser_;
};

}  // namespace

struct TimeParser::Impl {
  struct Recent {
    std::array<char, 40> text;
    size_t size = 0;  // 0: empty
    EventTime time;

    bool Holds(std::string_view value) const {
      return size != 0 && value == std::string_view(text.data(), size);
    }
  };

  explicit Impl(TimeResolver time_resolver) : resolver(std::move(time_resolver)) {}

  Status AddFormat(const std::optional<std::string>& format, const TimeOptions& options) {
    const bool localtime = options.localtime && !options.timezone && !options.utc;
    if (!format) {
      if (options.timezone || !localtime) return Fail("specifying timezone requires time format");
      readers.emplace_back(ValueReader::Kind::kGuess, &resolver);
      return {};
    }
    const bool has_zone =
        format->find("%z") != std::string::npos || format->find("%Z") != std::string::npos;
    std::optional<TimeZone> zone;
    if (!has_zone && options.timezone) {
      auto named = TimeZone::FromParameter(*options.timezone);
      if (!named) return tl::make_unexpected(named.error());
      zone = *named;
    } else if (!has_zone && !localtime) {
      zone = TimeZone::Utc();
    }
    if (*format == "%iso8601") {
      readers.emplace_back(ValueReader::Kind::kIso8601, &resolver);
      return {};
    }
    readers.emplace_back(ValueReader::Kind::kFormat, &resolver);
    readers.back().set_format(StrptimeFormat::Compile(*format), std::move(zone));
    return {};
  }

  Status AddMixed(const TimeOptions& options) {
    std::vector<std::string> formats = options.fallbacks;
    if (options.format) formats.insert(formats.begin(), *options.format);
    if (formats.empty()) {
      return Fail("time_type is :mixed but time_format and time_format_fallbacks is empty.");
    }
    for (const std::string& format : formats) {
      if (format == "unixtime" || format == "float") {
        // Fluentd reads both as floats here.
        readers.emplace_back(ValueReader::Kind::kFloat, &resolver);
      } else if (auto added = AddFormat(format, options); !added) {
        return added;
      }
    }
    return {};
  }

  bool ParseText(std::string_view value, EventTime& time) {
    why = nullptr;
    for (ValueReader& reader : readers) {
      if (mixed && reader.numeric() && !RubyFloatAccepts(value)) continue;
      why = reader.Read(value, time);
      if (why == nullptr) return true;
    }
    if (mixed) why = "no format of time_format and time_format_fallbacks fits";
    return false;
  }

  bool ParseNumber(std::string_view text, std::optional<int64_t> integer, EventTime& time) {
    last_value = text;
    for (const ValueReader& reader : readers) {
      if (!reader.numeric()) continue;
      if (unixtime) {
        if (!integer) break;
        time = {*integer, 0};
        return true;
      }
      why = ValueReader::ReadFloat(text, time);
      if (why == nullptr) return true;
    }
    why = unixtime ? "number out of range" : "value must be string";
    return false;
  }

  TimeResolver resolver;
  std::vector<ValueReader> readers;
  bool mixed = false;
  bool unixtime = false;
  std::array<Recent, 2> recent;
  size_t oldest = 0;
  const char* why = nullptr;
  std::string last_value;  // for error()
};

TimeParser::TimeParser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TimeParser::TimeParser(TimeParser&&) noexcept = default;
TimeParser& TimeParser::operator=(TimeParser&&) noexcept = default;
TimeParser::~TimeParser() = default;

Result<TimeParser> TimeParser::Create(const TimeOptions& options, Clock now) {
  auto impl = std::make_unique<Impl>(TimeResolver(TimeZone::Local(), std::move(now)));
  if (options.timezone) {
    if (auto zone = TimeZone::FromParameter(*options.timezone); !zone) {
      return tl::make_unexpected(zone.error());
    }
  }
  Status added;
  switch (options.type) {
    case TimeType::kString:
      added = impl->AddFormat(options.format, options);
      break;
    case TimeType::kUnixtime:
      impl->unixtime = true;
      impl->readers.emplace_back(ValueReader::Kind::kUnixtime, &impl->resolver);
      break;
    case TimeType::kFloat:
      impl->readers.emplace_back(ValueReader::Kind::kFloat, &impl->resolver);
      break;
    case TimeType::kMixed:
      impl->mixed = true;
      added = impl->AddMixed(options);
      break;
  }
  if (!added) return tl::make_unexpected(added.error());
  return TimeParser(std::move(impl));
}

bool TimeParser::Parse(std::string_view value, EventTime& time) {
  Impl& impl = *impl_;
  for (const Impl::Recent& entry : impl.recent) {
    if (entry.Holds(value)) {
      time = entry.time;
      return true;
    }
  }
  EventTime parsed;
  if (!impl.ParseText(value, parsed)) {
    impl.last_value = value;
    return false;
  }
  time = parsed;
  if (value.size() <= sizeof(Impl::Recent::text)) {
    Impl::Recent& entry = impl.recent[impl.oldest];
    impl.oldest ^= 1;
    std::copy(value.begin(), value.end(), entry.text.begin());
    entry.size = value.size();
    entry.time = parsed;
  }
  return true;
}

bool TimeParser::Parse(int64_t value, EventTime& time) {
  return impl_->ParseNumber(std::to_string(value), value, time);
}

bool TimeParser::Parse(double value, EventTime& time) {
  std::optional<int64_t> integer;
  if (value > -9.2e18 && value < 9.2e18) integer = static_cast<int64_t>(value);
  return impl_->ParseNumber(RubyFloatToString(value), integer, time);
}

std::string TimeParser::error() const {
  const Impl& impl = *impl_;
  if (impl.why == nullptr) return "";
  const std::string_view why = impl.why;
  if (why == "value must be string") return "value must be string: " + impl.last_value;
  return "invalid time format: value = " + impl.last_value + ", error = " + std::string(why);
}

}  // namespace tailrace::text
