// SPDX-License-Identifier: Apache-2.0
#include "event/json_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "event/json.h"
#include "event/json_sixteen.h"
#include "event/json_string.h"

namespace tailrace::json {
namespace {

inline uint64_t Load8(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

inline bool IsWord4(const char* at, const char* word) { return std::memcmp(at, word, 4) == 0; }

// Equal for equal keys; different keys share one now and then. Reads eight bytes from `key` on.
inline uint32_t HashKey(const char* key, uint32_t size) {
  constexpr uint64_t kFirst = 0x9e3779b97f4a7c15u;
  constexpr uint64_t kSecond = 0xc2b2ae3d27d4eb4fu;
  uint64_t word = Load8(key);
  if (size <= 8) {
    // What is behind the key is shifted out.
    word = size == 0 ? 0 : word << (64 - 8 * size);
  } else {
    for (uint32_t at = 8; at + 8 < size; at += 8) {
      word = std::rotl(word * kSecond, 31) ^ Load8(key + at);
    }
    word = std::rotl(word * kSecond, 31) ^ Load8(key + size - 8);
  }
  return static_cast<uint32_t>(((word + size) * kFirst) >> 32);
}

// One past the digits at `at`; `none` if there are none.
inline const char* SkipDigits(const char* at, const char* none) {
  unsigned count = LeadingDigits(at);
  if (count == 0) return none;
  at += count;
  while (count == kSixteen) {
    count = LeadingDigits(at);
    at += count;
  }
  return at;
}

// A number's fraction, exponent, or both.
inline const char* SkipFraction(const char* at) {
  if (*at == '.') {
    at = SkipDigits(at + 1, nullptr);
    if (at == nullptr) return nullptr;
  }
  if ((*at | 0x20) == 'e') {
    ++at;
    if (*at == '+' || *at == '-') ++at;
    at = SkipDigits(at, nullptr);
  }
  return at;
}

inline const char* SkipBlanks(const char* at) {
  while (IsBlank(*at)) ++at;
  return at;
}

// Faster than a call for the few there are.
inline bool SameHashes(const uint32_t* a, const uint32_t* b, size_t count) {
  uint32_t differ = 0;
  for (size_t i = 0; i < count; ++i) differ |= a[i] ^ b[i];
  return differ == 0;
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

// One past the number that begins at `at`, or null if none does.
inline const char* PassNumber(const char* at) {
  if (*at == '-') ++at;
  const unsigned digits = LeadingDigits(at);
  if (digits == 0 || (*at == '0' && digits > 1)) return nullptr;
  const char* end = at + digits;
  if (digits == kSixteen) [[unlikely]]
    end = SkipDigits(end, end);
  return *end == '.' || (*end | 0x20) == 'e' ? SkipFraction(end) : end;
}

}  // namespace

const char* SkipNumber(const char* at) { return PassNumber(at); }

bool Reader::Start(std::string_view text) {
  if (text.size() >= UINT32_MAX - kPadding || !index_.Build(text)) return false;
  if (index_.non_ascii && !ValidUtf8(text)) return false;
  text_ = text.data();
  end_ = text.data() + text.size();
  // A key is a string, so there are no more keys than pairs of quotes.
  const size_t strings = index_.quotes.count() / 2;
  if (hashes_.size() < strings + 4) hashes_.resize(strings * 2 + 4);
  walk_ = {index_.quotes.data(), index_.escapes.data(), hashes_.data()};
  blanks_ = repeats_ = false;
  return true;
}

bool Reader::ReadObject(Batch& batch, Row& row) {
  const uint32_t strings = index_.quotes.count() / 2;
  const uint32_t room = std::min<uint32_t>(strings, Batch::kFieldsMax - row.count);
  Field* const first = batch.Room(row, room);
  Field* const limit = first + room;
  Field* to = first;
  Walk walk = walk_;
  const char* at = SkipBlanks(text_ + 1);
  if (*at != '}') {
    while (true) {
      Field field;
      if (to == limit || !ReadKey(at, field, walk, batch.arena()) ||
          !ReadValue(at, field, walk, batch.arena())) {
        return false;
      }
      *to++ = field;
      if (IsBlank(*at)) at = SkipBlanks(at);
      if (*at != ',') break;
      ++at;
      if (IsBlank(*at)) at = SkipBlanks(at);
    }
    if (*at != '}') return false;
  }
  if (at + 1 != end_) return false;
  auto count = static_cast<uint32_t>(to - first);
  if (HasRepeats(hashes_.data(), hashes_.data() + count)) count = DropRepeats(first, count);
  batch.Commit(row, count);
  return true;
}

// Reads `"key":` and the white space around it.
[[gnu::always_inline]] inline bool Reader::ReadKey(const char*& at, Field& field, Walk& walk,
                                                   Arena& arena) {
  if (*at != '"') return false;
  const uint32_t end = walk.quote[1];
  field.key_data = at + 1;
  field.key_size = end - walk.quote[0] - 1;
  field.key_clean = field.in_place = true;
  walk.quote += 2;
  at = text_ + end + 1;
  if (*walk.escape < end) [[unlikely]] {
    walk.escape = TakeEscapes(walk.escape, end);
    if (walk.escape == nullptr) return false;
    const std::string_view key = Unescape(field.key(), arena);
    field.set_key(key, IsClean(key));
  }
  *walk.hash++ = HashKey(field.key_data, field.key_size);
  if (*at != ':') {
    at = SkipBlanks(at);
    field.in_place = false;
    if (*at != ':') return false;
  }
  ++at;
  if (IsBlank(*at)) {
    at = SkipBlanks(at);
    field.in_place = false;
  }
  return true;
}

[[gnu::always_inline]] inline bool Reader::ReadValue(const char*& at, Field& field, Walk& walk,
                                                     Arena& arena) {
  field.value_data = at;
  field.value_size = 0;
  switch (*at) {
    case '"': {
      const uint32_t end = walk.quote[1];
      field.value_data = at + 1;
      field.value_size = end - walk.quote[0] - 1;
      field.kind = Kind::kClean;
      walk.quote += 2;
      at = text_ + end + 1;
      if (*walk.escape < end) [[unlikely]] {
        field.kind = Kind::kEscaped;
        walk.escape = TakeEscapes(walk.escape, end);
        return walk.escape != nullptr;
      }
      return true;
    }
    case '{':
    case '[':
      return ReadNested(at, field, walk, arena);
    case 't':
      field.kind = Kind::kTrue;
      at += 4;
      return IsWord4(at - 4, "true");
    case 'n':
      field.kind = Kind::kNull;
      at += 4;
      return IsWord4(at - 4, "null");
    case 'f':
      field.kind = Kind::kFalse;
      at += 5;
      return IsWord4(at - 4, "alse");
    default:
      field.kind = Kind::kNumber;
      at = PassNumber(at);
      field.value_size = static_cast<uint32_t>(at - field.value_data);
      return at != nullptr;
  }
}

[[gnu::always_inline]] inline bool Reader::ReadNested(const char*& at, Field& field, Walk& walk,
                                                      Arena& arena) {
  walk_ = walk;
  blanks_ = repeats_ = false;
  field.kind = *at == '{' ? Kind::kObject : Kind::kArray;
  const char* const end = SkipNested(at, kDepthMax - 1);
  // Not the end of the text: the object around it has to end, too.
  if (end == nullptr || end == end_) return false;
  walk = walk_;
  field.value_size = static_cast<uint32_t>(end - at);
  if (unclean()) field.set_value(Rewrite(field.value(), arena));
  at = end;
  return true;
}

// Checks the escapes before position `end`. The next one, or null.
const uint32_t* Reader::TakeEscapes(const uint32_t* escape, uint32_t end) const {
  while (*escape < end) {
    // The character behind the backslash is in the string: were it the closing quote, it would not
    // be one.
    if (ShortEscape(text_[*escape + 1]) != 0) [[likely]] {
      ++escape;
      continue;
    }
    const size_t size = EscapeSize(text_ + *escape, text_ + end);
    if (size == 0) return nullptr;
    escape += size > 6 ? 2 : 1;  // a surrogate pair is two escapes that make one
  }
  return escape;
}

bool Reader::SkipAll() { return SkipNested(text_, kDepthMax) == end_; }

inline const char* Reader::SkipNestedBlanks(const char* at) {
  if (!IsBlank(*at)) return at;
  blanks_ = true;
  return SkipBlanks(at);
}

[[gnu::always_inline]] inline bool Reader::SkipString(const char*& at, Walk& walk) {
  const uint32_t end = walk.quote[1];
  walk.quote += 2;
  at = text_ + end + 1;
  if (*walk.escape < end) [[unlikely]] {
    walk.escape = TakeEscapes(walk.escape, end);
    return walk.escape != nullptr;
  }
  return true;
}

// Reads `"key":` and the white space around it, and notes the key's hash.
[[gnu::always_inline]] inline bool Reader::SkipKey(const char*& at, Walk& walk) {
  if (*at != '"') return false;
  const char* const key = at + 1;
  const uint32_t size = walk.quote[1] - walk.quote[0] - 1;
  const bool escaped = *walk.escape < walk.quote[1];
  if (!SkipString(at, walk)) return false;
  *walk.hash++ = escaped ? HashEscapedKey(key, size) : HashKey(key, size);
  at = SkipNestedBlanks(at);
  if (*at != ':') return false;
  at = SkipNestedBlanks(at + 1);
  return true;
}

uint32_t Reader::HashEscapedKey(const char* key, uint32_t size) {
  const std::string decoded = UnescapeToPadded({key, size});
  return HashKey(decoded.data(), static_cast<uint32_t>(decoded.size() - kPadding));
}

// Checks the object or array at `at`, which may have `depth` levels. One past its end, or null.
const char* Reader::SkipNested(const char* at, size_t depth) {
  Walk walk = walk_;
  levels_.clear();
  while (true) {
    // At the beginning of a value, or of what should be one.
    bool open = false;
    switch (*at) {
      case '"':
        if (!SkipString(at, walk)) return nullptr;
        break;
      case '{':
      case '[':
        if (levels_.size() == depth) return nullptr;
        levels_.push_back({walk.hash, *at == '{'});
        at = SkipNestedBlanks(at + 1);
        open = true;
        break;
      case 't':
        if (!IsWord4(at, "true")) return nullptr;
        at += 4;
        break;
      case 'n':
        if (!IsWord4(at, "null")) return nullptr;
        at += 4;
        break;
      case 'f':
        if (!IsWord4(at + 1, "alse")) return nullptr;
        at += 5;
        break;
      default:
        at = PassNumber(at);
        if (at == nullptr) return nullptr;
        break;
    }
    // Behind a value, or behind an opening bracket: what ends here, and what comes next.
    while (true) {
      const Level& level = levels_.back();
      if (!open) at = SkipNestedBlanks(at);
      if (!open && *at == ',') {
        at = SkipNestedBlanks(at + 1);
        break;
      }
      if (*at != (level.object ? '}' : ']')) {
        if (!open) return nullptr;
        break;
      }
      if (level.object && HasRepeats(level.hashes, walk.hash)) repeats_ = true;
      walk.hash = level.hashes;
      levels_.pop_back();
      ++at;
      open = false;
      if (levels_.empty()) {
        walk_ = walk;
        return at;
      }
      if (at >= end_) return nullptr;
    }
    if (levels_.back().object && !SkipKey(at, walk)) return nullptr;
  }
}

bool Reader::HasRepeats(const uint32_t* hashes, const uint32_t* end) {
  const auto count = static_cast<size_t>(end - hashes);
  if (count < 2) return false;
  if (count > Shape::kKeysMax) return HasRepeat(hashes, count);
  Shape& shape = shapes_[(hashes[0] ^ hashes[count - 1]) % kShapes];
  if (shape.count == count && SameHashes(shape.hashes, hashes, count)) {
    return false;
  }
  if (HasRepeat(hashes, count)) return true;
  shape.count = static_cast<uint32_t>(count);
  std::memcpy(shape.hashes, hashes, count * sizeof *hashes);
  return false;
}

}  // namespace tailrace::json
