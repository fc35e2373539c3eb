// SPDX-License-Identifier: Apache-2.0
#include "event/json_reader.h"

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "event/json.h"
#include "event/json_string.h"

namespace tailrace::json {
namespace {

uint64_t Load8(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

uint32_t Load4(const char* bytes) {
  uint32_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

bool IsLiteral4(const char* at, const char* word) { return Load4(at) == Load4(word); }

}  // namespace

const char* SkipNumber(const char* at) {
  if (*at == '-') ++at;
  if (!IsDigit(*at)) return nullptr;
  if (*at == '0' && IsDigit(at[1])) return nullptr;
  while (IsDigit(*at)) ++at;
  if (*at == '.') {
    ++at;
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  if (*at == 'e' || *at == 'E') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    if (!IsDigit(*at)) return nullptr;
    while (IsDigit(*at)) ++at;
  }
  return at;
}

uint64_t KeySignature(const char* key, size_t size) {
  if (size >= 8) {
    const uint64_t mixed = Load8(key) ^ (Load8(key + size - 8) * 0x9e3779b97f4a7c15u);
    return mixed * 0xff51afd7ed558ccdu + size;
  }
  const uint64_t word = Load8(key) & ((uint64_t{1} << (8 * size)) - 1);
  return word * 0xff51afd7ed558ccdu + size;
}

bool MayRepeat(const uint64_t* signatures, size_t count) {
  if (count <= 32) {
    uint64_t repeat = 0;
    for (size_t i = 1; i < count; ++i) {
      for (size_t j = 0; j < i; ++j) repeat |= signatures[i] == signatures[j] ? 1 : 0;
    }
    return repeat != 0;
  }
  std::vector<uint64_t> sorted(signatures, signatures + count);
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end();
}

bool Reader::Start(std::string_view text) {
  text_ = text.data();
  end_ = text.data() + text.size();
  fields_.clear();
  signatures_.clear();
  nested_blank_ = nested_repeat_ = false;
  if (text.size() >= UINT32_MAX - kPadding) return false;
  if (!index_.Build(text)) return false;
  if (index_.non_ascii() && !ValidUtf8(text)) return false;
  quote_ = index_.quotes();
  escape_ = index_.escapes();
  return true;
}

const char* Reader::SkipBlanks(const char* at) {
  while (IsBlank(*at)) ++at;
  return at;
}

// Checks the escapes before position `end`. `has_escape` says whether there are any.
bool Reader::TakeEscapes(uint32_t end, bool* has_escape) {
  *has_escape = *escape_ < end;
  while (*escape_ < end) {
    const char* at = text_ + *escape_;
    const size_t size = EscapeSize(at, text_ + end);
    if (size == 0) return false;
    ++escape_;
    // The second half of a surrogate pair belongs to this escape.
    if (size > 6) ++escape_;
  }
  return true;
}

const char* Reader::SkipString(const char*) {
  const uint32_t close = quote_[1];
  quote_ += 2;
  bool has_escape;
  if (!TakeEscapes(close, &has_escape)) return nullptr;
  return text_ + close + 1;
}

const char* Reader::SkipValue(const char* at, int depth) {
  switch (*at) {
    case '"':
      return SkipString(at);
    case '{':
      return SkipObject(at, depth + 1);
    case '[':
      return SkipArray(at, depth + 1);
    case 't':
      return IsLiteral4(at, "true") ? at + 4 : nullptr;
    case 'n':
      return IsLiteral4(at, "null") ? at + 4 : nullptr;
    case 'f':
      return IsLiteral4(at + 1, "alse") ? at + 5 : nullptr;
    default:
      return SkipNumber(at);
  }
}

const char* Reader::SkipObject(const char* at, int depth) {
  if (depth > kDepthMax) return nullptr;
  ++at;
  const size_t first_key = signatures_.size();
  auto blanks = [this](const char* from) {
    const char* to = SkipBlanks(from);
    if (to != from) nested_blank_ = true;
    return to;
  };
  at = blanks(at);
  if (*at == '}') return at + 1;
  while (true) {
    if (*at != '"' || at >= end_) return nullptr;
    const char* key = at + 1;
    const uint32_t close = quote_[1];
    quote_ += 2;
    bool has_escape;
    if (!TakeEscapes(close, &has_escape)) return nullptr;
    const auto size = static_cast<size_t>(text_ + close - key);
    if (has_escape) {
      const std::string decoded = UnescapeToPadded({key, size});
      signatures_.push_back(KeySignature(decoded.data(), decoded.size() - kPadding));
    } else {
      signatures_.push_back(KeySignature(key, size));
    }
    at = blanks(text_ + close + 1);
    if (*at != ':') return nullptr;
    at = SkipValue(blanks(at + 1), depth);
    if (at == nullptr || at >= end_) return nullptr;
    at = blanks(at);
    if (*at == '}') break;
    if (*at != ',') return nullptr;
    at = blanks(at + 1);
  }
  if (MayRepeat(signatures_.data() + first_key, signatures_.size() - first_key)) {
    nested_repeat_ = true;
  }
  signatures_.resize(first_key);
  return at + 1;
}

const char* Reader::SkipArray(const char* at, int depth) {
  if (depth > kDepthMax) return nullptr;
  ++at;
  auto blanks = [this](const char* from) {
    const char* to = SkipBlanks(from);
    if (to != from) nested_blank_ = true;
    return to;
  };
  at = blanks(at);
  if (*at == ']') return at + 1;
  while (true) {
    at = SkipValue(at, depth);
    if (at == nullptr || at >= end_) return nullptr;
    at = blanks(at);
    if (*at == ']') return at + 1;
    if (*at != ',') return nullptr;
    at = blanks(at + 1);
  }
}

const char* Reader::ReadNested(const char* at, Field& field, Arena& arena) {
  nested_blank_ = nested_repeat_ = false;
  const bool object = *at == '{';
  const char* after = object ? SkipObject(at, 2) : SkipArray(at, 2);
  if (after == nullptr || after >= end_) return nullptr;
  Value value =
      Value::Of(object ? Kind::kObject : Kind::kArray, {at, static_cast<size_t>(after - at)});
  if (nested_unclean()) value = Rewrite(value, arena);
  field.value_data = value.data;
  field.value_size = value.size;
  field.kind = value.kind;
  if (nested_unclean()) field.in_place = false;
  return after;
}

const char* Reader::ReadMember(const char* at, Arena& arena) {
  if (*at != '"' || at >= end_) return nullptr;
  Field field;
  field.key_data = at + 1;
  const uint32_t close = quote_[1];
  field.key_size = static_cast<uint32_t>(text_ + close - field.key_data);
  quote_ += 2;
  bool has_escape;
  if (!TakeEscapes(close, &has_escape)) return nullptr;
  field.key_clean = field.in_place = true;
  if (has_escape) {
    const std::string_view key = Unescape(field.key(), arena);
    field.set_key(key, IsClean(key));
  }
  signatures_.push_back(KeySignature(field.key_data, field.key_size));
  at = text_ + close + 1;
  if (*at != ':') {
    at = SkipBlanks(at);
    field.in_place = false;
    if (*at != ':') return nullptr;
  }
  ++at;
  if (IsBlank(*at)) {
    at = SkipBlanks(at);
    field.in_place = false;
  }
  const char* after;
  switch (*at) {
    case '"': {
      const uint32_t end = quote_[1];
      quote_ += 2;
      if (!TakeEscapes(end, &has_escape)) return nullptr;
      field.value_data = at + 1;
      field.value_size = static_cast<uint32_t>(text_ + end - field.value_data);
      field.kind = has_escape ? Kind::kEscaped : Kind::kClean;
      after = text_ + end + 1;
      break;
    }
    case '{':
    case '[':
      after = ReadNested(at, field, arena);
      break;
    case 't':
      field.kind = Kind::kTrue;
      field.value_data = at;
      after = IsLiteral4(at, "true") ? at + 4 : nullptr;
      break;
    case 'n':
      field.kind = Kind::kNull;
      field.value_data = at;
      after = IsLiteral4(at, "null") ? at + 4 : nullptr;
      break;
    case 'f':
      field.kind = Kind::kFalse;
      field.value_data = at;
      after = IsLiteral4(at + 1, "alse") ? at + 5 : nullptr;
      break;
    default:
      after = SkipNumber(at);
      field.kind = Kind::kNumber;
      field.value_data = at;
      field.value_size = static_cast<uint32_t>(after - at);
      break;
  }
  fields_.push_back(field);
  return after;
}

bool Reader::ReadObject(Arena& arena) {
  const char* at = SkipBlanks(text_ + 1);
  if (*at == '}') return at + 1 == end_;
  while (true) {
    at = ReadMember(at, arena);
    if (at == nullptr) return false;
    if (IsBlank(*at)) at = SkipBlanks(at);
    if (*at == '}') break;
    if (*at != ',') return false;
    ++at;
    if (IsBlank(*at)) at = SkipBlanks(at);
  }
  if (at + 1 != end_) return false;
  if (MayRepeat(signatures_.data(), signatures_.size())) DropRepeats();
  return fields_.size() <= Batch::kFieldsMax;
}

bool Reader::SkipAll() {
  const char* after = *text_ == '{' ? SkipObject(text_, 1) : SkipArray(text_, 1);
  return after == end_;
}

// Gives each key its first place and its last value.
void Reader::DropRepeats() {
  std::unordered_map<std::string_view, size_t> places;
  size_t kept = 0;
  for (const Field& field : fields_) {
    const auto [place, added] = places.try_emplace(field.key(), kept);
    if (added) {
      fields_[kept++] = field;
    } else {
      fields_[place->second].set_value(field.value());
    }
  }
  fields_.resize(kept);
}

}  // namespace tailrace::json
