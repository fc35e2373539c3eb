// SPDX-License-Identifier: Apache-2.0
// <filter> @type grep: keeps or drops events by their fields. All <regexp> must match, no <exclude>
// may; <and> and <or> join their own (https://docs.fluentd.org/filter/grep).

#include <algorithm>

#include "event/accessor.h"
#include "event/value.h"
#include "tailrace/define_plugin.h"
#include "text/regex.h"

namespace tailrace {
namespace {

struct GrepRule {
  std::string key;
  RegexpLiteral pattern;
  static const Schema<GrepRule>& schema() {
    static const auto s =
        Schema<GrepRule>()
            .Param("key", &GrepRule::key, "Field to look at.", {.required = true})
            .Param("pattern", &GrepRule::pattern, "Regular expression.", {.required = true});
    return s;
  }
};

struct GrepGroup {
  std::vector<GrepRule> regexp;
  std::vector<GrepRule> exclude;
  static const Schema<GrepGroup>& schema() {
    static const auto s = Schema<GrepGroup>()
                              .Section("regexp", &GrepGroup::regexp, "What must match.")
                              .Section("exclude", &GrepGroup::exclude, "What must not match.")
                              .Check([](const GrepGroup& group) -> std::string {
                                if (group.regexp.empty() == group.exclude.empty()) {
                                  return "needs either <regexp> or <exclude> sections";
                                }
                                return {};
                              });
    return s;
  }
};

// regexp1 … regexp20 and exclude1 … exclude20: "KEY PATTERN", from before the sections.
constexpr int kNumbered = 20;

struct GrepParams {
  std::vector<GrepRule> regexp;
  std::vector<GrepRule> exclude;
  std::vector<GrepGroup> all_of;
  std::vector<GrepGroup> any_of;
  std::optional<std::string> numbered;  // read from the element itself

  static const Schema<GrepParams>& schema() {
    static const auto s = [] {
      Schema<GrepParams> made;
      made.Section("regexp", &GrepParams::regexp, "What must match.")
          .Section("exclude", &GrepParams::exclude, "What must not match.")
          .Section("and", &GrepParams::all_of, "Rules of which all must hold.")
          .Section("or", &GrepParams::any_of, "Rules of which one must hold.");
      static std::vector<std::string> names;
      names.reserve(2 * kNumbered);
      for (int i = 1; i <= kNumbered; ++i) {
        for (const char* kind : {"regexp", "exclude"}) {
          names.push_back(kind + std::to_string(i));
          made.Param(names.back(), &GrepParams::numbered, "Old form of a rule: KEY PATTERN.",
                     {.hidden = true});
        }
      }
      return made;
    }();
    return s;
  }
};

class GrepFilter final : public Filter {
 public:
  using Params = GrepParams;

  GrepFilter(const Params& params, PluginEnv& env) {
    // Several <regexp> are joined by "and", several <exclude> by "or".
    for (const GrepRule& rule : params.regexp) AddAlone(rule, true, env);
    for (const GrepRule& rule : params.exclude) AddAlone(rule, false, env);
    // Several sections of one name are read as one.
    AddGroups(params.all_of, true, env);
    AddGroups(params.any_of, false, env);
    for (int i = 1; i <= kNumbered; ++i) {
      AddNumbered("regexp" + std::to_string(i), true, env);
      AddNumbered("exclude" + std::to_string(i), false, env);
    }
  }

  void Apply(Batch& batch, EventContext& context) override {
    for (Row& row : batch.rows()) {
      if (!row.dropped && !Keeps(batch, row)) context.Drop(batch, row, "grep");
    }
  }

 private:
  struct Rule {
    Accessor key;
    text::Regex pattern;
  };
  // Holds if all of (or one of) its rules match; must hold (regexp) or must not (exclude).
  struct Test {
    std::vector<Rule> rules;
    bool all = true;
    bool wanted = true;
  };

  bool Keeps(Batch& batch, const Row& row) {
    for (const Test& test : tests_) {
      for (const Rule& rule : test.rules) {
        if (!rule.key.simple() && Raises(rule, batch, row)) return true;
      }
    }
    return std::all_of(tests_.begin(), tests_.end(), [&](const Test& test) {
      const auto matches = [&](const Rule& rule) { return Matches(rule, batch, row); };
      const bool holds = test.all ? std::all_of(test.rules.begin(), test.rules.end(), matches)
                                  : std::any_of(test.rules.begin(), test.rules.end(), matches);
      return holds == test.wanted;
    });
  }

  // Whether a path leads through something that has no fields: Ruby raises there, and Fluentd keeps
  // the event.
  static bool Raises(const Rule& rule, const Batch& batch, const Row& row) {
    bool type_error = false;
    static_cast<void>(rule.key.Get(batch, row, &type_error));
    return type_error;
  }

  static bool Matches(const Rule& rule, Batch& batch, const Row& row) {
    const auto value = rule.key.Get(batch, row);
    return rule.pattern.Matches(value ? ToText(*value, batch.arena()) : std::string_view());
  }

  static bool Compile(const GrepRule& rule, Test& test, PluginEnv& env) {
    auto key = Accessor::Compile(rule.key);
    text::RegexOptions options;
    options.ignore_case = rule.pattern.ignore_case;
    options.multiline = rule.pattern.multi_line;
    options.match_invalid_utf8_as_bytes = true;
    auto pattern = text::Regex::Compile(rule.pattern.source, options);
    if (!key || !pattern) {
      env.Problem(env.element(), "", !key ? key.error().message : pattern.error().message);
      return false;
    }
    test.rules.push_back({std::move(*key), std::move(*pattern)});
    return true;
  }

  void AddAlone(const GrepRule& rule, bool wanted, PluginEnv& env) {
    Test test;
    test.wanted = wanted;
    if (Compile(rule, test, env)) tests_.push_back(std::move(test));
  }

  void AddGroups(const std::vector<GrepGroup>& groups, bool all, PluginEnv& env) {
    Test wanted{{}, all, true};
    Test unwanted{{}, all, false};
    for (const GrepGroup& group : groups) {
      for (const GrepRule& rule : group.regexp) Compile(rule, wanted, env);
      for (const GrepRule& rule : group.exclude) Compile(rule, unwanted, env);
    }
    if (!wanted.rules.empty()) tests_.push_back(std::move(wanted));
    if (!unwanted.rules.empty()) tests_.push_back(std::move(unwanted));
  }

  void AddNumbered(const std::string& name, bool wanted, PluginEnv& env) {
    const std::string text(env.Reserved(name));
    if (text.empty()) return;
    const size_t space = text.find(' ');
    GrepRule rule;
    rule.key = text.substr(0, space);
    if (space == std::string::npos) {
      env.Problem(env.element(), name, "'" + name + "' needs a key and a pattern");
      return;
    }
    std::string_view pattern = std::string_view(text).substr(space + 1);
    if (pattern.size() > 1 && pattern.front() == '/' && pattern.back() == '/') {
      pattern = pattern.substr(1, pattern.size() - 2);
    }
    rule.pattern.source = pattern;
    AddAlone(rule, wanted, env);
  }

  std::vector<Test> tests_;
};

}  // namespace

PluginEntry GrepFilterPlugin() {
  return DefinePlugin<GrepFilter>(PluginKind::kFilter, "grep",
                                  "Keeps or drops events by their fields.", {},
                                  {{"Drop debug lines",
                                    "<filter **>\n  @type grep\n  <exclude>\n    key level\n    "
                                    "pattern /^debug$/\n  </exclude>\n"
                                    "</filter>\n",
                                    R"({"tag":"a","time":[1,0],"record":{"level":"debug"}})"
                                    "\n"
                                    R"({"tag":"a","time":[2,0],"record":{"level":"info"}})",
                                    R"({"tag":"a","time":[2,0],"record":{"level":"info"}})"}});
}

}  // namespace tailrace
