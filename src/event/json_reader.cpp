// SPDX-License-Identifier: Apache-2.0
#include "event/json_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "event/json.h"
#include "event/json_string.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace tailrace::json {
namespace {

uint64_t Load8(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

bool IsWord4(const char* at, const char* word) { return std::memcmp(at, word, 4) == 0; }

// Equal for equal keys; different keys share one now and then. Reads eight bytes from `key` on.
uint32_t HashKey(const char* key, uint32_t size) {
  constexpr uint64_t kFirst = 0x9e3779b97f4a7c15u;
  constexpr uint64_t kSecond = 0xc2b2ae3d27d4eb4fu;
  uint64_t word = Load8(key);
  if (size < 8) {
    word &= (uint64_t{1} << (8 * size)) - 1;
  } else {
    for (uint32_t at = 8; at + 8 < size; at += 8) {
      word = std::rotl(word * kSecond, 31) ^ Load8(key + at);
    }
    word = std::rotl(word * kSecond, 31) ^ Load8(key + size - 8);
  }
  return static_cast<uint32_t>(((word + size) * kFirst) >> 32);
}

// How many digits there are at `at`, up to 16 where there may be more.
int CountDigits(const char* at) {
#if defined(__x86_64__)
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  return std::countr_one(static_cast<unsigned>(_mm_movemask_epi8(is_digit)));
#else
  int count = 0;
  while (count < 16 && IsDigit(at[count])) ++count;
  return count;
#endif
}

// One past the digits at `at`, or null if there are none.
const char* SkipDigits(const char* at) {
  int count = CountDigits(at);
  if (count == 0) return nullptr;
  at += count;
  while (count == 16) {
    count = CountDigits(at);
    at += count;
  }
  return at;
}

const char* SkipFraction(const char* at) {
  if (*at == '.') {
    at = SkipDigits(at + 1);
    if (at == nullptr) return nullptr;
  }
  if ((*at | 0x20) == 'e') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    at = SkipDigits(at);
  }
  return at;
}

const char* SkipBlanks(const char* at) {
  while (IsBlank(*at)) ++at;
  return at;
}

// Gives each key its first place and its last value. Returns how many fields are left.
uint32_t DropRepeats(Field* fields, uint32_t count) {
  std::unordered_map<std::string_view, Field*> places;
  Field* to = fields;
  for (uint32_t i = 0; i < count; ++i) {
    const auto [place, added] = places.try_emplace(fields[i].key(), to);
    if (added) {
      *to++ = fields[i];
    } else {
      place->second->set_value(fields[i].value());
    }
  }
  return static_cast<uint32_t>(to - fields);
}

}  // namespace

const char* SkipNumber(const char* at) {
  if (*at == '-') ++at;
  const char* const end = SkipDigits(at);
  if (end == nullptr || (*at == '0' && end - at > 1)) return nullptr;
  return *end == '.' || (*end | 0x20) == 'e' ? SkipFraction(end) : end;
}

bool Reader::Start(std::string_view text) {
  if (text.size() >= UINT32_MAX - kPadding || !index_.Build(text)) return false;
  if (index_.non_ascii && !ValidUtf8(text)) return false;
  text_ = text.data();
  end_ = text.data() + text.size();
  quote_ = index_.quotes.data();
  escape_ = index_.escapes.data();
  // A key is a string, so there are no more keys than pairs of quotes.
  const size_t strings = index_.quotes.count() / 2;
  if (hashes_.size() < strings + 4) hashes_.resize(strings * 2 + 4);
  hash_ = hashes_.data();
  blanks_ = repeats_ = false;
  return true;
}

bool Reader::ReadObject(Batch& batch, Row& row) {
  const uint32_t strings = index_.quotes.count() / 2;
  const uint32_t room = std::min<uint32_t>(strings, Batch::kFieldsMax - row.count);
  Field* const first = batch.Room(row, room);
  Field* const limit = first + room;
  Field* field = first;
  const char* at = SkipBlanks(text_ + 1);
  if (*at != '}') {
    while (true) {
      if (field == limit) return false;
      at = ReadMember(at, *field++, batch.arena());
      if (at == nullptr) return false;
      if (IsBlank(*at)) at = SkipBlanks(at);
      if (*at != ',') break;
      ++at;
      if (IsBlank(*at)) at = SkipBlanks(at);
    }
    if (*at != '}') return false;
  }
  if (at + 1 != end_) return false;
  auto count = static_cast<uint32_t>(field - first);
  if (HasRepeat(hashes_.data(), count)) count = DropRepeats(first, count);
  batch.Commit(row, count);
  return true;
}

// Reads `"key":value` and returns one past it, or null.
[[gnu::always_inline]] inline const char* Reader::ReadMember(const char* at, Field& field,
                                                             Arena& arena) {
  if (*at != '"') return nullptr;
  const uint32_t key_end = quote_[1];
  field.key_data = at + 1;
  field.key_size = key_end - quote_[0] - 1;
  field.key_clean = true;
  field.in_place = true;
  quote_ += 2;
  if (*escape_ < key_end) [[unlikely]] {
    if (!TakeEscapes(key_end)) return nullptr;
    DecodeKey(field, arena);
  }
  *hash_++ = HashKey(field.key_data, field.key_size);
  at = text_ + key_end + 1;
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
  if (*at == '"') {
    const uint32_t end = quote_[1];
    field.value_data = at + 1;
    field.value_size = end - quote_[0] - 1;
    field.kind = Kind::kClean;
    quote_ += 2;
    if (*escape_ < end) [[unlikely]] {
      if (!TakeEscapes(end)) return nullptr;
      field.kind = Kind::kEscaped;
    }
    return text_ + end + 1;
  }
  if (*at == '{' || *at == '[') return ReadNested(at, field, arena);
  return ReadScalar(at, field);
}

[[gnu::always_inline]] inline const char* Reader::ReadScalar(const char* at, Field& field) {
  field.value_data = at;
  field.value_size = 0;
  switch (*at) {
    case 't':
      field.kind = Kind::kTrue;
      return IsWord4(at, "true") ? at + 4 : nullptr;
    case 'n':
      field.kind = Kind::kNull;
      return IsWord4(at, "null") ? at + 4 : nullptr;
    case 'f':
      field.kind = Kind::kFalse;
      return IsWord4(at + 1, "alse") ? at + 5 : nullptr;
    default: {
      const char* const end = SkipNumber(at);
      if (end == nullptr) return nullptr;
      field.kind = Kind::kNumber;
      field.value_size = static_cast<uint32_t>(end - at);
      return end;
    }
  }
}

const char* Reader::ReadNested(const char* at, Field& field, Arena& arena) {
  blanks_ = repeats_ = false;
  const bool object = *at == '{';
  const char* const end = object ? SkipObject(at, 2) : SkipArray(at, 2);
  if (end == nullptr || end >= end_) return nullptr;
  const Value value =
      Value::Of(object ? Kind::kObject : Kind::kArray, {at, static_cast<size_t>(end - at)});
  field.kind = value.kind;
  field.value_data = value.data;
  field.value_size = value.size;
  if (unclean()) field.set_value(Rewrite(value, arena));
  return end;
}

void Reader::DecodeKey(Field& field, Arena& arena) {
  const std::string_view key = Unescape(field.key(), arena);
  field.set_key(key, IsClean(key));
}

// Checks the escapes before position `end`.
bool Reader::TakeEscapes(uint32_t end) {
  while (*escape_ < end) {
    const size_t size = EscapeSize(text_ + *escape_, text_ + end);
    if (size == 0) return false;
    escape_ += size > 6 ? 2 : 1;  // a surrogate pair is two escapes that make one
  }
  return true;
}

bool Reader::SkipAll() {
  const char* const end = *text_ == '{' ? SkipObject(text_, 1) : SkipArray(text_, 1);
  return end == end_;
}

const char* Reader::SkipNestedBlanks(const char* at) {
  if (!IsBlank(*at)) return at;
  blanks_ = true;
  return SkipBlanks(at);
}

const char* Reader::SkipString() {
  const uint32_t end = quote_[1];
  quote_ += 2;
  if (*escape_ < end && !TakeEscapes(end)) return nullptr;
  return text_ + end + 1;
}

// A string that is a key: notes its hash.
const char* Reader::SkipKey() {
  const char* const key = text_ + quote_[0] + 1;
  const uint32_t size = quote_[1] - quote_[0] - 1;
  const bool escaped = *escape_ < quote_[1];
  const char* const end = SkipString();
  if (end == nullptr) return nullptr;
  if (escaped) {
    const std::string decoded = UnescapeToPadded({key, size});
    *hash_++ = HashKey(decoded.data(), static_cast<uint32_t>(decoded.size() - kPadding));
  } else {
    *hash_++ = HashKey(key, size);
  }
  return end;
}

const char* Reader::SkipValue(const char* at, int depth) {
  switch (*at) {
    case '"':
      return SkipString();
    case '{':
      return SkipObject(at, depth + 1);
    case '[':
      return SkipArray(at, depth + 1);
    case 't':
      return IsWord4(at, "true") ? at + 4 : nullptr;
    case 'n':
      return IsWord4(at, "null") ? at + 4 : nullptr;
    case 'f':
      return IsWord4(at + 1, "alse") ? at + 5 : nullptr;
    default:
      return SkipNumber(at);
  }
}

const char* Reader::SkipObject(const char* at, int depth) {
  if (depth > kDepthMax) return nullptr;
  uint32_t* const first = hash_;
  at = SkipNestedBlanks(at + 1);
  if (*at == '}') return at + 1;
  while (true) {
    if (*at != '"') return nullptr;
    at = SkipKey();
    if (at == nullptr) return nullptr;
    at = SkipNestedBlanks(at);
    if (*at != ':') return nullptr;
    at = SkipValue(SkipNestedBlanks(at + 1), depth);
    if (at == nullptr || at >= end_) return nullptr;
    at = SkipNestedBlanks(at);
    if (*at != ',') break;
    at = SkipNestedBlanks(at + 1);
  }
  if (*at != '}') return nullptr;
  if (HasRepeat(first, static_cast<size_t>(hash_ - first))) repeats_ = true;
  hash_ = first;
  return at + 1;
}

const char* Reader::SkipArray(const char* at, int depth) {
  if (depth > kDepthMax) return nullptr;
  at = SkipNestedBlanks(at + 1);
  if (*at == ']') return at + 1;
  while (true) {
    at = SkipValue(at, depth);
    if (at == nullptr || at >= end_) return nullptr;
    at = SkipNestedBlanks(at);
    if (*at != ',') break;
    at = SkipNestedBlanks(at + 1);
  }
  return *at == ']' ? at + 1 : nullptr;
}

}  // namespace tailrace::json
