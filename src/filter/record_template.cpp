// SPDX-License-Identifier: Apache-2.0
#include "filter/record_template.h"

#include <algorithm>
#include <charconv>

#include "event/json.h"
#include "event/value.h"

namespace tailrace {
namespace {

using config::HashItems;
using RubyValue = config::Value;

enum Variable { kRecord, kTag, kTime, kTagParts, kTagPrefix, kTagSuffix, kHostname };

std::vector<std::string> SplitTag(std::string_view tag) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (begin <= tag.size()) {
    const size_t dot = std::min(tag.find('.', begin), tag.size());
    parts.emplace_back(tag.substr(begin, dot - begin));
    begin = dot + 1;
  }
  // Ruby's split gives no empty parts at the end.
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

std::string Join(const std::vector<std::string>& parts, size_t first, size_t last) {
  std::string joined;
  for (size_t i = first; i < last; ++i) {
    if (i > first) joined += '.';
    joined += parts[i];
  }
  return joined;
}

bool AllDigits(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Whether Fluentd knows this placeholder without Ruby, and the expression that it stands for.
bool FixedPlaceholder(std::string_view inside, std::string* expression) {
  *expression = inside;
  if (inside == "tag" || inside == "hostname") return true;
  if (inside == "time") {
    *expression = "time.to_s";
    return true;
  }
  for (const std::string_view name : {"tag_parts[", "tag_prefix[", "tag_suffix["}) {
    if (inside.starts_with(name) && inside.ends_with(']')) {
      return AllDigits(inside.substr(name.size(), inside.size() - name.size() - 1));
    }
  }
  constexpr std::string_view kRecordOpen = "record[\"";
  if (!inside.starts_with(kRecordOpen) || !inside.ends_with("\"]")) return false;
  const std::string_view key =
      inside.substr(kRecordOpen.size(), inside.size() - kRecordOpen.size() - 2);
  return key.find('"') == std::string_view::npos;
}

bool IsOldPlaceholder(std::string_view text, size_t at, size_t* end) {
  if (text.substr(at, 2) != "__") return false;
  size_t i = at + 2;
  while (i < text.size() && ((text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_')) ++i;
  // The longest run that ends in two underlines and has a name between.
  if (i - at < 5 || text.substr(i - 2, 2) != "__") return false;
  *end = i;
  return true;
}

}  // namespace

const std::vector<std::string>& TemplateScope::names() {
  static const std::vector<std::string> names = {"record",     "tag",        "time",    "tag_parts",
                                                 "tag_prefix", "tag_suffix", "hostname"};
  return names;
}

TemplateScope::TemplateScope(config::ruby::Host host)
    : host_(std::move(host)), variables_(names().size()) {
  variables_[kHostname] = RubyValue(host_.hostname);
}

RubyValue TemplateScope::TagParts(std::string_view tag) {
  config::Array parts;
  for (std::string& part : SplitTag(tag)) parts.emplace_back(std::move(part));
  return RubyValue::MakeArray(std::move(parts));
}

void TemplateScope::SetTag(std::string_view tag) {
  const auto parts = SplitTag(tag);
  config::Array all, prefixes, suffixes;
  for (size_t i = 0; i < parts.size(); ++i) {
    all.emplace_back(parts[i]);
    prefixes.emplace_back(Join(parts, 0, i + 1));
    suffixes.emplace_back(Join(parts, i, parts.size()));
  }
  variables_[kTag] = RubyValue(tag);
  variables_[kTagParts] = RubyValue::MakeArray(std::move(all));
  variables_[kTagPrefix] = RubyValue::MakeArray(std::move(prefixes));
  variables_[kTagSuffix] = RubyValue::MakeArray(std::move(suffixes));
}

void TemplateScope::SetEvent(EventTime time, RubyValue record) {
  config::TimeValue value;
  value.seconds = time.sec;
  value.nanoseconds = time.nsec;
  const time_t seconds = static_cast<time_t>(time.sec);
  tm local{};
  if (localtime_r(&seconds, &local) != nullptr)
    value.offset = static_cast<int32_t>(local.tm_gmtoff);
  variables_[kTime] = RubyValue(value);
  variables_[kRecord] = std::move(record);
}

Result<RecordTemplate> RecordTemplate::Compile(std::string_view text, const Options& options) {
  // What looks like JSON and is valid is JSON, quoted in the configuration or not.
  if (text.starts_with('{') || text.starts_with('[')) {
    RubyValue json;
    if (config::ParseJson(text, &json)) return OfValue(json, options);
  }
  RecordTemplate made(options);
  if (Status status = made.AddText(text); !status) return tl::unexpected(status.error());
  return made;
}

Result<RecordTemplate> RecordTemplate::OfValue(const RubyValue& value, const Options& options) {
  RecordTemplate made(options);
  if (value.IsText()) {
    if (Status status = made.AddText(value.text()); !status) return tl::unexpected(status.error());
  } else if (value.IsArray()) {
    made.kind_ = Kind::kArray;
    for (const RubyValue& item : value.array()) {
      auto child = OfValue(item, options);
      if (!child) return child;
      made.children_.push_back(std::move(*child));
    }
  } else if (value.IsHash()) {
    made.kind_ = Kind::kHash;
    for (const auto& [key, item] : value.hash().items()) {
      for (const RubyValue* part : {&key, &item}) {
        auto child = OfValue(*part, options);
        if (!child) return child;
        made.children_.push_back(std::move(*child));
      }
    }
  } else {
    made.kind_ = Kind::kConstant;
    made.constant_ = value;
  }
  return made;
}

Status RecordTemplate::AddText(std::string_view text) {
  std::string literal;
  const auto end_literal = [this, &literal] {
    if (literal.empty()) return;
    parts_.push_back({std::exchange(literal, {}), std::nullopt, false});
  };
  for (size_t at = 0; at < text.size();) {
    size_t end = 0;
    if (text.substr(at, 2) == "${") {
      end_literal();
      if (options_.ruby) {
        size_t length = 0;
        auto program = config::ruby::Program::CompileEmbedded(text.substr(at + 2),
                                                              TemplateScope::names(), &length);
        if (!program) return Fail(program.error().message);
        parts_.push_back({{}, std::move(*program), false});
        at += 2 + length + 1;
        continue;
      }
      end = text.find('}', at);
      if (end != std::string_view::npos) {
        if (Status status = AddPlaceholder(text.substr(at + 2, end - at - 2)); !status) {
          return status;
        }
        at = end + 1;
        continue;
      }
    } else if (!options_.ruby && IsOldPlaceholder(text, at, &end)) {
      end_literal();
      parts_.push_back({{}, std::nullopt, true});
      at = end;
      continue;
    }
    literal += text[at++];
  }
  end_literal();
  return {};
}

Status RecordTemplate::AddPlaceholder(std::string_view inside) {
  std::string expression;
  Part part;
  if (FixedPlaceholder(inside, &expression)) {
    auto program = config::ruby::Program::Compile(expression, TemplateScope::names());
    if (!program) return Fail(program.error().message);
    part.program = std::move(*program);
  } else {
    part.unknown = true;
  }
  parts_.push_back(std::move(part));
  return {};
}

bool RecordTemplate::Expand(const TemplateScope& scope, RubyValue* value, std::string* why) const {
  switch (kind_) {
    case Kind::kConstant:
      *value = constant_;
      return true;
    case Kind::kText:
      return ExpandText(scope, value, why);
    case Kind::kArray: {
      config::Array items(children_.size());
      for (size_t i = 0; i < children_.size(); ++i) {
        if (!children_[i].Expand(scope, &items[i], why)) return false;
      }
      *value = RubyValue::MakeArray(std::move(items));
      return true;
    }
    case Kind::kHash: {
      *value = RubyValue::MakeHash();
      for (size_t i = 0; i + 1 < children_.size(); i += 2) {
        RubyValue key, item;
        if (!children_[i].Expand(scope, &key, why)) return false;
        if (!children_[i + 1].Expand(scope, &item, why)) return false;
        value->hash().Set(RubyValue(config::ToText(key)), std::move(item));
      }
      return true;
    }
  }
  return true;
}

bool RecordTemplate::ExpandText(const TemplateScope& scope, RubyValue* value,
                                std::string* why) const {
  const bool typed = parts_.size() == 1 && options_.auto_typecast;
  std::string text;
  for (const Part& part : parts_) {
    RubyValue result;
    if (part.program) {
      const auto outcome = part.program->Run(scope.variables(), scope.host(), &result, why);
      if (outcome == config::ruby::Outcome::kRaised) return false;
    } else if (!part.unknown) {
      result = RubyValue(part.text);
    }
    if (typed) {
      *value = std::move(result);
      return true;
    }
    text += config::ToText(result);
  }
  *value = RubyValue(std::move(text));
  return true;
}

// --- Values
// ----------------------------------------------------------------------------------------

RubyValue ToRuby(const Value& value, Arena& scratch) {
  switch (value.kind) {
    case Kind::kNull:
      return {};
    case Kind::kTrue:
      return RubyValue(true);
    case Kind::kFalse:
      return RubyValue(false);
    case Kind::kNumber: {
      if (!IsInteger(value)) return RubyValue(ToDouble(value).value_or(0));
      if (const auto integer = ToInteger(value)) return RubyValue(*integer);
      return RubyValue(config::BigInteger{std::string(value.bytes())});
    }
    case Kind::kSpecial:
      return RubyValue(ToDouble(value).value_or(0));
    case Kind::kText:
    case Kind::kClean:
    case Kind::kEscaped:
      return RubyValue(ToText(value, scratch));
    case Kind::kObject:
    case Kind::kArray: {
      RubyValue parsed;
      config::ParseJson(value.bytes(), &parsed);
      return parsed;
    }
    case Kind::kTime: {
      const EventTime time = TimeOf(value);
      return RubyValue(config::TimeValue{time.sec, time.nsec, true, 0});
    }
  }
  return {};
}

RubyValue RecordToRuby(const Batch& batch, const Row& row, Arena& scratch) {
  RubyValue record = RubyValue::MakeHash();
  for (const Field& field : batch.fields(row)) {
    record.hash().Set(RubyValue(field.key()), ToRuby(field.value(), scratch));
  }
  return record;
}

Value FromRuby(const RubyValue& value, Arena& arena) {
  if (value.IsNil()) return {};
  if (value.Is<bool>()) return Value::Bool(value.Get<bool>());
  if (value.Is<int64_t>()) return IntegerValue(value.Get<int64_t>(), arena);
  if (value.Is<double>()) return DoubleValue(value.Get<double>(), arena);
  if (value.Is<config::BigInteger>()) {
    return Value::Of(Kind::kNumber, arena.Store(value.Get<config::BigInteger>().digits));
  }
  if (value.Is<config::TimeValue>()) {
    const auto& time = value.Get<config::TimeValue>();
    return TimeValue({time.seconds, time.nanoseconds}, arena);
  }
  if (value.IsArray()) return Value::Of(Kind::kArray, arena.Store(config::ToJson(value)));
  if (value.IsHash()) return Value::Of(Kind::kObject, arena.Store(config::ToJson(value)));
  return Value::Text(arena.Store(config::ToText(value)));
}

void RecordFromRuby(const RubyValue& record, Batch& batch, Row& row) {
  row.count = 0;
  for (const auto& [key, item] : record.hash().items()) {
    const std::string_view name = batch.arena().Store(config::ToText(key));
    batch.Append(row, name, FromRuby(item, batch.arena()), json::IsClean(name));
  }
}

}  // namespace tailrace
