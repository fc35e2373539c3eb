// SPDX-License-Identifier: Apache-2.0
#pragma once
// Values as record_modifier has them: a text in which ${...} is any expression of the Ruby subset.
// One expression alone keeps its type; among other text it is what Ruby makes of a text in double
// quotes. Expressions see `record`, `tag`, `time` (an EventTime: seconds, with nsec) and
// `tag_parts`.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/ruby/program.h"
#include "config/value.h"
#include "tailrace/batch.h"
#include "tailrace/plugin.h"
#include "tailrace/result.h"

namespace tailrace {

// What has to be made ready for expressions, so that the rest is not.
struct DynamicUses {
  bool record = false;
  bool tag_parts = false;
  bool changes_record = false;
  DynamicUses& operator|=(const DynamicUses& other) {
    record = record || other.record;
    tag_parts = tag_parts || other.tag_parts;
    changes_record = changes_record || other.changes_record;
    return *this;
  }
};

// What the expressions of one plugin refer to. Worker thread.
class DynamicScope {
 public:
  explicit DynamicScope(PluginEnv& env);

  // Runs prepare_value: statements `@name = expression` and `require`. Reports what it does not
  // understand.
  void Prepare(std::string_view statements, PluginEnv& env);

  void BeginBatch(const Batch& batch, const DynamicUses& uses);
  void BeginEvent(Batch& batch, const Row& row, const DynamicUses& uses);
  // Keeps `record` in step with what was set in the event.
  void SetRecordField(const std::string& key, config::Value value);
  // Makes the event what the expressions made of `record`.
  void WriteBack(Batch& batch, Row& row) const;
  // A result as a field's value, its bytes in the arena.
  static Value Convert(const config::Value& value, Arena& arena);

  const std::vector<std::string>& names() const { return names_; }
  const std::vector<config::Value>& variables() const { return variables_; }
  const config::ruby::Host& host() const { return host_; }

 private:
  config::ruby::Host host_;
  std::vector<std::string> names_;
  std::vector<config::Value> variables_;
};

class DynamicValue {
 public:
  // Expressions see the names of `scope`, those of Prepare() included.
  static Result<DynamicValue> Compile(std::string_view text, const DynamicScope& scope);

  // A text without expressions.
  bool fixed() const { return !program_.has_value(); }
  const std::string& text() const { return text_; }
  Value fixed_value() const { return Value::Text(text_); }
  const DynamicUses& uses() const { return uses_; }
  // False if the expression raised; `why` says what.
  bool Expand(const DynamicScope& scope, config::Value* value, std::string* why) const;

 private:
  std::string text_;
  std::optional<config::ruby::Program> program_;
  DynamicUses uses_;
};

}  // namespace tailrace
