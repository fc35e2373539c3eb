// SPDX-License-Identifier: Apache-2.0
#include "text/placeholders.h"

#include <algorithm>
#include <optional>
#include <set>

#include "text/strptime_words.h"
#include "text/time_format.h"

namespace tailrace::text {
namespace {

bool IsKeyCharacter(char c) {
  return IsAlpha(c) || IsDigit(c) || c == '-' || c == '_' || c == '.' || c == '@';
}

// ${...} with a key, a tag part or nothing that Fluentd knows.
struct FoundPlaceholder {
  size_t begin = 0;
  size_t end = 0;
  std::string_view name;  // without ${ }
  bool tag_part = false;  // tag[n]
};

// [-_.@$a-zA-Z0-9]+ or tag[-?\d+], directly followed by }.
std::optional<FoundPlaceholder> PlaceholderAt(std::string_view text, size_t at) {
  if (text.substr(at, 2) != "${") return std::nullopt;
  const size_t name = at + 2;
  size_t end = name;
  bool tag_part = false;
  if (text.substr(name, 4) == "tag[") {
    end = name + 4;
    if (At(text, end) == '-') ++end;
    const size_t digits = end;
    while (IsDigit(At(text, end))) ++end;
    if (end == digits || At(text, end) != ']') return std::nullopt;
    ++end;
    tag_part = true;
  } else {
    while (IsKeyCharacter(At(text, end)) || At(text, end) == '$') ++end;
    if (end == name) return std::nullopt;
  }
  if (At(text, end) != '}') return std::nullopt;
  return FoundPlaceholder{at, end + 1, text.substr(name, end - name), tag_part};
}

template <typename Visit>
void ForEachPlaceholder(std::string_view text, Visit visit) {
  for (size_t at = 0; at < text.size();) {
    const auto found = PlaceholderAt(text, at);
    if (found) visit(*found);
    at = found ? found->end : at + 1;
  }
}

// The number in "tag[n]"; nothing for forms such as 01 that name no part.
std::optional<int> TagPartIndex(std::string_view name) {
  const std::string digits(name.substr(4, name.size() - 5));
  const bool negative = digits[0] == '-';
  const std::string_view magnitude = std::string_view(digits).substr(negative ? 1 : 0);
  if (magnitude.size() > 6 || (magnitude[0] == '0' && (magnitude.size() > 1 || negative))) {
    return std::nullopt;
  }
  const int value = std::stoi(std::string(magnitude));
  return negative ? -value : value;
}

// Part `index` of a tag, from the end if negative; empty if there is none. Empty parts at the end
// of a tag do not count, as in Ruby's split.
std::string_view TagPart(std::string_view tag, int index) {
  while (tag.ends_with('.')) tag.remove_suffix(1);
  if (tag.empty()) return {};
  const auto parts = static_cast<int>(std::count(tag.begin(), tag.end(), '.')) + 1;
  if (index < 0) index += parts;
  if (index < 0 || index >= parts) return {};
  size_t begin = 0;
  for (; index > 0; --index) begin = tag.find('.', begin) + 1;
  return tag.substr(begin, tag.find('.', begin) - begin);
}

std::string FormatUtc(const StrftimeFormat& format, int64_t seconds) {
  std::string out;
  format.Append(ToWallTime({seconds, 0}, TimeZone::Utc()), out);
  return out;
}

struct TimeUnit {
  int64_t seconds;
  const char* title;
  const char* example;
};

// The smallest unit of time that the text shows.
const TimeUnit* SmallestTimeUnit(std::string_view text) {
  static constexpr TimeUnit kUnits[] = {
      {1, "second", "%S"}, {60, "minute", "%M"}, {3600, "hour", "%H"}, {86400, "day", "%d"}};
  constexpr int64_t kBase = 1451606400;  // 2016-01-01 00:00:00 UTC, as Fluentd
  const StrftimeFormat format = StrftimeFormat::Compile(text);
  const std::string base = FormatUtc(format, kBase);
  for (const TimeUnit& unit : kUnits) {
    if (FormatUtc(format, kBase + unit.seconds) != base) return &unit;
  }
  return nullptr;
}

std::string Join(const std::set<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

void CheckTime(const std::string& parameter, std::string_view text, const ChunkKeySet& keys,
               std::vector<std::string>& problems) {
  const TimeUnit* unit = SmallestTimeUnit(text);
  const bool timekey = keys.time && keys.timekey > 0;
  const std::string key_text = std::to_string(keys.timekey);
  if (unit == nullptr && timekey) {
    problems.push_back(parameter + " doesn't have timestamp placeholders for timekey " + key_text);
  } else if (unit != nullptr && !timekey) {
    problems.push_back(parameter +
                       " has timestamp placeholders, but chunk key 'time' is not configured");
  } else if (unit != nullptr && keys.timekey < unit->seconds) {
    problems.push_back(parameter + " doesn't have timestamp placeholder for " + unit->title + "('" +
                       unit->example + "') for timekey " + key_text);
  }
}

}  // namespace

Status ValidateChunkKey(std::string_view key) {
  if (key.starts_with("$[")) {
    return Fail("in chunk_keys: bracket notation is not allowed: '" + std::string(key) +
                "'; use the dot form $.a.b");
  }
  const std::string_view body = key.starts_with("$.") ? key.substr(2) : key;
  if (body.empty() || !std::all_of(body.begin(), body.end(), IsKeyCharacter)) {
    return Fail("chunk_keys specification includes invalid char: '" + std::string(key) + "'");
  }
  return {};
}

void Placeholders::AddText(std::string_view text, const ChunkKeySet& keys) {
  if (text.empty()) return;
  const bool timed = keys.time && text.find('%') != std::string_view::npos;
  if (timed) {
    segments_.push_back({.part = Part::kTime, .time = StrftimeFormat::Compile(text)});
  } else if (!segments_.empty() && segments_.back().part == Part::kText) {
    segments_.back().text += text;
  } else {
    segments_.push_back({.text = std::string(text)});
  }
}

// False if the text stays as it stands.
bool Placeholders::AddPlaceholder(std::string_view name, const ChunkKeySet& keys) {
  if (name == "chunk_id") {
    segments_.push_back({.part = Part::kChunkId});
    return true;
  }
  if (name == "tag") {
    if (!keys.tag) return false;
    segments_.push_back({.part = Part::kTag});
    return true;
  }
  if (name.starts_with("tag[")) {
    if (!keys.tag) return false;
    if (const auto index = TagPartIndex(name)) {
      segments_.push_back({.part = Part::kTagPart, .tag_part = *index});
    }
    return true;
  }
  if (keys.fields.empty()) return false;
  if (std::find(keys.fields.begin(), keys.fields.end(), name) != keys.fields.end()) {
    segments_.push_back({.part = Part::kField, .text = std::string(name)});
  } else {
    unknown_.push_back("${" + std::string(name) + "}");
  }
  return true;
}

Placeholders Placeholders::Compile(std::string_view text, const ChunkKeySet& keys) {
  Placeholders compiled;
  compiled.source_ = text;
  compiled.zone_ = keys.timekey_zone;
  size_t copied = 0;
  ForEachPlaceholder(text, [&](const FoundPlaceholder& found) {
    const std::string_view before = text.substr(copied, found.begin - copied);
    compiled.AddText(before, keys);
    if (compiled.AddPlaceholder(found.name, keys)) {
      copied = found.end;
    } else {
      compiled.unknown_.push_back("${" + std::string(found.name) + "}");
      copied = found.begin;
      compiled.AddText(text.substr(copied, found.end - copied), keys);
      copied = found.end;
    }
  });
  compiled.AddText(text.substr(copied), keys);
  return compiled;
}

bool Placeholders::is_constant() const {
  return std::all_of(segments_.begin(), segments_.end(),
                     [](const Segment& segment) { return segment.part == Part::kText; });
}

void Placeholders::Expand(const ChunkKey& chunk, std::string_view chunk_id_hex,
                          std::string& out) const {
  for (const Segment& segment : segments_) {
    switch (segment.part) {
      case Part::kText:
        out += segment.text;
        break;
      case Part::kTime:
        segment.time.Append(ToWallTime({chunk.timekey, 0}, zone_), out);
        break;
      case Part::kTag:
        out += chunk.tag;
        break;
      case Part::kTagPart:
        out += TagPart(chunk.tag, segment.tag_part);
        break;
      case Part::kChunkId:
        out += chunk_id_hex;
        break;
      case Part::kField:
        for (const auto& [key, value] : chunk.variables) {
          if (key == segment.text) out += value;
        }
        break;
    }
  }
}

std::string Placeholders::Expand(const Chunk& chunk) const {
  std::string out;
  Expand(chunk.key, chunk.id_hex(), out);
  return out;
}

std::vector<std::string> ValidatePlaceholders(std::string_view name, std::string_view text,
                                              const ChunkKeySet& keys) {
  std::vector<std::string> problems;
  const std::string parameter = "Parameter '" + std::string(name) + ": " + std::string(text) + "'";
  CheckTime(parameter, text, keys, problems);

  bool has_tag = false;
  std::set<std::string> used;
  ForEachPlaceholder(text, [&](const FoundPlaceholder& found) {
    if (found.tag_part || found.name == "tag") {
      has_tag = true;
    } else if (found.name != "chunk_id") {
      used.emplace(found.name);
    }
  });
  if (keys.tag && !has_tag) problems.push_back(parameter + " doesn't have tag placeholder");
  if (!keys.tag && has_tag) {
    problems.push_back(parameter + " has tag placeholders, but chunk key 'tag' is not configured");
  }

  std::set<std::string> missing(keys.fields.begin(), keys.fields.end());
  std::set<std::string> unknown;
  for (const std::string& key : used) {
    if (missing.erase(key) == 0) unknown.insert(key);
  }
  if (!missing.empty()) {
    problems.push_back(parameter + " doesn't have enough placeholders for keys " + Join(missing));
  }
  if (!unknown.empty()) {
    problems.push_back(parameter + " has placeholders, but chunk keys doesn't have keys " +
                       Join(unknown));
  }
  return problems;
}

}  // namespace tailrace::text
