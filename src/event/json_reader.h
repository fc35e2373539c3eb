// SPDX-License-Identifier: Apache-2.0
#pragma once
// Second half of reading JSON: walks over an indexed text and checks everything between its
// strings. Internal to event/json_*.cpp; json.h is what others use.
//
// Bounds: a text that ends in the bracket that closes it needs no bounds check per byte. Whatever
// the walk is in the middle of, that bracket stops it: strings were found by the index, numbers,
// literals and white space do not go over a bracket, and after a nested value the walk looks
// whether it has passed the end.

#include <cstdint>
#include <string_view>
#include <vector>

#include "event/json_index.h"
#include "tailrace/batch.h"

namespace tailrace::json {

inline bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
inline bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// One past the number that begins at `at`, or null if none does. Reads until something that cannot
// be part of a number.
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
  const char* ReadMember(const char* at, Field& field, Arena& arena);
  const char* ReadScalar(const char* at, Field& field);
  const char* ReadNested(const char* at, Field& field, Arena& arena);
  void DecodeKey(Field& field, Arena& arena);
  const char* SkipString();
  const char* SkipKey();
  const char* SkipObject(const char* at, int depth);
  const char* SkipArray(const char* at, int depth);
  const char* SkipValue(const char* at, int depth);
  const char* SkipNestedBlanks(const char* at);
  bool TakeEscapes(uint32_t end);

  Index index_;
  // The hash of each key of the objects that are being read, outer ones first. As many as there are
  // strings have room.
  std::vector<uint32_t> hashes_;
  const char* text_ = nullptr;
  const char* end_ = nullptr;
  const uint32_t* quote_ = nullptr;   // the next string's, in the index
  const uint32_t* escape_ = nullptr;  // the next one, in the index
  uint32_t* hash_ = nullptr;          // where the next one goes
  bool blanks_ = false;
  bool repeats_ = false;
};

}  // namespace tailrace::json
