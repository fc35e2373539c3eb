// SPDX-License-Identifier: Apache-2.0
#pragma once
// The regexp parser, which formats defined by a pattern build on.

#include <optional>
#include <string>
#include <vector>

#include "parser/line_parser.h"
#include "tailrace/params.h"
#include "text/regex.h"

namespace tailrace::parser {

struct RegexpParams : ParserParams {
  RegexpLiteral expression{};
  bool ignorecase = false;
  bool multiline = false;

  RegexpParams() { time_key = "time"; }
  static const Schema<RegexpParams>& schema();
  // The table of a parser that has an expression of its own.
  template <class Derived>
  static Schema<Derived> SchemaWithDefault() {
    return Schema<Derived>()
        .Param("expression", &Derived::expression, "Replaces the parser's own regular expression.")
        .Param("ignorecase", &Derived::ignorecase, "Same as the flag i.",
               {.deprecated = "use /pattern/i"})
        .Param("multiline", &Derived::multiline, "Same as the flag m.",
               {.deprecated = "use /pattern/m"})
        .template Inherit<ParserParams>();
  }
};

// Puts the named groups of a match into a row, in the order of their first appearance; groups that
// took no part are left out. Refers to the regex it is made from.
class NamedCaptures {
 public:
  explicit NamedCaptures(const text::Regex& regex);
  void Append(const text::Regex& regex, const text::Captures& captures, Batch& batch,
              Row& row) const;

 private:
  struct Key {
    const text::GroupName* name;
    bool clean;
  };
  std::vector<Key> keys_;
};

class RegexpParser : public LineParser {
 public:
  using Params = RegexpParams;

  RegexpParser(Params params, PluginEnv& env);
  ParseStatus Parse(const Line& line, Batch& batch) override;

 private:
  static text::RegexOptions Options(const Params& params);

  LineRegex regex_;
  std::optional<NamedCaptures> captures_of_;
  text::Captures captures_;
};

}  // namespace tailrace::parser
