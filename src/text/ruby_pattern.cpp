// SPDX-License-Identifier: Apache-2.0
#include "text/ruby_pattern.h"

#include <algorithm>
#include <utility>

#include "text/ruby_pattern_reader.h"
#include "text/strptime_words.h"
#include "text/utf8.h"

namespace tailrace::text {
namespace {

using Kind = PatternNode::Kind;

constexpr int kRepeatMax = 100'000;
constexpr int kDepthMax = 250;

PatternNode Leaf(Kind kind, bool flag = false) {
  PatternNode node;
  node.kind = kind;
  node.flag = flag;
  return node;
}

PatternNode Parent(Kind kind, PatternNode child) {
  PatternNode node;
  node.kind = kind;
  node.children.push_back(std::move(child));
  return node;
}

struct Options {
  bool ignore_case = false;
  bool multiline = false;
  bool extended = false;
  PatternCharset charset = PatternCharset::kDefault;
};

class Parser {
 public:
  Parser(std::string_view pattern, const RegexOptions& options) : reader_(pattern) {
    options_.ignore_case = options.ignore_case;
    options_.multiline = options.multiline;
    options_.extended = options.extended;
    plain_groups_in_pattern_ = CountPlainGroups(pattern);
  }

  RubyPattern Parse() {
    RubyPattern out;
    out.root = Alternatives();
    if (!reader_.AtEnd()) reader_.Fail("unmatched close parenthesis");
    out.names = std::move(names_);
    out.group_count = groups_;
    if (!out.names.empty()) DropPlainGroups(out);
    return out;
  }

 private:
  // An upper bound that is exact for patterns without odd classes; decides what \10 means.
  static int CountPlainGroups(std::string_view pattern) {
    int count = 0;
    for (size_t i = 0; i < pattern.size(); ++i) {
      if (pattern[i] == '\\') {
        ++i;
      } else if (pattern[i] == '(' && At(pattern, i + 1) != '?') {
        ++count;
      }
    }
    return count;
  }

  // Beside named groups, plain ones do not capture.
  static void DropPlainGroups(RubyPattern& pattern) {
    int next = 1;
    std::vector<GroupName> names;
    Renumber(pattern.root, next, names);
    pattern.names = std::move(names);
    pattern.group_count = next - 1;
  }

  static void Renumber(PatternNode& node, int& next, std::vector<GroupName>& names) {
    if (node.kind == Kind::kCapture && node.text.empty()) {
      node.kind = Kind::kGroup;
    } else if (node.kind == Kind::kCapture) {
      node.index = next++;
      AddName(names, node.text, node.index);
    }
    for (PatternNode& child : node.children) Renumber(child, next, names);
  }

  static void AddName(std::vector<GroupName>& names, const std::string& name, int group) {
    const auto known = std::find_if(names.begin(), names.end(),
                                    [&](const GroupName& entry) { return entry.name == name; });
    if (known != names.end()) {
      known->groups.push_back(group);
    } else {
      names.push_back({name, {group}});
    }
  }

  PatternNode Alternatives() {
    if (++depth_ > kDepthMax) reader_.Fail("too deep nest level");
    const Options outer = options_;
    std::vector<PatternNode> all;
    all.push_back(Sequence());
    while (reader_.Skip("|")) all.push_back(Sequence());
    options_ = outer;
    --depth_;
    if (all.size() == 1) return std::move(all.front());
    PatternNode node = Leaf(Kind::kAlternatives);
    node.children = std::move(all);
    return node;
  }

  PatternNode Sequence() {
    PatternNode node = Leaf(Kind::kSequence);
    for (;;) {
      SkipIgnored();
      if (reader_.AtEnd() || reader_.Peek() == '|' || reader_.Peek() == ')') break;
      std::vector<PatternNode> atoms = Atom();
      atoms.back() = Quantified(std::move(atoms.back()));
      for (PatternNode& atom : atoms) node.children.push_back(std::move(atom));
    }
    return node;
  }

  // (?#comments), and under (?x) blanks and comments to the end of the line.
  void SkipIgnored() {
    for (;;) {
      if (reader_.Skip("(?#")) {
        Comment();
      } else if (options_.extended && !reader_.AtEnd() && IsSpace(reader_.Peek())) {
        reader_.Advance(1);
      } else if (options_.extended && reader_.Peek() == '#') {
        while (!reader_.AtEnd() && reader_.Peek() != '\n') reader_.Advance(1);
      } else {
        return;
      }
    }
  }

  std::vector<PatternNode> Atom() {
    std::vector<PatternNode> one;
    const char c = reader_.Peek();
    switch (c) {
      case '(':
        one.push_back(Group());
        return one;
      case '[': {
        PatternNode node = Leaf(Kind::kClass);
        node.ignore_case = options_.ignore_case;
        node.characters = ParseClass(reader_, options_.charset);
        one.push_back(std::move(node));
        return one;
      }
      case '.':
        reader_.Advance(1);
        one.push_back(Leaf(Kind::kAny, options_.multiline));
        return one;
      case '^':
        reader_.Advance(1);
        one.push_back(Leaf(Kind::kBeginLine));
        return one;
      case '$':
        reader_.Advance(1);
        one.push_back(Leaf(Kind::kEndLine));
        return one;
      case '\\':
        reader_.Advance(1);
        return Escape();
      case '*':
      case '+':
      case '?':
        reader_.Fail("target of repeat operator is not specified");
      case '{': {
        int low = 0;
        int high = 0;
        if (Interval(low, high)) reader_.Fail("target of repeat operator is not specified");
        break;
      }
      default:
        break;
    }
    one.push_back(Literal(reader_.TakeCharacter()));
    return one;
  }

  PatternNode Literal(char32_t code) const {
    PatternNode node = Leaf(Kind::kLiteral);
    node.code = code;
    node.ignore_case = options_.ignore_case;
    return node;
  }

  void Comment() {
    for (;;) {
      if (reader_.AtEnd()) reader_.Fail("end pattern in group");
      if (reader_.Skip(")")) return;
      reader_.Advance(reader_.Peek() == '\\' ? 2 : 1);
    }
  }

  // The escape behind a backslash.
  std::vector<PatternNode> Escape() {
    if (reader_.AtEnd()) reader_.Fail("end pattern at escape");
    std::vector<PatternNode> one;
    if (auto characters = ParseClassEscape(reader_, options_.charset)) {
      PatternNode node = Leaf(Kind::kClass);
      node.characters = std::move(*characters);
      one.push_back(std::move(node));
      return one;
    }
    if (auto special = SpecialEscape()) {
      one.push_back(std::move(*special));
      return one;
    }
    if (auto backreference = NumberedBackreference()) {
      one.push_back(std::move(*backreference));
      return one;
    }
    std::vector<char32_t> codes;
    if (auto escaped = reader_.TakeCharacterEscape()) {
      codes = std::move(*escaped);
    } else if (IsDigit(reader_.Peek())) {
      reader_.Fail("invalid backref number/name");
    } else {
      codes.push_back(reader_.TakeCharacter());
    }
    for (const char32_t code : codes) one.push_back(Literal(code));
    return one;
  }

  std::optional<PatternNode> SpecialEscape() {
    const bool ascii = options_.charset == PatternCharset::kAscii;
    const Kind boundary = ascii ? Kind::kAsciiWordBoundary : Kind::kWordBoundary;
    const char c = reader_.Peek();
    const auto simple = [this](Kind kind, bool flag = false) {
      reader_.Advance(1);
      return Leaf(kind, flag);
    };
    switch (c) {
      case 'b':
      case 'B':
        return simple(boundary, c == 'B');
      case 'A':
        return simple(Kind::kBeginText);
      case 'z':
        return simple(Kind::kEndText);
      case 'Z':
        return simple(Kind::kEndTextOrNewline);
      case 'G':
        return simple(Kind::kSearchStart);
      case 'K':
        return simple(Kind::kKeep);
      case 'R':
        return simple(Kind::kLinebreak);
      case 'X':
        return simple(Kind::kGrapheme);
      case 'k':
      case 'g': {
        const bool quote = reader_.Peek(1) == '\'';
        if (reader_.Peek(1) != '<' && !quote) return std::nullopt;
        reader_.Advance(2);
        PatternNode node = Leaf(c == 'k' ? Kind::kBackreference : Kind::kCall);
        node.text = reader_.TakeUntil(quote ? '\'' : '>');
        node.ignore_case = options_.ignore_case;
        return node;
      }
      default:
        return std::nullopt;
    }
  }

  // \1 to \9, and higher numbers if there are as many groups; else it is an octal escape.
  std::optional<PatternNode> NumberedBackreference() {
    if (reader_.Peek() < '1' || reader_.Peek() > '9') return std::nullopt;
    size_t digits = 0;
    int number = 0;
    while (digits < 4 && IsDigit(reader_.Peek(digits))) {
      number = number * 10 + (reader_.Peek(digits++) - '0');
    }
    if (number > 9 && number > plain_groups_in_pattern_) return std::nullopt;
    reader_.Advance(digits);
    PatternNode node = Leaf(Kind::kBackreference);
    node.index = number;
    node.ignore_case = options_.ignore_case;
    return node;
  }

  // At "(".
  PatternNode Group() {
    if (!reader_.Skip("(?")) {
      reader_.Advance(1);
      const int index = ++groups_;
      PatternNode node = Parent(Kind::kCapture, Body());
      node.index = index;
      return node;
    }
    if (reader_.Skip(":")) return Parent(Kind::kGroup, Body());
    if (reader_.Skip(">")) return Parent(Kind::kAtomic, Body());
    if (reader_.Skip("=")) return Parent(Kind::kLookahead, Body());
    if (reader_.Skip("<=")) return Parent(Kind::kLookbehind, Body());
    const bool ahead = reader_.Skip("!");
    if (ahead || reader_.Skip("<!")) {
      PatternNode node = Parent(ahead ? Kind::kLookahead : Kind::kLookbehind, Body());
      node.flag = true;
      return node;
    }
    if (reader_.Skip("~")) {
      reader_.Fail(
          "the absent operator (?~X) is not supported; write (?:(?!X).)* if that is what you mean");
    }
    if (reader_.Skip("(")) return Conditional();
    const bool quote = reader_.Skip("'");
    if (quote || reader_.Skip("<")) return NamedGroup(quote ? '\'' : '>');
    return OptionGroup();
  }

  PatternNode NamedGroup(char end) {
    const std::string name(reader_.TakeUntil(end));
    const bool valid =
        !name.empty() && !IsDigit(name[0]) && name[0] != '-' && name.find(')') == std::string::npos;
    if (!valid) reader_.Fail("invalid group name <" + name + ">");
    const int index = ++groups_;
    AddName(names_, name, index);
    PatternNode node = Parent(Kind::kCapture, Body());
    node.index = index;
    node.text = name;
    return node;
  }

  // The condition: (1), (<name>), ('name').
  PatternNode Conditional() {
    PatternNode node = Leaf(Kind::kConditional);
    node.text = reader_.TakeUntil(')');
    PatternNode body = Body();
    if (body.kind == Kind::kAlternatives) {
      if (body.children.size() > 2) reader_.Fail("invalid conditional pattern");
      node.children = std::move(body.children);
    } else {
      node.children.push_back(std::move(body));
    }
    return node;
  }

  // (?imx-imx:...) or (?imx-imx) for the rest of the enclosing group.
  PatternNode OptionGroup() {
    const Options outer = options_;
    bool on = true;
    for (;; reader_.Advance(1)) {
      switch (reader_.Peek()) {
        case '-':
          on = false;
          continue;
        case 'i':
          options_.ignore_case = on;
          continue;
        case 'm':
          options_.multiline = on;
          continue;
        case 'x':
          options_.extended = on;
          continue;
        case 'a':
        case 'd':
        case 'u':
          if (!on) reader_.Fail("undefined group option");
          options_.charset = reader_.Peek() == 'a'   ? PatternCharset::kAscii
                             : reader_.Peek() == 'u' ? PatternCharset::kUnicode
                                                     : PatternCharset::kDefault;
          continue;
        default:
          break;
      }
      break;
    }
    PatternNode node;
    if (reader_.Skip(":")) {
      node = Parent(Kind::kGroup, Body());
    } else if (reader_.Skip(")")) {
      node = Parent(Kind::kGroup, Alternatives());
    } else {
      reader_.Fail("undefined group option");
    }
    options_ = outer;
    return node;
  }

  PatternNode Body() {
    PatternNode body = Alternatives();
    if (!reader_.Skip(")")) reader_.Fail("end pattern with unmatched parenthesis");
    return body;
  }

  // {n}, {n,}, {,m} or {n,m}; anything else is text.
  bool Interval(int& low, int& high) {
    const size_t begin = reader_.at();
    const auto number = [this](int& value) {
      bool any = false;
      value = 0;
      while (IsDigit(reader_.Peek())) {
        if (value <= kRepeatMax) value = value * 10 + (reader_.Peek() - '0');
        reader_.Advance(1);
        any = true;
      }
      return any;
    };
    reader_.Advance(1);
    const bool has_low = number(low);
    high = low;
    bool valid = has_low;
    if (reader_.Skip(",")) {
      const bool has_high = number(high);
      if (!has_high) high = PatternNode::kUnlimited;
      valid = has_low || has_high;
    }
    if (!valid || !reader_.Skip("}")) {
      reader_.Seek(begin);
      return false;
    }
    if (low > kRepeatMax || high > kRepeatMax) reader_.Fail("too big number");
    if (high != PatternNode::kUnlimited && high < low) {
      reader_.Fail("upper limit of a repetition is below its lower limit");
    }
    return true;
  }

  PatternNode Quantified(PatternNode atom) {
    for (;;) {
      SkipIgnored();
      int low = 0;
      int high = PatternNode::kUnlimited;
      bool interval = false;
      if (reader_.Skip("?")) {
        high = 1;
      } else if (reader_.Skip("+")) {
        low = 1;
      } else if (!reader_.Skip("*")) {
        if (reader_.Peek() != '{' || !Interval(low, high)) return atom;
        interval = true;
      }
      PatternNode node = Parent(Kind::kRepeat, std::move(atom));
      node.low = low;
      node.high = high;
      // A + behind an interval is a repetition of its own in Ruby, and so is a ? behind {n}.
      if (!interval && reader_.Skip("+")) {
        node.mode = PatternNode::Mode::kPossessive;
      } else if (!(interval && low == high) && reader_.Skip("?")) {
        node.mode = PatternNode::Mode::kLazy;
      }
      atom = std::move(node);
    }
  }

  PatternReader reader_;
  Options options_;
  int groups_ = 0;
  int plain_groups_in_pattern_ = 0;
  int depth_ = 0;
  std::vector<GroupName> names_;
};

}  // namespace

Result<RubyPattern> RubyPattern::Parse(std::string_view pattern, const RegexOptions& options) {
  try {
    return Parser(pattern, options).Parse();
  } catch (const PatternError& error) {
    return Fail("invalid regular expression /" + std::string(pattern) + "/: " + error.what +
                " (at character " + std::to_string(error.at + 1) + ")");
  }
}

}  // namespace tailrace::text
