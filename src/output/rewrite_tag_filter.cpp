// SPDX-License-Identifier: Apache-2.0
// <match> @type rewrite_tag_filter: gives events a new tag by what is in their fields and routes
// them again (https://github.com/fluent/fluent-plugin-rewrite-tag-filter).

#include <algorithm>

#include "config/command_output.h"
#include "event/accessor.h"
#include "event/retagger.h"
#include "event/value.h"
#include "tailrace/define_plugin.h"
#include "text/charset.h"
#include "text/regex.h"

namespace tailrace {
namespace {

struct RewriteRule {
  std::string key;
  RegexpLiteral pattern;
  std::string tag;
  std::optional<std::string> label;
  bool invert = false;

  static const Schema<RewriteRule>& schema() {
    using P = RewriteRule;
    static const auto s =
        Schema<P>()
            .Param("key", &P::key, "Field to look at.", {.required = true})
            .Param("pattern", &P::pattern, "Regular expression.", {.required = true})
            .Param("tag", &P::tag,
                   "New tag: $1 .. $9 of the pattern, ${tag}, ${tag_parts[n]}, ${hostname}.",
                   {.required = true})
            .Param("label", &P::label, "Sends the events to this label.")
            .Param("invert", &P::invert, "The rule holds where the pattern does not match.");
    return s;
  }
};

enum class EmitMode : uint8_t { kRecord, kBatch };
EnumNames ParamNames(EmitMode) {
  return {{"record", int(EmitMode::kRecord)}, {"batch", int(EmitMode::kBatch)}};
}

struct RewriteTagParams {
  bool capitalize_regex_backreference = false;
  std::optional<std::string> remove_tag_prefix;
  std::optional<RegexpLiteral> remove_tag_regexp;
  std::string hostname_command = "hostname";
  EmitMode emit_mode = EmitMode::kBatch;
  std::vector<RewriteRule> rule;

  static const Schema<RewriteTagParams>& schema() {
    using P = RewriteTagParams;
    static const auto s =
        Schema<P>()
            .Param("capitalize_regex_backreference", &P::capitalize_regex_backreference,
                   "Writes what $1 .. $9 stand for with one capital letter, the first.")
            .Param("remove_tag_prefix", &P::remove_tag_prefix,
                   "Taken off the tag that ${tag} and ${tag_parts[n]} stand for.")
            .Param("remove_tag_regexp", &P::remove_tag_regexp,
                   "The same, whatever this pattern matches first.")
            .Param("hostname_command", &P::hostname_command,
                   "What prints the name for ${hostname}; run once at the start.")
            .Param("emit_mode", &P::emit_mode,
                   "Accepted: events always go on together where their tags are the same.")
            .Section("rule", &P::rule, "Rules; the first that holds decides.", {.required = true})
            .Check([](const P& p) -> std::string {
              if (p.remove_tag_prefix && p.remove_tag_regexp) {
                return "remove_tag_prefix and remove_tag_regexp are exclusive";
              }
              return {};
            });
    return s;
  }
};

// A new tag, taken apart: literal text, groups of the pattern, what depends on the tag.
struct TagPiece {
  enum class Kind : uint8_t { kText, kGroup, kTag, kTagPart };
  Kind kind = Kind::kText;
  std::string text;
  size_t number = 0;
};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The end of a placeholder that begins at `at`: ${name}, ${name[1]}, __NAME__; 0 if there is none.
size_t PlaceholderEnd(std::string_view text, size_t at) {
  if (text.substr(at, 2) == "${") {
    size_t i = at + 2;
    while (i < text.size() && ((text[i] >= 'a' && text[i] <= 'z') || text[i] == '_')) ++i;
    if (i == at + 2) return 0;
    if (i < text.size() && text[i] == '[') {
      const size_t digits = ++i;
      while (i < text.size() && IsDigit(text[i])) ++i;
      if (i == digits || i >= text.size() || text[i] != ']') return 0;
      ++i;
    }
    return i < text.size() && text[i] == '}' ? i + 1 : 0;
  }
  if (text.substr(at, 2) != "__") return 0;
  size_t i = at + 2;
  while (i < text.size() && ((text[i] >= 'A' && text[i] <= 'Z') || text[i] == '_')) ++i;
  return i - at >= 5 && text.substr(i - 2, 2) == "__" ? i : 0;
}

class RewriteTagOutput final : public Output {
 public:
  using Params = RewriteTagParams;

  RewriteTagOutput(const Params& params, PluginEnv& env)
      : capitalize_(params.capitalize_regex_backreference),
        label_(env.Reserved("@label")),
        hostname_(env.hostname()),
        retagger_(env) {
    if (!label_.empty()) env.UseLabel(label_, env.element());
    if (params.hostname_command != "hostname") {
      if (auto name = config::CommandOutput(params.hostname_command)) {
        hostname_ = *name;
      } else {
        env.Problem(env.element(), "hostname_command", name.error().message);
      }
    }
    if (params.remove_tag_prefix) removed_prefix_ = *params.remove_tag_prefix;
    if (params.remove_tag_regexp) {
      removed_pattern_ = Compile(*params.remove_tag_regexp, "remove_tag_regexp", env);
    }
    for (const RewriteRule& rule : params.rule) AddRule(rule, env);
  }

  void Emit(Batch& batch, EventContext& context) override {
    BeginTag(batch);
    for (uint32_t i = 0; i < batch.rows().size(); ++i) {
      Row& row = batch.rows()[i];
      if (row.dropped) continue;
      const Rule* rule = RuleFor(batch, row);
      // The same tag at the same place would come back here for ever.
      if (rule == nullptr || (new_tag_ == tag_ && !rule->labelled)) {
        context.Drop(batch, row, "rewrite_tag_filter");
      } else {
        retagger_.Send(i, new_tag_, rule->label);
      }
    }
    retagger_.Emit(batch, context);
  }
  bool Writable(const Origin& origin) override { return retagger_.Writable(origin); }
  bool changes_events() const override { return true; }

 private:
  struct Rule {
    Accessor key;
    text::Regex pattern;
    bool invert;
    bool captures;  // the tag names groups of the pattern
    bool labelled;
    std::string label;
    std::vector<TagPiece> tag;
  };

  static std::optional<text::Regex> Compile(const RegexpLiteral& literal, std::string_view param,
                                            PluginEnv& env) {
    text::RegexOptions options;
    options.ignore_case = literal.ignore_case;
    options.multiline = literal.multi_line;
    auto regex = text::Regex::Compile(literal.source, options);
    if (regex) return std::move(*regex);
    env.Problem(env.element(), param, regex.error().message);
    return std::nullopt;
  }

  void AddRule(const RewriteRule& params, PluginEnv& env) {
    auto key = Accessor::Compile(params.key);
    auto pattern = Compile(params.pattern, "rule", env);
    if (!key) env.Problem(env.element(), "rule", key.error().message);
    if (!key || !pattern) return;
    const bool repeated = std::any_of(rules_.begin(), rules_.end(), [&params](const Rule& rule) {
      return rule.key.text() == params.key && rule.invert == params.invert &&
             rule.pattern.pattern() == params.pattern.source &&
             rule.pattern.options().ignore_case == params.pattern.ignore_case &&
             rule.pattern.options().multiline == params.pattern.multi_line;
    });
    if (repeated) {
      env.Problem(env.element(), "rule",
                  "two rules have the key '" + params.key + "' and the pattern /" +
                      params.pattern.source + "/: the second never holds");
    }
    const std::string label = params.label.value_or("");
    if (!label.empty()) env.UseLabel(label, env.element());
    Rule rule{std::move(*key),
              std::move(*pattern),
              params.invert,
              false,
              params.label.has_value(),
              label.empty() ? label_ : label,
              {}};
    rule.tag = TagPieces(params.tag, params.invert);
    rule.captures = std::any_of(rule.tag.begin(), rule.tag.end(), [](const TagPiece& piece) {
      return piece.kind == TagPiece::Kind::kGroup;
    });
    rules_.push_back(std::move(rule));
  }

  std::vector<TagPiece> TagPieces(std::string_view text, bool invert) const {
    std::vector<TagPiece> pieces;
    std::string literal;
    const auto add = [&pieces, &literal](TagPiece piece) {
      if (!literal.empty()) pieces.push_back({TagPiece::Kind::kText, literal, 0});
      literal.clear();
      pieces.push_back(std::move(piece));
    };
    for (size_t at = 0; at < text.size();) {
      size_t end = at + 1;
      while (text[at] == '$' && end < text.size() && IsDigit(text[end])) ++end;
      if (end > at + 1 && !invert) {
        add({TagPiece::Kind::kGroup, {}, std::stoul(std::string(text.substr(at + 1, 9)))});
        at = end;
      } else if (end = PlaceholderEnd(text, at); end > 0) {
        const std::string_view name = text.substr(at, end - at);
        if (name == "${hostname}" || name == "__HOSTNAME__") {
          literal += hostname_;
        } else if (name == "${tag}" || name == "__TAG__") {
          add({TagPiece::Kind::kTag, {}, 0});
        } else if (name.starts_with("${tag_parts[")) {
          add({TagPiece::Kind::kTagPart, {}, std::stoul(std::string(name.substr(12, 9)))});
        }  // an unknown one is nothing
        at = end;
      } else {
        literal += text[at++];
      }
    }
    if (!literal.empty()) pieces.push_back({TagPiece::Kind::kText, literal, 0});
    return pieces;
  }

  // What ${tag} and ${tag_parts[n]} stand for in this batch.
  void BeginTag(const Batch& batch) {
    tag_ = batch.origin() != nullptr ? batch.origin()->tag : std::string();
    shown_tag_ = tag_;
    if (!removed_prefix_.empty() && shown_tag_.starts_with(removed_prefix_)) {
      shown_tag_.erase(0, removed_prefix_.size());
      if (shown_tag_.starts_with('.')) shown_tag_.erase(0, 1);
    }
    if (removed_pattern_ && removed_pattern_->Match(shown_tag_, captures_)) {
      shown_tag_.erase(static_cast<size_t>(captures_.begin(0)),
                       static_cast<size_t>(captures_.end(0) - captures_.begin(0)));
    }
    tag_parts_.clear();
    for (size_t begin = 0; begin <= shown_tag_.size();) {
      const size_t dot = std::min(shown_tag_.find('.', begin), shown_tag_.size());
      tag_parts_.push_back(std::string_view(shown_tag_).substr(begin, dot - begin));
      begin = dot + 1;
    }
  }

  // The first rule that holds, with its tag in new_tag_; null if none does.
  const Rule* RuleFor(Batch& batch, const Row& row) {
    for (const Rule& rule : rules_) {
      const auto value = rule.key.Get(batch, row);
      std::string_view text = value ? ToText(*value, batch.arena()) : std::string_view();
      if (text.empty() && !rule.invert) continue;
      text::MatchResult match = Matches(rule, text);
      if (match.invalid_utf8()) {
        scrubbed_.clear();
        text::AppendScrubbed(text, "?", scrubbed_);
        match = Matches(rule, scrubbed_);
      }
      if (static_cast<bool>(match) == rule.invert) continue;
      MakeTag(rule);
      return &rule;
    }
    return nullptr;
  }

  text::MatchResult Matches(const Rule& rule, std::string_view text) {
    return rule.captures ? rule.pattern.Match(text, captures_) : rule.pattern.Matches(text);
  }

  void MakeTag(const Rule& rule) {
    new_tag_.clear();
    for (const TagPiece& piece : rule.tag) {
      switch (piece.kind) {
        case TagPiece::Kind::kText:
          new_tag_ += piece.text;
          break;
        case TagPiece::Kind::kGroup:
          if (piece.number > 0) AppendGroup(captures_[piece.number]);
          break;
        case TagPiece::Kind::kTag:
          new_tag_ += shown_tag_;
          break;
        case TagPiece::Kind::kTagPart:
          if (piece.number < tag_parts_.size()) new_tag_ += tag_parts_[piece.number];
          break;
      }
    }
  }

  void AppendGroup(std::string_view group) {
    if (!capitalize_ || group.empty()) {
      new_tag_ += group;
      return;
    }
    size_t first = 1;
    while (first < group.size() && (static_cast<unsigned char>(group[first]) & 0xC0) == 0x80) {
      ++first;
    }
    text::AppendUpperCase(group.substr(0, first), new_tag_);
    text::AppendLowerCase(group.substr(first), new_tag_);
  }

  bool capitalize_;
  std::string label_;
  std::string hostname_;
  std::string removed_prefix_;
  std::optional<text::Regex> removed_pattern_;
  std::vector<Rule> rules_;
  Retagger retagger_;

  // Of the batch and the event at hand.
  std::string tag_;
  std::string shown_tag_;
  std::vector<std::string_view> tag_parts_;
  std::string new_tag_;
  std::string scrubbed_;
  text::Captures captures_;
};

}  // namespace

PluginEntry RewriteTagFilterOutputPlugin() {
  return DefinePlugin<RewriteTagOutput>(
      PluginKind::kOutput, "rewrite_tag_filter",
      "Gives events a new tag by what is in their fields.", {},
      {{"Errors get a tag of their own",
        "<match app.**>\n  @type rewrite_tag_filter\n  <rule>\n    key level\n    pattern "
        "/^(error|fatal)$/\n    tag alert.$1.${tag_parts[1]}\n  </rule>\n</match>\n",
        R"({"tag":"app.web","time":[1,0],"record":{"level":"error"}})"
        "\n"
        R"({"tag":"app.web","time":[2,0],"record":{"level":"info"}})",
        R"({"tag":"alert.error.web","time":[1,0],"record":{"level":"error"}})"}});
}

}  // namespace tailrace
