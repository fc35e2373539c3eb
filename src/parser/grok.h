// SPDX-License-Identifier: Apache-2.0
#pragma once
// Grok: regular expressions made of named ones, %{NAME:field:type}. The library under parsers/grok/
// is written from the public description of the pattern names.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "parser/regexp.h"
#include "tailrace/result.h"

namespace tailrace::parser {

enum class GrokSeries : uint8_t { kLegacy, kEcsV1 };
EnumNames ParamNames(GrokSeries);

// Patterns by name.
class GrokLibrary {
 public:
  explicit GrokLibrary(GrokSeries series);

  // Adds lines of `NAME pattern`; blank lines and lines that begin with # are skipped. Later ones
  // replace earlier ones.
  void AddText(std::string_view text);
  // Adds a file, or every file of a folder.
  Status AddPath(const std::string& path);

  struct Expanded {
    std::string expression;
    // Fields by group: group gN of the expression is fields[N].
    std::vector<std::string> fields;
    std::vector<std::pair<std::string, std::string>> types;  // field, type[:option]
  };
  // An unknown name is an error that says which.
  Result<Expanded> Expand(std::string_view pattern) const;

 private:
  std::unordered_map<std::string, std::string> patterns_;
};

// One <grok> section, or the parameters of the parser itself.
struct GrokSectionParams {
  std::optional<std::string> name{};
  std::string pattern{};
  bool keep_time_key = false;
  std::string time_key = "time";
  std::optional<std::string> time_format{};
  std::optional<std::string> timezone{};

  static const Schema<GrokSectionParams>& schema();
};

struct GrokParams : ParserParams {
  std::optional<std::string> grok_pattern{};
  std::optional<std::string> custom_pattern_path{};
  std::optional<std::string> grok_failure_key{};
  std::optional<std::string> grok_name_key{};
  GrokSeries grok_pattern_series = GrokSeries::kLegacy;
  std::vector<GrokSectionParams> grok{};

  GrokParams() { time_key = "time"; }
  static const Schema<GrokParams>& schema();
};

// Tries its patterns in order; a line that none matches is kept under `message`.
class GrokParser : public LineParser {
 public:
  using Params = GrokParams;

  // `multiline`: the dot matches newlines.
  GrokParser(Params params, PluginEnv& env, bool multiline = false);
  ParseStatus Parse(const Line& line, Batch& batch) override;

 private:
  class Pattern;
  void Add(const GrokLibrary& library, const std::string& pattern, ParserParams params,
           std::string name, bool multiline, PluginEnv& env);

  std::vector<std::shared_ptr<Pattern>> patterns_;
  std::string failure_key_;
  std::string name_key_;
};

}  // namespace tailrace::parser
