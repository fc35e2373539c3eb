// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values with placeholders, as record_transformer has them in <record>: ${tag}, ${tag_parts[n]},
// ${record["key"]} and so on, or with enable_ruby any expression of the Ruby subset.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/ruby/program.h"
#include "config/value.h"
#include "tailrace/batch.h"
#include "tailrace/result.h"

namespace tailrace {

// What placeholders refer to, for one event. Tag parts are made once per batch.
class TemplateScope {
 public:
  explicit TemplateScope(config::ruby::Host host);

  void SetTag(std::string_view tag);
  // `record` is what expressions see and may change.
  void SetEvent(EventTime time, config::Value record);

  const std::vector<config::Value>& variables() const { return variables_; }
  const config::ruby::Host& host() const { return host_; }
  static const std::vector<std::string>& names();
  // tag.split('.')
  static config::Value TagParts(std::string_view tag);

 private:
  config::ruby::Host host_;
  std::vector<config::Value> variables_;
};

class RecordTemplate {
 public:
  struct Options {
    bool ruby = false;          // any expression; otherwise only Fluentd's fixed placeholders
    bool auto_typecast = true;  // a value that is one placeholder keeps its type
  };
  // `text` as it stands in the configuration; JSON objects and arrays are expanded within. An error
  // names the construct that is not understood.
  static Result<RecordTemplate> Compile(std::string_view text, const Options& options);

  // False if an expression raised; `why` says what.
  bool Expand(const TemplateScope& scope, config::Value* value, std::string* why) const;

 private:
  struct Part {
    std::string text;  // literal, where there is no program
    std::optional<config::ruby::Program> program;
    bool unknown = false;  // a placeholder that means nothing: nil
  };
  enum class Kind : uint8_t { kText, kHash, kArray, kConstant };

  explicit RecordTemplate(const Options& options) : options_(options) {}
  static Result<RecordTemplate> OfValue(const config::Value& value, const Options& options);
  Status AddText(std::string_view text);
  Status AddPlaceholder(std::string_view inside);
  bool ExpandText(const TemplateScope& scope, config::Value* value, std::string* why) const;

  Options options_;
  Kind kind_ = Kind::kText;
  std::vector<Part> parts_;               // kText
  std::vector<RecordTemplate> children_;  // kArray: elements; kHash: key, value, key, value …
  config::Value constant_;
};

// Between events and the values of expressions.
config::Value ToRuby(const Value& value, Arena& scratch);
config::Value RecordToRuby(const Batch& batch, const Row& row, Arena& scratch);
// Bytes in the arena.
Value FromRuby(const config::Value& value, Arena& arena);
void RecordFromRuby(const config::Value& record, Batch& batch, Row& row);

}  // namespace tailrace
