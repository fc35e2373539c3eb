// SPDX-License-Identifier: Apache-2.0
// What strings do with patterns, and MatchData and Regexp.
#include <algorithm>
#include <cctype>

#include "config/ruby/methods.h"
#include "config/ruby/regexp.h"

namespace tailrace::config::ruby {

bool Search(Frame& frame, const Value& pattern, std::string_view text, size_t from,
            Value::MatchPtr* match) {
  match->reset();
  if (from > text.size()) return true;
  auto found = std::make_shared<MatchValue>();
  if (pattern.IsText()) {
    const size_t at = text.find(pattern.text(), from);
    if (at == std::string_view::npos) return true;
    found->groups.emplace_back(static_cast<int32_t>(at),
                               static_cast<int32_t>(at + pattern.text().size()));
  } else if (pattern.Is<Value::RegexpPtr>()) {
    const text::Regex& regex = pattern.Get<Value::RegexpPtr>()->regex();
    text::Captures captures;
    const auto result = regex.Match(text, captures, from);
    if (result.gave_up()) return frame.Raise("the pattern takes too long on this text");
    if (!result) return true;
    for (size_t i = 0; i < captures.size(); ++i) {
      found->groups.emplace_back(captures.begin(i), captures.end(i));
    }
    for (const auto& name : regex.names()) {
      int number = name.groups.front();
      for (const int group : name.groups) {
        if (captures.matched(static_cast<size_t>(group))) number = group;
      }
      found->names.emplace_back(name.name, number);
    }
  } else {
    return frame.Raise("expected a string or a regular expression, not " +
                       std::string(pattern.ClassName()));
  }
  found->subject = text;
  *match = std::move(found);
  return true;
}

namespace {

const std::string& Self(const Call& c) { return c.self.text(); }
Value OrNil(const std::optional<std::string>& text) { return text ? Value(*text) : Value(); }

// The next place to search behind a match, past an empty one.
size_t Behind(const MatchValue& match) {
  const auto [begin, end] = match.groups[0];
  return static_cast<size_t>(end) + (begin == end ? 1 : 0);
}

// The replacement text with \1, \k<name>, \0, \\.
std::string Expand(std::string_view with, const MatchValue& match) {
  std::string out;
  for (size_t i = 0; i < with.size(); ++i) {
    if (with[i] != '\\' || i + 1 >= with.size()) {
      out.push_back(with[i]);
      continue;
    }
    const char c = with[++i];
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      out += match.Group(static_cast<size_t>(c - '0')).value_or("");
    } else if (c == '&') {
      out += match.Group(0).value_or("");
    } else if (c == 'k' && i + 1 < with.size() && with[i + 1] == '<') {
      const size_t close = with.find('>', i);
      if (close == std::string_view::npos) continue;
      const std::string_view name = with.substr(i + 2, close - i - 2);
      for (const auto& [known, number] : match.names) {
        if (known == name) out += match.Group(static_cast<size_t>(number)).value_or("");
      }
      i = close;
    } else if (c == '\\') {
      out.push_back('\\');
    } else {
      out.push_back('\\');
      out.push_back(c);
    }
  }
  return out;
}

bool Replacement(const Call& c, const Value::MatchPtr& match, std::string* out) {
  if (c.args.size() < 2) {
    c.frame.set_match(match);
    Value value;
    if (!c.Yield(Value(*match->Group(0)), &value)) return false;
    *out += ToText(value);
    return true;
  }
  if (c.args[1].IsHash()) {
    const Value* found = c.args[1].hash().FindText(*match->Group(0));
    *out += found == nullptr ? "" : ToText(*found);
    return true;
  }
  std::string_view with;
  if (!c.TextArg(1, &with)) return false;
  *out += Expand(with, *match);
  return true;
}

bool Substitute(const Call& c) {
  if (!c.Needs(1, 2)) return false;
  const bool all = c.method[0] == 'g';
  const std::string& text = Self(c);
  std::string out;
  size_t copied = 0;
  size_t from = 0;
  while (from <= text.size()) {
    Value::MatchPtr match;
    if (!Search(c.frame, c.args[0], text, from, &match)) return false;
    if (!match) break;
    const auto begin = static_cast<size_t>(match->groups[0].first);
    out += text.substr(copied, begin - copied);
    if (!Replacement(c, match, &out)) return false;
    if (out.size() > kMaxText) return c.Raise("the text grows too long");
    copied = static_cast<size_t>(match->groups[0].second);
    from = Behind(*match);
    if (!all) break;
  }
  if (copied < text.size()) out += text.substr(copied);
  return c.Give(std::move(out));
}

// Parts between blanks, as split without a pattern does.
Array SplitAtBlanks(const std::string& text, int64_t limit) {
  Array parts;
  size_t at = 0;
  while (true) {
    while (at < text.size() && IsBlankText(text[at])) ++at;
    if (at >= text.size()) break;
    if (limit > 0 && std::ssize(parts) + 1 == limit) {
      parts.emplace_back(text.substr(at));
      return parts;
    }
    size_t end = at;
    while (end < text.size() && !IsBlankText(text[end])) ++end;
    parts.emplace_back(text.substr(at, end - at));
    at = end;
  }
  if (limit < 0) parts.emplace_back("");
  return parts;
}

bool SplitAtPattern(const Call& c, const Value& pattern, int64_t limit, Array* parts) {
  const std::string& text = Self(c);
  size_t begin = 0;
  size_t from = 0;
  while (limit <= 0 || std::ssize(*parts) + 1 < limit) {
    Value::MatchPtr match;
    if (!Search(c.frame, pattern, text, from, &match)) return false;
    if (!match) break;
    const auto [match_begin, match_end] = match->groups[0];
    if (match_begin == match_end) {  // between characters
      if (static_cast<size_t>(match_begin) >= text.size()) break;
      if (static_cast<size_t>(match_begin) == begin) {
        ++from;
        while (from < text.size() && (static_cast<unsigned char>(text[from]) & 0xC0) == 0x80)
          ++from;
        if (from >= text.size()) break;
        if (!Search(c.frame, pattern, text, from, &match)) return false;
        if (!match || static_cast<size_t>(match->groups[0].first) >= text.size()) break;
      }
    }
    parts->emplace_back(text.substr(begin, static_cast<size_t>(match->groups[0].first) - begin));
    for (size_t i = 1; i < match->groups.size(); ++i) {
      if (const auto group = match->Group(i)) parts->emplace_back(*group);
    }
    begin = static_cast<size_t>(match->groups[0].second);
    from = begin;
  }
  parts->emplace_back(text.substr(begin));
  return true;
}

bool Split(const Call& c) {
  if (!c.Needs(0, 2)) return false;
  const int64_t limit = c.IntegerOr(1, 0);
  Array parts;
  const bool blanks = c.args.empty() || c.args[0].IsNil() || c.args[0] == Value(" ");
  if (Self(c).empty()) return c.Give(Value::MakeArray());
  if (blanks) {
    parts = SplitAtBlanks(Self(c), limit);
  } else if (!SplitAtPattern(c, c.args[0], limit, &parts)) {
    return false;
  }
  if (limit == 0) {
    while (!parts.empty() && parts.back() == Value("")) parts.pop_back();
  }
  return c.Give(Value::MakeArray(std::move(parts)));
}

bool SetMatch(const Call& c, Value::MatchPtr* match) {
  const Value& pattern = c.self.IsText() ? c.args[0] : c.self;
  const Value& text = c.self.IsText() ? c.self : c.args[0];
  match->reset();
  if (text.IsNil()) {
    c.frame.set_match(nullptr);
    return true;
  }
  if (!text.IsText() && !text.Is<Symbol>()) {
    return c.Raise("cannot match " + std::string(text.ClassName()));
  }
  Value compiled = pattern;
  if (pattern.IsText() && c.method != "=~") {  // "a.b" is a pattern here
    auto regexp = RubyRegexp::Compile(pattern.text(), "");
    if (!regexp) return c.Raise(regexp.error().message);
    compiled = Value(std::move(*regexp));
  }
  if (!compiled.Is<Value::RegexpPtr>()) return c.Raise("type mismatch: a pattern is needed");
  if (!Search(c.frame, compiled, ToText(text), 0, match)) return false;
  c.frame.set_match(*match);
  return true;
}

bool MatchOperator(const Call& c) {
  Value::MatchPtr match;
  if (!c.Needs(1, 1) || !SetMatch(c, &match)) return false;
  return c.Give(match ? Value(static_cast<int64_t>(match->groups[0].first)) : Value());
}

bool MatchMethod(const Call& c) {
  Value::MatchPtr match;
  if (!c.Needs(1, 1) || !SetMatch(c, &match)) return false;
  return c.Give(match ? Value(match) : Value());
}

bool MatchTest(const Call& c) {
  Value::MatchPtr match;
  return c.Needs(1, 1) && SetMatch(c, &match) && c.Give(match != nullptr);
}

Value GroupOf(const MatchValue& match, const Value& which) {
  if (which.Is<int64_t>()) {
    int64_t number = which.Get<int64_t>();
    if (number < 0) number += std::ssize(match.groups);
    return number < 0 ? Value() : OrNil(match.Group(static_cast<size_t>(number)));
  }
  for (const auto& [name, number] : match.names) {
    if (name == ToText(which)) return OrNil(match.Group(static_cast<size_t>(number)));
  }
  return {};
}

bool Slice(const Call& c) {
  if (!c.Needs(1, 2)) return false;
  if (!c.args[0].Is<Value::RegexpPtr>()) return SubstringCall(c);
  Value::MatchPtr match;
  if (!Search(c.frame, c.args[0], Self(c), 0, &match)) return false;
  c.frame.set_match(match);
  if (!match) return c.Give(Value());
  return c.Give(GroupOf(*match, c.args.size() > 1 ? c.args[1] : Value(0)));
}

bool Scan(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  Array found;
  Value::MatchPtr match;
  for (size_t from = 0; from <= Self(c).size(); from = Behind(*match)) {
    if (!Search(c.frame, c.args[0], Self(c), from, &match)) return false;
    if (!match) break;
    if (match->groups.size() == 1) {
      found.push_back(OrNil(match->Group(0)));
      continue;
    }
    Array groups;
    for (size_t i = 1; i < match->groups.size(); ++i) groups.push_back(OrNil(match->Group(i)));
    found.push_back(Value::MakeArray(std::move(groups)));
  }
  return c.Give(Value::MakeArray(std::move(found)));
}

bool Index(const Call& c) {
  if (!c.Needs(1, 2)) return false;
  auto characters = [&](size_t bytes) {
    return static_cast<int64_t>(
        std::count_if(Self(c).begin(), Self(c).begin() + static_cast<std::ptrdiff_t>(bytes),
                      [](char ch) { return (static_cast<unsigned char>(ch) & 0xC0) != 0x80; }));
  };
  if (c.method == "rindex") {
    std::string_view part;
    if (!c.TextArg(0, &part)) return false;
    const size_t at = Self(c).rfind(part);
    return c.Give(at == std::string::npos ? Value() : Value(characters(at)));
  }
  Value::MatchPtr match;
  const int64_t from = std::max<int64_t>(0, c.IntegerOr(1, 0));
  if (!Search(c.frame, c.args[0], Self(c), static_cast<size_t>(from), &match)) return false;
  return c.Give(match ? Value(characters(static_cast<size_t>(match->groups[0].first))) : Value());
}

bool Partition(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  Value::MatchPtr match;
  const std::string& text = Self(c);
  if (c.method == "rpartition") {
    std::string_view part;
    if (!c.TextArg(0, &part)) return false;
    const size_t at = text.rfind(part);
    if (at == std::string::npos) return c.Give(Value::MakeArray({"", "", text}));
    return c.Give(Value::MakeArray({text.substr(0, at), part, text.substr(at + part.size())}));
  }
  if (!Search(c.frame, c.args[0], text, 0, &match)) return false;
  if (!match) return c.Give(Value::MakeArray({text, "", ""}));
  const auto [begin, end] = match->groups[0];
  return c.Give(Value::MakeArray({text.substr(0, static_cast<size_t>(begin)),
                                  OrNil(match->Group(0)), text.substr(static_cast<size_t>(end))}));
}

const MatchValue* SelfMatch(const Call& c) {
  if (c.self.Is<Value::MatchPtr>()) return c.self.Get<Value::MatchPtr>().get();
  c.Raise("undefined method '" + std::string(c.method) + "' for a regexp");
  return nullptr;
}

bool MatchIndex(const Call& c) {
  const MatchValue* match = SelfMatch(c);
  return match != nullptr && c.Needs(1, 1) && c.Give(GroupOf(*match, c.args[0]));
}

bool MatchGroups(const Call& c) {
  const MatchValue* match = SelfMatch(c);
  if (match == nullptr) return false;
  Array groups;
  for (size_t i = c.method == "captures" ? 1 : 0; i < match->groups.size(); ++i) {
    groups.push_back(OrNil(match->Group(i)));
  }
  return c.Give(Value::MakeArray(std::move(groups)));
}

bool NamedGroups(const Call& c) {
  const MatchValue* match = SelfMatch(c);
  if (match == nullptr) return false;
  Value hash = Value::MakeHash();
  for (const auto& [name, number] : match->names) {
    hash.hash().Set(name, OrNil(match->Group(static_cast<size_t>(number))));
  }
  return c.Give(std::move(hash));
}

bool AroundMatch(const Call& c) {
  const MatchValue* match = SelfMatch(c);
  if (match == nullptr) return false;
  const auto [begin, end] = match->groups[0];
  return c.Give(c.method == "pre_match" ? match->subject.substr(0, static_cast<size_t>(begin))
                                        : match->subject.substr(static_cast<size_t>(end)));
}

bool Source(const Call& c) {
  if (!c.self.Is<Value::RegexpPtr>()) return c.Raise("undefined method 'source' for a match");
  return c.Give(c.self.Get<Value::RegexpPtr>()->source());
}

constexpr Entry kPattern[] = {
    {"[]", Slice},
    {"slice", Slice},
    {"sub", Substitute},
    {"gsub", Substitute},
    {"split", Split},
    {"=~", MatchOperator},
    {"match", MatchMethod},
    {"match?", MatchTest},
    {"scan", Scan},
    {"index", Index},
    {"rindex", Index},
    {"partition", Partition},
    {"rpartition", Partition},
};

constexpr Entry kMatch[] = {
    {"[]", MatchIndex},         {"captures", MatchGroups},
    {"to_a", MatchGroups},      {"named_captures", NamedGroups},
    {"pre_match", AroundMatch}, {"post_match", AroundMatch},
    {"=~", MatchOperator},      {"match", MatchMethod},
    {"match?", MatchTest},      {"source", Source},
};

}  // namespace

std::span<const Entry> PatternMethods() { return kPattern; }
std::span<const Entry> MatchMethods() { return kMatch; }

}  // namespace tailrace::config::ruby
