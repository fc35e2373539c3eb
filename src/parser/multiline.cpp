// SPDX-License-Identifier: Apache-2.0
// Events of several lines (https://docs.fluentd.org/parser/multiline): format1 .. format20 make up
// one regular expression whose dot matches newlines.
#include <cctype>
#include <charconv>

#include "parser/multiline_stream.h"
#include "parser/regexp.h"
#include "tailrace/define_plugin.h"
#include "tailrace/log.h"

namespace tailrace {
namespace {

constexpr int kFormatsMax = 20;

struct MultilineParams : parser::ParserParams {
  std::optional<std::string> format_firstline{};
  std::optional<std::string> unmatched_lines{};
  FreeParams formats{};

  MultilineParams() { time_key = "time"; }

  static const Schema<MultilineParams>& schema() {
    static const auto s =
        Schema<MultilineParams>()
            .Param("format_firstline", &MultilineParams::format_firstline,
                   "A /regular expression/ that the first line of an event matches. Without it, "
                   "lines are gathered until the formats match.")
            .Param("unmatched_lines", &MultilineParams::unmatched_lines,
                   "If given, text that does not match becomes an event with the field "
                   "unmatched_line.")
            .Inherit<parser::ParserParams>()
            .PassThrough(&MultilineParams::formats);
    return s;
  }
};

// The inside of /.../, or nothing.
std::optional<std::string> Inside(std::string_view text) {
  if (text.size() < 2 || text.front() != '/' || text.back() != '/') return std::nullopt;
  return std::string(text.substr(1, text.size() - 2));
}

// The number of "format7", or -1.
int FormatNumber(std::string_view key) {
  constexpr std::string_view kPrefix = "format";
  if (!key.starts_with(kPrefix) || key.size() == kPrefix.size()) return -1;
  int number = 0;
  const char* const end = key.data() + key.size();
  const auto [after, error] = std::from_chars(key.data() + kPrefix.size(), end, number);
  if (after != end) return -1;
  return error == std::errc() ? number : kFormatsMax + 1;
}

// Joins the formats; problems are reported.
std::string JoinFormats(const MultilineParams& params, PluginEnv& env) {
  std::vector<std::optional<std::string>> formats(kFormatsMax + 2);
  for (const auto& [key, value] : params.formats) {
    const int number = FormatNumber(key);
    if (number < 0) {
      if (!key.starts_with('@')) {
        LogWarn("a parameter of <parse> is not used", {{"parameter", key}, {"type", "multiline"}});
      }
    } else if (number < 1 || number > kFormatsMax) {
      env.Problem(
          env.element(), key,
          "Invalid formatN found. N should be 1 - " + std::to_string(kFormatsMax) + ": " + key);
    } else {
      formats[static_cast<size_t>(number)] = value.value_or("");
    }
  }
  std::string joined;
  for (size_t i = 1; i <= kFormatsMax; ++i) {
    if (!formats[i]) continue;
    const std::string key = "format" + std::to_string(i);
    if (i > 1 && !formats[i - 1]) {
      env.Problem(env.element(), key,
                  "Jump of format index found. format" + std::to_string(i - 1) + " is missing.");
    }
    if (const auto inside = Inside(*formats[i])) {
      joined += *inside;
    } else {
      env.Problem(env.element(), key,
                  "format should be Regexp, need //, in " + key + ": '" + *formats[i] + "'");
    }
  }
  return joined;
}

text::RegexOptions MultiLine() {
  text::RegexOptions options;
  options.multiline = true;
  return options;
}

class MultilineParser final : public parser::LineParser {
 public:
  using Params = MultilineParams;

  MultilineParser(Params params, PluginEnv& env)
      : LineParser(params, env),
        unmatched_lines_(params.unmatched_lines.has_value()),
        regex_(JoinFormats(params, env), MultiLine(), params.timeout, "format1", env) {
    if (!regex_.usable()) return;
    if (regex_.regex().names().empty()) {
      env.Problem(env.element(), "format1",
                  "Invalid regexp '" + regex_.regex().pattern() + "': No named captures");
    }
    captures_of_.emplace(regex_.regex());
    if (!params.format_firstline) return;
    const auto first = Inside(*params.format_firstline);
    if (!first) {
      env.Problem(env.element(), "format_firstline",
                  "format should be Regexp, need //, in format_firstline: '" +
                      *params.format_firstline + "'");
      return;
    }
    firstline_.emplace(*first, text::RegexOptions{}, params.timeout, "format_firstline", env);
  }

  // A text may hold several events, one behind the other.
  ParseStatus Parse(const Line& line, Batch& batch) override {
    const size_t rows = batch.rows().size();
    Line rest = line;
    for (uint16_t sub = 0;; ++sub) {
      const ParseStatus status = regex_.Match(rest.text(), captures_, true);
      if (status != ParseStatus::kOk) return Unmatched(rest, sub, batch);
      Row& row = batch.AddRow(line);
      row.sub = sub;
      captures_of_->Append(regex_.regex(), captures_, batch, row);
      if (Finish(batch, row) != ParseStatus::kOk) {
        batch.rows().resize(rows);
        return ParseStatus::kError;
      }
      auto taken = static_cast<uint32_t>(captures_.end(0));
      if (taken < rest.size && rest.data[taken] == '\n') ++taken;
      if (taken == 0 || taken >= rest.size) return ParseStatus::kOk;
      rest.data += taken;
      rest.size -= taken;
    }
  }

  std::unique_ptr<Stream> NewStream() override {
    parser::MultilineStream::FirstLine starts;
    if (firstline_) {
      starts = [this](std::string_view line) {
        return firstline_->Match(line, captures_, true) == ParseStatus::kOk;
      };
    }
    return std::make_unique<parser::MultilineStream>(*this, std::move(starts));
  }

 private:
  ParseStatus Unmatched(const Line& rest, uint16_t sub, Batch& batch) {
    if (unmatched_lines_) {
      Row& row = batch.AddRow(rest);
      row.sub = sub;
      row.time = EstimatedTime();
      batch.Append(row, "unmatched_line", Value::Text(rest.text()));
      return ParseStatus::kOk;
    }
    if (sub == 0) return ParseStatus::kNoMatch;
    batch.unmatched().push_back(rest);
    return ParseStatus::kOk;
  }

  const bool unmatched_lines_;
  parser::LineRegex regex_;
  std::optional<parser::NamedCaptures> captures_of_;
  std::optional<parser::LineRegex> firstline_;
  text::Captures captures_;
};

}  // namespace

PluginEntry MultilineParserPlugin() {
  return DefinePlugin<MultilineParser>(
      PluginKind::kParser, "multiline", "Events of several lines, read by regular expressions.", {},
      {{"Java stack traces",
        "<parse>\n  @type multiline\n  format_firstline /^\\d{4}-/\n"
        "  format1 /^(?<time>[^ ]+ [^ ]+) (?<level>\\w+) (?<message>.*)/\n"
        "  time_format %Y-%m-%d %H:%M:%S\n</parse>\n",
        "2024-01-15 10:30:00 ERROR java.io.IOException: gone\n"
        "    at a.B.c(B.java:7)\n"
        "2024-01-15 10:30:01 INFO next\n",
        R"({"time":[1705314600,0],"record":{"level":"ERROR",)"
        R"j("message":"java.io.IOException: gone\n    at a.B.c(B.java:7)"}})j"
        "\n"
        R"({"time":[1705314601,0],"record":{"level":"INFO","message":"next"}})"
        "\n"}});
}

}  // namespace tailrace
