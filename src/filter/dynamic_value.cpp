// SPDX-License-Identifier: Apache-2.0
#include "filter/dynamic_value.h"

#include <algorithm>

#include "filter/record_template.h"

namespace tailrace {
namespace {

enum Variable { kRecord, kTag, kTime, kTagParts };

bool MayChangeRecord(std::string_view text) {
  for (const std::string_view change :
       {".delete", "!", "]=", "] =", ".store", ".clear", ".replace", "<<", ".push", ".update"}) {
    if (text.find(change) != std::string_view::npos) return true;
  }
  return false;
}

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// "@name" in front of a single equals sign; empty if the statement is no such assignment.
std::string_view AssignedName(std::string_view statement, std::string_view* expression) {
  if (!statement.starts_with('@')) return {};
  size_t end = 1;
  while (end < statement.size() &&
         (std::isalnum(static_cast<unsigned char>(statement[end])) != 0 || statement[end] == '_')) {
    ++end;
  }
  const std::string_view rest = Trim(statement.substr(end));
  if (end == 1 || !rest.starts_with('=') || rest.starts_with("==")) return {};
  *expression = Trim(rest.substr(1));
  return statement.substr(0, end);
}

// The statements of `text`: cut at ; and line ends outside quotes and brackets.
std::vector<std::string_view> Statements(std::string_view text) {
  std::vector<std::string_view> statements;
  size_t begin = 0;
  char quote = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ';';
    if (quote != 0) {
      if (c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
      if (i < text.size()) continue;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    }
    if ((quote == 0 && depth <= 0 && (c == ';' || c == '\n')) || i >= text.size()) {
      if (const auto statement = Trim(text.substr(begin, i - begin)); !statement.empty()) {
        statements.push_back(statement);
      }
      begin = i + 1;
    }
  }
  return statements;
}

}  // namespace

DynamicScope::DynamicScope(PluginEnv& env)
    : names_{"record", "tag", "time", "tag_parts"}, variables_(names_.size()) {
  host_.hostname = env.hostname();
  host_.now = [clock = env.clock()] {
    const EventTime now = clock();
    return config::TimeValue{now.sec, now.nsec, false, 0};
  };
}

void DynamicScope::Prepare(std::string_view statements, PluginEnv& env) {
  for (const std::string_view statement : Statements(statements)) {
    std::string_view expression = statement;
    const std::string_view name = AssignedName(statement, &expression);
    auto program = config::ruby::Program::Compile(expression, names_);
    std::string why;
    config::Value value;
    if (!program) {
      why = program.error().message;
    } else if (program->Run(variables_, host_, &value, &why) == config::ruby::Outcome::kRaised) {
      why = "'" + std::string(statement) + "' fails: " + why;
    } else {
      why.clear();
    }
    if (!why.empty()) {
      env.Problem(env.element(), "prepare_value", why);
      return;
    }
    if (name.empty()) continue;
    names_.emplace_back(name);
    variables_.push_back(std::move(value));
  }
}

void DynamicScope::BeginBatch(const Batch& batch, const DynamicUses& uses) {
  const std::string_view tag = batch.origin() != nullptr ? batch.origin()->tag : std::string_view();
  variables_[kTag] = config::Value(tag);
  if (uses.tag_parts) variables_[kTagParts] = TemplateScope::TagParts(tag);
}

void DynamicScope::BeginEvent(Batch& batch, const Row& row, const DynamicUses& uses) {
  config::TimeValue time;
  time.seconds = row.time.sec;
  time.nanoseconds = row.time.nsec;
  time.utc = true;
  time.event = true;
  variables_[kTime] = config::Value(time);
  if (uses.record) variables_[kRecord] = RecordToRuby(batch, row, batch.arena());
}

void DynamicScope::SetRecordField(const std::string& key, config::Value value) {
  if (variables_[kRecord].IsHash()) {
    variables_[kRecord].hash().Set(config::Value(key), std::move(value));
  }
}

void DynamicScope::WriteBack(Batch& batch, Row& row) const {
  if (variables_[kRecord].IsHash()) RecordFromRuby(variables_[kRecord], batch, row);
}

Value DynamicScope::Convert(const config::Value& value, Arena& arena) {
  return FromRuby(value, arena);
}

Result<DynamicValue> DynamicValue::Compile(std::string_view text, const DynamicScope& scope) {
  DynamicValue made;
  made.text_ = text;
  const size_t first = text.find("${");
  if (first == std::string_view::npos) return made;
  std::string source;
  if (first == 0 && text.ends_with('}') && text.find("${", 2) == std::string_view::npos) {
    source = text.substr(2, text.size() - 3);
  } else {
    source = "\"";
    for (size_t i = 0; i < text.size(); ++i) {
      source += text.substr(i, 2) == "${" ? '#' : text[i];
    }
    source += '"';
  }
  auto program = config::ruby::Program::Compile(source, scope.names());
  if (!program) return Fail(program.error().message);
  made.uses_.record = program->Uses(kRecord);
  made.uses_.tag_parts = program->Uses(kTagParts);
  made.uses_.changes_record = made.uses_.record && MayChangeRecord(source);
  made.program_.emplace(std::move(*program));
  return made;
}

bool DynamicValue::Expand(const DynamicScope& scope, config::Value* value, std::string* why) const {
  return program_->Run(scope.variables(), scope.host(), value, why) !=
         config::ruby::Outcome::kRaised;
}

}  // namespace tailrace
