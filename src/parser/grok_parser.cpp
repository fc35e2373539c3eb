// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "event/json.h"
#include "parser/grok.h"

namespace tailrace::parser {

EnumNames ParamNames(GrokSeries) {
  return {{"legacy", static_cast<int>(GrokSeries::kLegacy)},
          {"ecs-v1", static_cast<int>(GrokSeries::kEcsV1)}};
}

const Schema<GrokSectionParams>& GrokSectionParams::schema() {
  static const auto s =
      Schema<GrokSectionParams>()
          .Param("name", &GrokSectionParams::name, "A name, for grok_name_key.")
          .Param("pattern", &GrokSectionParams::pattern, "The pattern.", {.required = true})
          .Param("keep_time_key", &GrokSectionParams::keep_time_key,
                 "The time stays in the record, too.")
          .Param("time_key", &GrokSectionParams::time_key, "The field that holds the time.")
          .Param("time_format", &GrokSectionParams::time_format,
                 "How the time is written, as for strptime.")
          .Param("timezone", &GrokSectionParams::timezone, "The zone of a time without one.");
  return s;
}

const Schema<GrokParams>& GrokParams::schema() {
  static const auto s =
      Schema<GrokParams>()
          .Param("grok_pattern", &GrokParams::grok_pattern, "The pattern, if there is only one.")
          .Param("custom_pattern_path", &GrokParams::custom_pattern_path,
                 "A file of further patterns, or a folder of such files.")
          .Param("grok_failure_key", &GrokParams::grok_failure_key,
                 "The field that says so where no pattern matched.")
          .Param("grok_name_key", &GrokParams::grok_name_key,
                 "The field for the name or number of the pattern that matched.")
          .Param("grok_pattern_series", &GrokParams::grok_pattern_series,
                 "Which names the library's patterns give to fields.")
          .Section("grok", &GrokParams::grok, "A pattern with its own time.")
          .Inherit<ParserParams>();
  return s;
}

// One expression with the names of its groups.
class GrokParser::Pattern : public LineParser {
 public:
  Pattern(const GrokLibrary::Expanded& expanded, const ParserParams& params,
          const std::string& pattern_name, bool multiline, PluginEnv& env)
      : LineParser(params, env),
        name(pattern_name),
        regex_(expanded.expression, Options(multiline), params.timeout, "grok_pattern", env) {
    if (!regex_.usable()) return;
    for (const text::GroupName& group : regex_.regex().names()) {
      size_t number = expanded.fields.size();
      if (group.name.starts_with('g')) {
        std::from_chars(group.name.data() + 1, group.name.data() + group.name.size(), number);
      }
      // A named group that stands in a pattern as such keeps its own name.
      const std::string key =
          number < expanded.fields.size() ? expanded.fields[number] : group.name;
      keys_.push_back({&group, key, json::IsClean(key)});
    }
  }

  bool usable() const { return regex_.usable() && !keys_.empty(); }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    const ParseStatus status = regex_.Match(line.text(), captures_, true);
    if (status != ParseStatus::kOk) return status;
    Row& row = batch.AddRow(line);
    for (const Key& key : keys_) {
      const std::string_view value = regex_.regex().Named(captures_, *key.group);
      if (value.data() != nullptr) batch.Append(row, key.text, Value::Text(value), key.clean);
    }
    return Finish(batch, row);
  }

  const std::string name;

 private:
  static text::RegexOptions Options(bool multiline) {
    text::RegexOptions options;
    options.multiline = multiline;
    return options;
  }

  struct Key {
    const text::GroupName* group;
    std::string text;
    bool clean;
  };
  LineRegex regex_;
  std::vector<Key> keys_;
  text::Captures captures_;
};

GrokParser::GrokParser(Params params, PluginEnv& env, bool multiline)
    : LineParser(params, env),
      failure_key_(params.grok_failure_key.value_or("")),
      name_key_(params.grok_name_key.value_or("")) {
  GrokLibrary library(params.grok_pattern_series);
  if (params.custom_pattern_path) {
    const Status added = library.AddPath(*params.custom_pattern_path);
    if (!added) env.Problem(env.element(), "custom_pattern_path", added.error().message);
  }
  if (params.grok_pattern) {
    Add(library, *params.grok_pattern, params, "grok_pattern", multiline, env);
  } else {
    for (size_t i = 0; i < params.grok.size(); ++i) {
      const GrokSectionParams& section = params.grok[i];
      ParserParams own = params;
      own.time_key = section.time_key;
      own.keep_time_key = section.keep_time_key || params.keep_time_key;
      if (section.time_format) own.time_format = section.time_format;
      if (section.timezone) own.timezone = section.timezone;
      Add(library, section.pattern, own, section.name.value_or(std::to_string(i)), multiline, env);
    }
  }
  if (patterns_.empty()) {
    env.Problem(env.element(), "@type",
                "no grok patterns: give grok_pattern, or a <grok> section with a pattern");
  }
}

void GrokParser::Add(const GrokLibrary& library, const std::string& pattern, ParserParams params,
                     std::string name, bool multiline, PluginEnv& env) {
  auto expanded = library.Expand(pattern);
  if (!expanded) {
    env.Problem(env.element(), "grok_pattern", expanded.error().message);
    return;
  }
  if (!expanded->types.empty()) params.types = expanded->types;
  patterns_.push_back(std::make_shared<Pattern>(*expanded, params, name, multiline, env));
  if (!patterns_.back()->usable()) {
    env.Problem(env.element(), "grok_pattern",
                "a grok pattern without a field: write %{PATTERN:field}");
  }
}

ParseStatus GrokParser::Parse(const Line& line, Batch& batch) {
  for (const std::shared_ptr<Pattern>& pattern : patterns_) {
    const ParseStatus status = pattern->Parse(line, batch);
    if (status == ParseStatus::kNoMatch) continue;
    if (status == ParseStatus::kOk && !name_key_.empty()) {
      batch.Set(batch.rows().back(), name_key_, Value::Text(pattern->name),
                json::IsClean(name_key_));
    }
    return status;
  }
  Row& row = batch.AddRow(line);
  row.time = EstimatedTime();
  batch.Append(row, "message", Value::Text(line.text()));
  if (!failure_key_.empty()) {
    batch.Set(row, failure_key_, Value::Clean("No grok pattern matched"),
              json::IsClean(failure_key_));
  }
  return ParseStatus::kOk;
}

}  // namespace tailrace::parser
