// SPDX-License-Identifier: Apache-2.0
// Grok patterns over several lines (the parameters of fluent-plugin-grok-parser).
#include "parser/grok.h"
#include "parser/multiline_stream.h"
#include "tailrace/define_plugin.h"

namespace tailrace {
namespace {

struct MultilineGrokParams : parser::GrokParams {
  std::optional<std::string> multiline_start_regexp{};

  static const Schema<MultilineGrokParams>& schema() {
    static const auto s =
        Schema<MultilineGrokParams>()
            .Param("multiline_start_regexp", &MultilineGrokParams::multiline_start_regexp,
                   "A /regular expression/ that the first line of an event matches. Without it, "
                   "each line is an event.")
            .Inherit<parser::GrokParams>();
    return s;
  }
};

class MultilineGrokParser final : public parser::GrokParser {
 public:
  using Params = MultilineGrokParams;

  MultilineGrokParser(const Params& params, PluginEnv& env) : GrokParser(params, env, true) {
    if (!params.multiline_start_regexp) return;
    const std::string_view text = *params.multiline_start_regexp;
    if (text.size() < 2 || text.front() != '/' || text.back() != '/') {
      env.Problem(env.element(), "multiline_start_regexp", "a regular expression needs //");
      return;
    }
    start_.emplace(text.substr(1, text.size() - 2), text::RegexOptions{}, params.timeout,
                   "multiline_start_regexp", env);
  }

  std::unique_ptr<Stream> NewStream() override {
    if (!start_) return GrokParser::NewStream();
    return std::make_unique<parser::MultilineStream>(*this, [this](std::string_view line) {
      return start_->Match(line, captures_, true) == ParseStatus::kOk;
    });
  }

 private:
  std::optional<parser::LineRegex> start_;
  text::Captures captures_;
};

}  // namespace

PluginEntry MultilineGrokParserPlugin() {
  return DefinePlugin<MultilineGrokParser>(
      PluginKind::kParser, "multiline_grok", "Events of several lines read by grok patterns.", {},
      {{"A Java exception",
        "<parse>\n  @type multiline_grok\n  multiline_start_regexp /^\\[/\n"
        "  grok_pattern \\[%{LOGLEVEL:level}\\] %{GREEDYDATA:message}\n</parse>\n",
        "[ERROR] java.io.IOException: gone\n    at a.B.c(B.java:7)\n[INFO] next\n",
        R"({"time":"now","record":{"level":"ERROR",)"
        R"j("message":"java.io.IOException: gone\n    at a.B.c(B.java:7)"}})j"
        "\n"
        R"({"time":"now","record":{"level":"INFO","message":"next"}})"
        "\n"}});
}

}  // namespace tailrace
