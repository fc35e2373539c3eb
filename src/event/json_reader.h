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

// Eight bytes that tell most keys apart; equal for equal keys. Eight bytes from `key` on are read.
uint64_t KeySignature(const char* key, size_t size);
// False only if no two are equal.
bool MayRepeat(const uint64_t* signatures, size_t count);

class Reader {
 public:
  // Indexes `text`, which has no white space around it and ends in its closing bracket.
  bool Start(std::string_view text);

  // Reads the members of the object that is the whole text into `fields()`.
  bool ReadObject(Arena& arena);
  // Checks the object or array that is the whole text.
  bool SkipAll();

  std::vector<Field>& fields() { return fields_; }
  // What was met in the nested value that was read last (SkipAll: in the whole).
  bool nested_unclean() const { return nested_blank_ || nested_repeat_; }

 private:
  const char* ReadMember(const char* at, Arena& arena);
  const char* ReadNested(const char* at, Field& field, Arena& arena);
  bool ReadKey(const char* at, Field& field, Arena& arena);
  const char* SkipString(const char* at);
  const char* SkipObject(const char* at, int depth);
  const char* SkipArray(const char* at, int depth);
  const char* SkipValue(const char* at, int depth);
  const char* SkipBlanks(const char* at);
  bool CheckEscapes(const char* end);
  bool TakeEscapes(uint32_t end, bool* has_escape);
  void DropRepeats();

  Index index_;
  const char* text_ = nullptr;
  const char* end_ = nullptr;
  const uint32_t* quote_ = nullptr;   // next in the index
  const uint32_t* escape_ = nullptr;  // next in the index
  bool nested_blank_ = false;
  bool nested_repeat_ = false;
  std::vector<Field> fields_;
  std::vector<uint64_t> signatures_;  // of the keys of the objects being read, outer ones first
};

}  // namespace tailrace::json
