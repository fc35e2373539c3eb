// SPDX-License-Identifier: Apache-2.0
#include "filter/detect_exceptions/trace_rules.h"

#include <algorithm>

namespace tailrace {
namespace {

struct Rule {
  std::string_view language;
  std::string_view from;
  std::string_view pattern;
  std::string_view to;
};

constexpr std::string_view kStart = "start";

// In the order in which they are tried. Java's rules serve JavaScript and C# too.
constexpr Rule kRules[] = {
    {"java", kStart, R"((?:Exception|Error|Throwable|V8 errors stack trace)[:\r\n])", "java_after"},
    {"java", "java_nested", R"((?:Exception|Error|Throwable|V8 errors stack trace)[:\r\n])",
     "java_after"},
    {"java", "java_after", R"(^[\t ]*nested exception is:[\t ]*)", "java_nested"},
    {"java", "java_after", R"(^[\r\n]*$)", "java_after"},
    {"java", "java_after", R"(^[\t ]+(?:eval )?at )", "java"},
    {"java", "java", R"(^[\t ]+(?:eval )?at )", "java"},
    {"java", "java_after", R"(^[\t ]+--- End of inner exception stack trace ---$)", "java"},
    {"java", "java", R"(^[\t ]+--- End of inner exception stack trace ---$)", "java"},
    {"java", "java_after",
     R"(^--- End of stack trace from previous location where exception was thrown ---$)", "java"},
    {"java", "java",
     R"(^--- End of stack trace from previous location where exception was thrown ---$)", "java"},
    {"java", "java_after", R"(^[\t ]*(?:Caused by|Suppressed):)", "java_after"},
    {"java", "java", R"(^[\t ]*(?:Caused by|Suppressed):)", "java_after"},
    {"java", "java_after", R"(^[\t ]*... \d+ (?:more|common frames omitted))", "java"},
    {"java", "java", R"(^[\t ]*... \d+ (?:more|common frames omitted))", "java"},

    {"python", kStart, R"(^Traceback \(most recent call last\):$)", "python"},
    {"python", "python", R"(^[\t ]+File )", "python_code"},
    {"python", "python_code", R"([^\t ])", "python"},
    {"python", "python", R"(^(?:[^\s.():]+\.)*[^\s.():]+:)", kStart},

    {"php", kStart, R"(PHP (?:Notice|Parse error|Fatal error|Warning):)", "php_begin"},
    {"php", kStart, R"(exception '[^']+' with message ')", "php_begin"},
    {"php", "php_begin", R"(^Stack trace:)", "php_frames"},
    {"php", "php_frames", R"(^#\d)", "php_frames"},
    {"php", "php_frames", R"(^\s+thrown in )", kStart},

    {"go", kStart, R"(\bpanic: )", "go_panic"},
    {"go", kStart, R"(http: panic serving)", "go_goroutine"},
    {"go", "go_panic", R"(^$)", "go_goroutine"},
    {"go", "go_signal", R"(^$)", "go_goroutine"},
    {"go", "go_call", R"(^$)", "go_goroutine"},
    {"go", "go_panic", R"(^\[signal )", "go_signal"},
    {"go", "go_goroutine", R"(^goroutine \d+ \[[^\]]+\]:$)", "go_call"},
    {"go", "go_call", R"(^(?:[^\s.:]+\.)*[^\s.():]+\(|^created by )", "go_place"},
    {"go", "go_place", R"(^\s)", "go_call"},

    {"ruby", kStart, R"(Error \(.*\):$)", "ruby_rails"},
    {"ruby", "ruby_rails", R"(^  $)", "ruby"},
    {"ruby", "ruby_rails", R"(^[\t ]+.*?\.rb:\d+:in `)", "ruby"},
    {"ruby", "ruby", R"(^[\t ]+.*?\.rb:\d+:in `)", "ruby"},

    {"dart", kStart, R"(^Unhandled exception:$)", "dart"},
    {"dart", "dart",
     R"(^(?:Instance of|Exception|Bad state|IntegerDivisionByZeroException|Invalid argument)"
     R"(|RangeError|Assertion failed|Cannot instantiate|Reading static variable)"
     R"(|UnimplementedError|Unsupported operation|Concurrent modification|Out of Memory)"
     R"(|Stack Overflow))",
     "dart_stack"},
    {"dart", "dart", R"(^'.+?':.+?$)", "dart_type_1"},
    {"dart", "dart_type_1", R"(^#\d+\s+.+?\(.+?\)$)", "dart_stack"},
    {"dart", "dart_type_1", R"(^.+?$)", "dart_type_2"},
    {"dart", "dart_type_2", R"(^.*?\^.*?$)", "dart_type_3"},
    {"dart", "dart_type_3", R"(^$)", "dart_type_4"},
    {"dart", "dart_type_4", R"(^$)", "dart_stack"},
    {"dart", "dart", R"(^FormatException)", "dart_format_1"},
    {"dart", "dart_format_1", R"(^#\d+\s+.+?\(.+?\)$)", "dart_stack"},
    {"dart", "dart_format_1", R"(^.)", "dart_format_2"},
    {"dart", "dart_format_2", R"(^.*?\^)", "dart_format_3"},
    {"dart", "dart_format_3", R"(^$)", "dart_stack"},
    {"dart", "dart", R"(^NoSuchMethodError:)", "dart_method_1"},
    {"dart", "dart_method_1", R"(^Receiver:)", "dart_method_2"},
    {"dart", "dart_method_2", R"(^Tried calling:)", "dart_method_3"},
    {"dart", "dart_method_3", R"(^Found:)", "dart_stack"},
    {"dart", "dart_method_3", R"(^#\d+\s+.+?\(.+?\)$)", "dart_stack"},
    {"dart", "dart_stack", R"(^#\d+\s+.+?\(.+?\)$)", "dart_stack"},
    {"dart", "dart_stack", R"(^<asynchronous suspension>$)", "dart_stack"},
};

// The name that rules go by, "all", or empty for an unknown language.
std::string_view RulesOf(std::string_view language) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"java", "java"},     {"javascript", "java"}, {"js", "java"},   {"csharp", "java"},
      {"python", "python"}, {"py", "python"},       {"php", "php"},   {"go", "go"},
      {"ruby", "ruby"},     {"rb", "ruby"},         {"dart", "dart"}, {"all", "all"}};
  for (const auto& [name, rules] : kNames) {
    if (name == language) return rules;
  }
  return {};
}

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

Result<TraceRules> TraceRules::Create(const std::vector<std::string>& languages) {
  std::vector<std::string_view> wanted;
  for (const std::string& language : languages) {
    const std::string_view rules = RulesOf(Lower(language));
    if (rules.empty()) return Fail("unknown language '" + language + "'");
    wanted.push_back(rules);
  }
  const auto is_wanted = [&wanted](std::string_view language) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), "all") != wanted.end() ||
           std::find(wanted.begin(), wanted.end(), language) != wanted.end();
  };
  TraceRules made;
  std::vector<std::string_view> states = {kStart};
  const auto state_of = [&states](std::string_view name) {
    const auto found = std::find(states.begin(), states.end(), name);
    if (found != states.end()) return static_cast<State>(found - states.begin());
    states.push_back(name);
    return static_cast<State>(states.size() - 1);
  };
  text::RegexOptions options;
  options.match_invalid_utf8_as_bytes = true;
  std::string start;
  for (const Rule& rule : kRules) {
    if (!is_wanted(rule.language)) continue;
    const State from = state_of(rule.from);
    const State to = state_of(rule.to);
    auto pattern = text::Regex::Compile(rule.pattern, options);
    if (!pattern) return tl::unexpected(pattern.error());
    made.transitions_.resize(std::max(made.transitions_.size(), states.size()));
    made.transitions_[from].push_back({std::move(*pattern), to});
    if (from == kStartState) {
      start += (start.empty() ? "(?:" : "|(?:") + std::string(rule.pattern) + ")";
    }
  }
  auto any = text::Regex::Compile(start, options);
  if (!any) return tl::unexpected(any.error());
  made.start_.push_back(std::move(*any));
  return made;
}

bool TraceRules::Follow(std::string_view line, State* state) {
  // Nearly all lines are outside of traces: one pattern says so.
  if (*state == kStartState && !start_.front().Matches(line)) return false;
  for (const Transition& transition : transitions_[*state]) {
    if (!transition.pattern.Matches(line)) continue;
    *state = transition.to;
    return true;
  }
  *state = kStartState;
  return false;
}

TraceLine TraceRules::Advance(std::string_view line, State* state) {
  const bool before = Follow(line, state);
  // A line that does not go on with the trace may begin another one.
  if (!before) Follow(line, state);
  const bool after = *state != kStartState;
  if (before) return after ? TraceLine::kInside : TraceLine::kEnd;
  return after ? TraceLine::kStart : TraceLine::kNone;
}

}  // namespace tailrace
