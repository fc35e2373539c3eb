// SPDX-License-Identifier: Apache-2.0
#pragma once
// Second half of reading JSON: walks over an indexed text and checks everything between its
// strings. Internal to event/json_*.cpp; json.h is what others use.
//
// Bounds: a text that ends in the bracket that closes it needs no bounds check per byte. Whatever
// the walk is in the middle of, that bracket stops it: strings were found by the index, numbers,
// literals and white space do not go over a bracket, and after a nested value the walk looks
// whether it has passed the end.

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "event/json_index.h"
#include "tailrace/batch.h"

namespace tailrace::json {

inline bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// One past the number that begins at `at`, or null if none does. Reads until something that cannot
// be part of a number, sixteen bytes at a time.
const char* SkipNumber(const char* at);

class Reader {
 public:
  // Indexes `text`, which has no white space around it and ends in its closing bracket.
  bool Start(std::string_view text);

  // Appends the members of the object that is the whole text to `row`, unless it is not valid.
  bool ReadObject(Batch& batch, Row& row);
  // Checks the object or array that is the whole text.
  bool SkipAll();

  // Whether the nested value that was read last (SkipAll: the whole) must be written anew: it has
  // white space or repeated keys.
  bool unclean() const { return blanks_ || repeats_; }

 private:
  // Where a walk is in the lists. Kept in registers while it goes on, hence passed about.
  struct Walk {
    const uint32_t* quote;   // the next string's opening one
    const uint32_t* escape;  // the next one
    uint32_t* hash;          // where the next key's goes
  };
  // An object or array that a walk is in.
  struct Level {
    uint32_t* hashes;  // of the keys so far
    bool object;
  };
  // Key hashes of an object without repeated keys: the next one with the same need not be searched.
  struct Shape {
    static constexpr size_t kKeysMax = 32;
    uint32_t count = 0;
    uint32_t hashes[kKeysMax];
  };

  bool ReadKey(const char*& at, Field& field, Walk& walk, Arena& arena);
  bool ReadValue(const char*& at, Field& field, Walk& walk, Arena& arena);
  bool ReadNested(const char*& at, Field& field, Walk& walk, Arena& arena);
  bool SkipKey(const char*& at, Walk& walk);
  bool SkipString(const char*& at, Walk& walk);
  const char* SkipNested(const char* at, size_t depth);
  const char* SkipNestedBlanks(const char* at);
  uint32_t HashEscapedKey(const char* key, uint32_t size);
  const uint32_t* TakeEscapes(const uint32_t* escape, uint32_t end) const;
  bool HasRepeats(const uint32_t* hashes, const uint32_t* end);

  static constexpr size_t kShapes = 16;

  Index index_;
  Walk walk_{};  // handed to and from SkipNested
  // The hash of each key of the objects that are being read, outer ones first. As many as there are
  // strings have room.
  std::vector<uint32_t> hashes_;
  std::vector<Level> levels_;
  const char* text_ = nullptr;
  const char* end_ = nullptr;
  bool blanks_ = false;
  bool repeats_ = false;
  std::array<Shape, kShapes> shapes_;
};

}  // namespace tailrace::json
