// SPDX-License-Identifier: Apache-2.0
#include "text/time_zone.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <vector>

#include "text/civil_time.h"
#include "text/posix_zone_rule.h"

namespace tailrace::text {

struct TimeZone::Data {
  struct Type {
    int32_t offset = 0;
    bool dst = false;
    std::string name;
  };

  Kind kind = Kind::kUtc;
  std::vector<Type> types;            // kNamed: at least one
  std::vector<int64_t> transitions;   // ascending instants
  std::vector<uint8_t> type_after;    // the type that begins at the transition of the same index
  size_t first_type = 0;              // before the first transition
  std::optional<PosixZoneRule> rule;  // after the last transition
};

namespace {

constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
constexpr size_t kHeaderBytes = 44;

int64_t ReadBigEndian(const unsigned char* bytes, size_t count) {
  uint64_t value = (bytes[0] & 0x80) != 0 ? ~uint64_t{0} : 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return static_cast<int64_t>(value);
}

struct TzifHeader {
  size_t utc_flags = 0;
  size_t standard_flags = 0;
  size_t leaps = 0;
  size_t transitions = 0;
  size_t types = 0;
  size_t name_bytes = 0;

  static std::optional<TzifHeader> Read(std::string_view file, size_t at) {
    if (file.size() < at + kHeaderBytes || file.substr(at, 4) != "TZif") return std::nullopt;
    const auto* counts = reinterpret_cast<const unsigned char*>(file.data()) + at + 20;
    TzifHeader header;
    size_t* const fields[] = {&header.utc_flags,   &header.standard_flags, &header.leaps,
                              &header.transitions, &header.types,          &header.name_bytes};
    for (size_t i = 0; i < 6; ++i) {
      const int64_t count = ReadBigEndian(counts + 4 * i, 4);
      if (count < 0 || count > 65536) return std::nullopt;
      *fields[i] = static_cast<size_t>(count);
    }
    return header;
  }

  size_t BodyBytes(size_t time_bytes) const {
    return transitions * (time_bytes + 1) + types * 6 + name_bytes + leaps * (time_bytes + 4) +
           standard_flags + utc_flags;
  }
};

template <typename Data>
bool ReadTypes(const unsigned char* types, const char* names, const TzifHeader& header,
               Data& data) {
  for (size_t i = 0; i < header.types; ++i) {
    const unsigned char* entry = types + 6 * i;
    if (entry[5] >= header.name_bytes) return false;
    const char* name = names + entry[5];
    data.types.push_back({static_cast<int32_t>(ReadBigEndian(entry, 4)), entry[4] != 0,
                          std::string(name, strnlen(name, header.name_bytes - entry[5]))});
  }
  return !data.types.empty();
}

// RFC 8536: the version 2 block with 64-bit times follows the version 1 block and ends with a rule.
template <typename Data>
bool ReadTzif(std::string_view file, Data& data) {
  auto header = TzifHeader::Read(file, 0);
  if (!header) return false;
  size_t at = kHeaderBytes;
  size_t time_bytes = 4;
  if (file[4] >= '2') {
    at += header->BodyBytes(4);
    header = TzifHeader::Read(file, at);
    if (!header) return false;
    at += kHeaderBytes;
    time_bytes = 8;
  }
  if (file.size() < at + header->BodyBytes(time_bytes)) return false;
  const auto* times = reinterpret_cast<const unsigned char*>(file.data()) + at;
  const unsigned char* indexes = times + header->transitions * time_bytes;
  const unsigned char* types = indexes + header->transitions;
  const char* names = reinterpret_cast<const char*>(types + header->types * 6);
  if (!ReadTypes(types, names, *header, data)) return false;
  for (size_t i = 0; i < header->transitions; ++i) {
    if (indexes[i] >= data.types.size()) return false;
    data.transitions.push_back(ReadBigEndian(times + i * time_bytes, time_bytes));
    data.type_after.push_back(indexes[i]);
  }
  if (!std::is_sorted(data.transitions.begin(), data.transitions.end())) return false;
  if (time_bytes == 8) {
    std::string_view footer = file.substr(at + header->BodyBytes(8));
    if (footer.size() >= 2 && footer.front() == '\n') {
      footer.remove_prefix(1);
      data.rule = PosixZoneRule::Parse(footer.substr(0, footer.find('\n')));
    }
  }
  const auto standard = std::find_if(data.types.begin(), data.types.end(),
                                     [](const auto& type) { return !type.dst; });
  data.first_type =
      standard == data.types.end() ? 0 : static_cast<size_t>(standard - data.types.begin());
  return true;
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string content((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (!stream && !stream.eof()) return std::nullopt;
  return content;
}

std::string ZoneDirectory() {
  const char* directory = std::getenv("TZDIR");
  return directory != nullptr && *directory != '\0' ? directory : "/usr/share/zoneinfo";
}

ZonePeriod PeriodByRule(const PosixZoneRule& rule, int64_t utc, int64_t not_before) {
  ZonePeriod standard{not_before, kMax, rule.standard_offset, false, rule.standard_name};
  if (rule.dst_name.empty()) return standard;
  // The changes of three years surround every instant of the middle one.
  const int64_t year = CivilFromSeconds(utc + rule.standard_offset).year;
  struct Change {
    int64_t at;
    bool to_dst;
  };
  std::array<Change, 6> changes{};
  for (size_t i = 0; i < 3; ++i) {
    const int64_t y = year - 1 + static_cast<int64_t>(i);
    changes[2 * i] = {rule.dst_begin.LocalSeconds(y) - rule.standard_offset, true};
    changes[2 * i + 1] = {rule.dst_end.LocalSeconds(y) - rule.dst_offset, false};
  }
  std::sort(changes.begin(), changes.end(),
            [](const Change& a, const Change& b) { return a.at < b.at; });
  const auto next = std::upper_bound(changes.begin(), changes.end(), utc,
                                     [](int64_t t, const Change& c) { return t < c.at; });
  if (next == changes.begin() || next == changes.end()) return standard;
  const Change& current = *(next - 1);
  ZonePeriod period{std::max(current.at, not_before), next->at, rule.standard_offset, false,
                    rule.standard_name};
  if (current.to_dst) {
    period.offset = rule.dst_offset;
    period.dst = true;
    period.name = rule.dst_name;
  }
  return period;
}

}  // namespace

TimeZone::TimeZone(std::shared_ptr<const Data> data) : data_(std::move(data)) {}

TimeZone TimeZone::Utc() {
  static const auto data = std::make_shared<const Data>();
  return TimeZone(data);
}

TimeZone TimeZone::Fixed(int32_t offset_seconds) {
  auto data = std::make_shared<Data>();
  data->kind = Kind::kFixed;
  data->types.push_back({offset_seconds, false, ""});
  return TimeZone(std::move(data));
}

Result<TimeZone> TimeZone::Named(std::string_view name) {
  const bool escapes = name.empty() || name.find("..") != std::string_view::npos ||
                       name.front() == '/' || name.find('\0') != std::string_view::npos;
  auto data = std::make_shared<Data>();
  data->kind = Kind::kNamed;
  if (!escapes) {
    const std::string path = ZoneDirectory() + "/" + std::string(name);
    const auto file = ReadFile(path);
    if (file && ReadTzif(*file, *data)) return TimeZone(std::move(data));
  }
  return Fail("unknown time zone '" + std::string(name) + "': it is not in " + ZoneDirectory());
}

Result<TimeZone> TimeZone::FromPosixRule(std::string_view rule) {
  auto data = std::make_shared<Data>();
  data->kind = Kind::kNamed;
  data->rule = PosixZoneRule::Parse(rule);
  if (!data->rule) return Fail("'" + std::string(rule) + "' is not a POSIX time zone rule");
  return TimeZone(std::move(data));
}

TimeZone TimeZone::Local() {
  const char* variable = std::getenv("TZ");
  if (variable == nullptr) {
    auto data = std::make_shared<Data>();
    data->kind = Kind::kNamed;
    const auto file = ReadFile("/etc/localtime");
    if (file && ReadTzif(*file, *data)) return TimeZone(std::move(data));
  }
  std::string_view value = variable == nullptr ? "" : variable;
  if (value.starts_with(':')) value.remove_prefix(1);
  if (value.starts_with('/')) {
    auto data = std::make_shared<Data>();
    data->kind = Kind::kNamed;
    const auto file = ReadFile(std::string(value));
    if (file && ReadTzif(*file, *data)) return TimeZone(std::move(data));
  }
  if (auto zone = Named(value)) return *zone;
  if (auto zone = FromPosixRule(value)) return *zone;
  return *FromPosixRule("UTC0");
}

Result<TimeZone> TimeZone::FromParameter(std::string_view value) {
  const auto digit = [&](size_t i) { return value[i] >= '0' && value[i] <= '9'; };
  const bool sign = !value.empty() && (value[0] == '+' || value[0] == '-');
  if (sign && value.size() >= 3 && digit(1) && digit(2)) {
    const size_t minutes_at = value.size() == 6 && value[3] == ':' ? 4 : 3;
    const bool minutes =
        value.size() == minutes_at + 2 && digit(minutes_at) && digit(minutes_at + 1);
    if (minutes || value.size() == 3) {
      int32_t offset = ((value[1] - '0') * 10 + value[2] - '0') * 3600;
      if (minutes) offset += ((value[minutes_at] - '0') * 10 + value[minutes_at + 1] - '0') * 60;
      return Fixed(value[0] == '-' ? -offset : offset);
    }
  }
  // Region/Zone or Region/Zone/Zone.
  const auto slashes = std::count(value.begin(), value.end(), '/');
  const bool parts = value.find("//") == std::string_view::npos && !value.starts_with('/') &&
                     !value.ends_with('/');
  if ((slashes == 1 || slashes == 2) && parts) {
    if (auto zone = Named(value)) return zone;
  }
  return Fail("Unsupported timezone '" + std::string(value) +
              "'; use an offset like +09:00 or a name like Asia/Tokyo");
}

TimeZone::Kind TimeZone::kind() const { return data_->kind; }

ZonePeriod TimeZone::At(int64_t utc) const {
  const Data& data = *data_;
  if (data.kind == Kind::kUtc) return {kMin, kMax, 0, false, "UTC"};
  if (data.kind == Kind::kFixed) return {kMin, kMax, data.types[0].offset, false, ""};
  const auto next = std::upper_bound(data.transitions.begin(), data.transitions.end(), utc);
  const size_t index = static_cast<size_t>(next - data.transitions.begin());
  if (next == data.transitions.end() && data.rule) {
    return PeriodByRule(*data.rule, utc, index == 0 ? kMin : data.transitions.back());
  }
  const auto& type = data.types[index == 0 ? data.first_type : data.type_after[index - 1]];
  return {index == 0 ? kMin : data.transitions[index - 1],
          next == data.transitions.end() ? kMax : *next, type.offset, type.dst, type.name};
}

int64_t TimeZone::ToUtc(int64_t local) const {
  if (data_->kind == Kind::kUtc) return local;
  if (data_->kind == Kind::kFixed) return local - data_->types[0].offset;
  // A day before and after are on both sides of any change that matters.
  const int32_t before = At(local - kSecondsPerDay).offset;
  const int32_t after = At(local + kSecondsPerDay).offset;
  const int64_t last = local - after;
  if (At(last).offset == after) return last;
  return local - before;
}

}  // namespace tailrace::text
