// SPDX-License-Identifier: Apache-2.0
#pragma once
// Chunk placeholders in the parameters of outputs, as Fluentd has them: ${tag}, ${tag[0]},
// ${tag[-1]}, ${key}, ${$.a.b}, ${chunk_id}, and strftime directives for the time slice.
//
// A template is taken apart once, against the chunk keys of its buffer. What a placeholder inserts
// is never looked at again: a tag that contains "${key}" stays as it is.
//
// Immutable once made; threads may share it.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/chunk.h"
#include "tailrace/result.h"
#include "text/strftime.h"
#include "text/time_zone.h"

namespace tailrace::text {

// The chunk keys of a <buffer> section, as far as templates depend on them.
struct ChunkKeySet {
  bool tag = false;
  bool time = false;
  int64_t timekey = 0;  // seconds; 0: not given
  TimeZone timekey_zone = TimeZone::Utc();
  std::vector<std::string> fields{};  // record keys: "k", "$.a.b"
};

// Checks chunk keys themselves: fields must consist of [-_.@a-zA-Z0-9], or be an accessor in dot
// form ($.a.b).
Status ValidateChunkKey(std::string_view key);

class Placeholders {
 public:
  static Placeholders Compile(std::string_view text, const ChunkKeySet& keys);

  // Whether anything in the text depends on the chunk.
  bool is_constant() const;
  const std::string& source() const { return source_; }
  void Expand(const ChunkKey& chunk, std::string_view chunk_id_hex, std::string& out) const;
  std::string Expand(const Chunk& chunk) const;

  // Placeholders of the text that the chunk keys do not cover, for a warning at start ("${user}").
  const std::vector<std::string>& unknown() const { return unknown_; }

 private:
  enum class Part : uint8_t { kText, kTime, kTag, kTagPart, kField, kChunkId };
  struct Segment {
    Part part = Part::kText;
    std::string text{};  // kText, or the field's name
    int tag_part = 0;
    StrftimeFormat time{};
  };

  void AddText(std::string_view text, const ChunkKeySet& keys);
  bool AddPlaceholder(std::string_view name, const ChunkKeySet& keys);

  std::string source_;
  TimeZone zone_ = TimeZone::Utc();
  std::vector<Segment> segments_;
  std::vector<std::string> unknown_;
};

// What Fluentd checks at start for parameters that must fit the chunk keys; the messages are
// Fluentd's, all of them at once. `name` is the parameter.
std::vector<std::string> ValidatePlaceholders(std::string_view name, std::string_view text,
                                              const ChunkKeySet& keys);

}  // namespace tailrace::text
