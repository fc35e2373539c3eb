// SPDX-License-Identifier: Apache-2.0
// Comma-separated values (https://docs.fluentd.org/parser/csv; RFC 4180 as Ruby's csv library reads
// it). The `fast` engine is Fluentd's own reading, which takes broken quoting as well as it can.
#include <vector>

#include "parser/columns.h"
#include "parser/line_parser.h"
#include "tailrace/define_plugin.h"
#include "text/charset.h"

namespace tailrace {
namespace parser {

enum class CsvEngine : uint8_t { kNormal, kFast };
EnumNames ParamNames(CsvEngine) {
  return {{"normal", static_cast<int>(CsvEngine::kNormal)},
          {"fast", static_cast<int>(CsvEngine::kFast)}};
}

}  // namespace parser

namespace {

using parser::CsvEngine;

// Fluentd's fast engine gives columns without a name a null key.
constexpr std::string_view kNoKey = "$nil";

struct CsvParams : parser::ParserParams {
  std::vector<std::string> keys{};
  std::string delimiter = ",";
  CsvEngine parser_engine = CsvEngine::kNormal;

  static const Schema<CsvParams>& schema() {
    static const auto s =
        Schema<CsvParams>()
            .Param("keys", &CsvParams::keys, "The names of the fields, in order.",
                   {.required = true})
            .Param("delimiter", &CsvParams::delimiter, "What stands between two fields.")
            .Param("parser_engine", &CsvParams::parser_engine,
                   "normal refuses broken quoting; fast takes it, and puts what is beyond the last "
                   "name under the key $nil.",
                   {.aliases = {"parser_type"}})
            .Inherit<parser::ParserParams>();
    return s;
  }
};

// `""` within quotes stands for one quote.
std::string_view Unquote(std::string_view text, Arena& arena) {
  if (text.find("\"\"") == std::string_view::npos) return text;
  char* const begin = arena.Allocate(text.size());
  char* out = begin;
  for (size_t i = 0; i < text.size(); ++i) {
    *out++ = text[i];
    if (text[i] == '"' && i + 1 < text.size() && text[i + 1] == '"') ++i;
  }
  const auto size = static_cast<size_t>(out - begin);
  arena.Shrink(text.size(), size);
  return {begin, size};
}

// What ends a row: the first line end in the text decides for all of it.
std::string_view RowSeparator(std::string_view text) {
  const size_t at = text.find_first_of("\r\n");
  if (at == std::string_view::npos) return "\n";
  return text.substr(at, text.substr(at, 2) == "\r\n" ? 2 : 1);
}

class CsvParser final : public parser::LineParser {
 public:
  using Params = CsvParams;

  CsvParser(Params params, PluginEnv& env)
      : LineParser(params, env),
        columns_(params.keys),
        delimiter_(params.delimiter),
        fast_(params.parser_engine == CsvEngine::kFast) {
    if (delimiter_.empty()) {
      env.Problem(env.element(), "delimiter", "'delimiter' must not be empty");
    }
  }

  ParseStatus Parse(const Line& line, Batch& batch) override {
    if (!in_stream() && !text::IsValidUtf8(line.text())) return ParseStatus::kError;
    if (fast_) return ParseFast(line, batch);
    if (line.size == 0) return ParseStatus::kNoMatch;
    values_.clear();
    if (!ReadRow(line.text(), batch.arena())) return ParseStatus::kError;
    Row& row = batch.AddRow(line);
    for (size_t i = 0; i < columns_.size(); ++i) {
      columns_.Set(batch, row, i, i < values_.size() ? values_[i] : Value{});
    }
    return Finish(batch, row);
  }

 private:
  // The first row of the text. False where Ruby's library raises.
  bool ReadRow(std::string_view text, Arena& arena) {
    const std::string_view row_end = RowSeparator(text);
    size_t at = 0;
    if (text.starts_with(row_end)) return true;
    for (;;) {
      Value value;
      const bool quoted = at < text.size() && text[at] == '"';
      if (!(quoted ? ReadQuoted(text, &at, arena, &value) : ReadBare(text, row_end, &at, &value))) {
        return false;
      }
      values_.push_back(value);
      if (at == text.size() || text.substr(at).starts_with(row_end)) return true;
      if (!text.substr(at).starts_with(delimiter_)) return false;
      at += delimiter_.size();
    }
  }

  static bool ReadQuoted(std::string_view text, size_t* at, Arena& arena, Value* value) {
    const size_t begin = ++*at;
    for (;;) {
      const size_t quote = text.find('"', *at);
      if (quote == std::string_view::npos) return false;
      *at = quote + 1;
      if (*at < text.size() && text[*at] == '"') {
        ++*at;
        continue;
      }
      *value = Value::Text(Unquote(text.substr(begin, quote - begin), arena));
      return true;
    }
  }

  bool ReadBare(std::string_view text, std::string_view row_end, size_t* at, Value* value) const {
    const size_t end =
        std::min(std::min(text.find(delimiter_, *at), text.find(row_end, *at)), text.size());
    const std::string_view bare = text.substr(*at, end - *at);
    if (bare.find_first_of("\"\r\n") != std::string_view::npos) return false;
    if (!bare.empty()) *value = Value::Text(bare);
    *at = end;
    return true;
  }

  ParseStatus ParseFast(const Line& line, Batch& batch) {
    std::string_view text = line.text();
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    Row& row = batch.AddRow(line);
    size_t column = 0;
    for (size_t at = 0; !text.empty() && at <= text.size(); ++column) {
      const Value value = FastColumn(text, &at, batch.arena());
      if (column < columns_.size()) {
        columns_.Set(batch, row, column, value);
      } else {
        batch.Set(row, kNoKey, value);
      }
    }
    return Finish(batch, row);
  }

  // The column that begins at `*at`, which is then behind the delimiter after it, or beyond the
  // end.
  Value FastColumn(std::string_view text, size_t* at, Arena& arena) const {
    const size_t begin = *at;
    size_t end = std::min(text.find(delimiter_, begin), text.size());
    const auto advance = [&] { *at = end + (end == text.size() ? 1 : delimiter_.size()); };
    advance();
    std::string_view column = text.substr(begin, end - begin);
    const auto quotes = std::count(column.begin(), column.end(), '"');
    if (quotes == 0) return column.empty() ? Value{} : Value::Text(column);
    const bool opens = column.starts_with('"');
    if (quotes == 1 && opens) {
      // Columns up to the next one that ends in a quote are one.
      while (end < text.size()) {
        const size_t next = *at;
        end = std::min(text.find(delimiter_, next), text.size());
        advance();
        if (end > next && text[end - 1] == '"') break;
      }
      return Value::Text(Inside(text.substr(begin, end - begin)));
    }
    if (quotes == 1) return Value::Text(column);
    if (opens && column.ends_with('"')) column = Inside(column);
    return Value::Text(quotes == 2 ? column : Unquote(column, arena));
  }

  // Without its first and last byte.
  static std::string_view Inside(std::string_view text) {
    return text.size() < 2 ? std::string_view("") : text.substr(1, text.size() - 2);
  }

  const parser::Columns columns_;
  const std::string delimiter_;
  const bool fast_;
  std::vector<Value> values_;
};

}  // namespace

PluginEntry CsvParserPlugin() {
  return DefinePlugin<CsvParser>(
      PluginKind::kParser, "csv", "Comma-separated values with configured names.", {},
      {{"Quoted and empty fields",
        "<parse>\n  @type csv\n  keys time,host,text\n  time_key time\n  time_type unixtime\n"
        "</parse>\n",
        "1705314600,,\"a \"\"b\"\", c\"\n",
        R"({"time":[1705314600,0],"record":{"host":null,"text":"a \"b\", c"}})"
        "\n"}});
}

}  // namespace tailrace
