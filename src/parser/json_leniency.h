// SPDX-License-Identifier: Apache-2.0
#pragma once
// What Fluentd's JSON engines accept beyond RFC 8259, rewritten into valid JSON: a slow path for
// lines that the strict reader (event/json.h) has refused.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tailrace/arena.h"
#include "tailrace/batch.h"

namespace tailrace::parser {

enum class JsonLeniency : uint8_t {
  // NaN, Infinity, control characters in strings, comments before and between values. Bytes that
  // are
  // not UTF-8 and lone surrogates, which oj passes on as they are, become U+FFFD.
  kOj,
  kYajl,  // comments before and between values; a lone surrogate becomes '?'
  kJson,  // comments before and between values
};

class LenientJson {
 public:
  // True if `text` is one value for this engine. text() is then a valid form of it in the arena.
  bool Read(std::string_view text, JsonLeniency leniency, Arena& arena);

  std::string_view text() const { return text_; }
  bool is_object() const { return !text_.empty() && text_.front() == '{'; }
  bool is_array() const { return !text_.empty() && text_.front() == '['; }
  // Numbers that JSON cannot say stand as null in text(); gives the top-level fields of a row that
  // was parsed from it their values back.
  void RestoreSpecials(Batch& batch, Row& row) const;

 private:
  bool Value(std::string_view in, size_t& at, int depth);
  bool Members(std::string_view in, size_t& at, int depth);
  bool Elements(std::string_view in, size_t& at, int depth);
  bool String(std::string_view in, size_t& at);
  bool Escape(std::string_view in, size_t& at);
  bool Number(std::string_view in, size_t& at);
  bool Word(std::string_view in, size_t& at, int depth);
  bool SkipBlanks(std::string_view in, size_t& at);

  JsonLeniency leniency_ = JsonLeniency::kOj;
  std::string out_;
  std::string_view text_;
  size_t key_at_ = 0;  // where the key of the current top-level member begins in out_, and its end
  size_t key_end_ = 0;
  // Key as written in text_, and its value ("NaN" ...).
  std::vector<std::pair<std::string, std::string_view>> specials_;
};

}  // namespace tailrace::parser
