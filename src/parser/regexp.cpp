// SPDX-License-Identifier: Apache-2.0
// Named captures of a regular expression become fields (https://docs.fluentd.org/parser/regexp).
#include "parser/regexp.h"

#include "event/json.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace parser {

const Schema<RegexpParams>& RegexpParams::schema() {
  static const auto s =
      Schema<RegexpParams>()
          .Param("expression", &RegexpParams::expression,
                 "The regular expression. Each named group becomes a field.", {.required = true})
          .Param("ignorecase", &RegexpParams::ignorecase, "Same as the flag i.",
                 {.deprecated = "use /pattern/i"})
          .Param("multiline", &RegexpParams::multiline,
                 "Same as the flag m: the dot matches newlines.", {.deprecated = "use /pattern/m"})
          .Inherit<ParserParams>();
  return s;
}

NamedCaptures::NamedCaptures(const text::Regex& regex) {
  for (const text::GroupName& name : regex.names()) {
    keys_.push_back({&name, json::IsClean(name.name)});
  }
}

void NamedCaptures::Append(const text::Regex& regex, const text::Captures& captures, Batch& batch,
                           Row& row) const {
  for (const Key& key : keys_) {
    const std::string_view value = regex.Named(captures, *key.name);
    if (value.data() != nullptr) {
      batch.Append(row, key.name->name, Value::Text(value), key.clean);
    }
  }
}

RegexpParser::RegexpParser(Params params, PluginEnv& env)
    : LineParser(params, env),
      regex_(params.expression.source, Options(params), params.timeout, "expression", env) {
  if (!regex_.usable()) return;
  if (regex_.regex().names().empty()) {
    env.Problem(env.element(), "expression",
                "No named captures in 'expression' parameter: a group must have a name, "
                "(?<name>...), to become a field");
    return;
  }
  captures_of_.emplace(regex_.regex());
}

text::RegexOptions RegexpParser::Options(const Params& params) {
  text::RegexOptions options;
  options.ignore_case = params.expression.ignore_case || params.ignorecase;
  options.multiline = params.expression.multi_line || params.multiline;
  return options;
}

ParseStatus RegexpParser::Parse(const Line& line, Batch& batch) {
  const ParseStatus status = regex_.Match(line.text(), captures_, in_stream());
  if (status != ParseStatus::kOk) return status;
  Row& row = batch.AddRow(line);
  captures_of_->Append(regex_.regex(), captures_, batch, row);
  return Finish(batch, row);
}

}  // namespace parser

PluginEntry RegexpParserPlugin() {
  return DefinePlugin<parser::RegexpParser>(
      PluginKind::kParser, "regexp", "Named groups of a regular expression become fields.", {},
      {{"An application's own format",
        "<parse>\n  @type regexp\n  expression /^(?<time>[^ ]+) (?<level>\\w+) (?<message>.*)$/\n"
        "  time_format %iso8601\n  types level:string\n</parse>\n",
        "2024-01-15T10:30:00Z WARN disk is nearly full\nnonsense\n",
        R"({"time":[1705314600,0],"record":{"level":"WARN","message":"disk is nearly full"}})"
        "\n"
        R"({"unparsed":true})"
        "\n"}});
}

}  // namespace tailrace
