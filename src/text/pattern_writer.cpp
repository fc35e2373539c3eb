// SPDX-License-Identifier: Apache-2.0
#include "text/pattern_writer.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "text/strptime_words.h"
#include "text/utf8.h"

namespace tailrace::text {
namespace {

using Kind = PatternNode::Kind;
using Mode = PatternNode::Mode;
using Known = CharacterClass::Known;

constexpr int kRe2RepeatMax = 1000;
constexpr int kPcre2RepeatMax = 65535;
// RE2 writes repetitions out; beyond this the program would not fit in its memory.
constexpr int64_t kRe2CopiesMax = 5000;

enum class Engine : uint8_t { kRe2, kPcre2 };

// Whether a node can match the empty text (true also where it is not known).
bool CanBeEmpty(const PatternNode& node) {
  switch (node.kind) {
    case Kind::kLiteral:
    case Kind::kAny:
    case Kind::kClass:
    case Kind::kLinebreak:
    case Kind::kGrapheme:
      return false;
    case Kind::kSequence:
    case Kind::kCapture:
    case Kind::kGroup:
    case Kind::kAtomic:
      return std::all_of(node.children.begin(), node.children.end(), CanBeEmpty);
    case Kind::kAlternatives:
      return std::any_of(node.children.begin(), node.children.end(), CanBeEmpty);
    case Kind::kRepeat:
      return node.low == 0 || CanBeEmpty(node.children[0]);
    default:
      return true;
  }
}

// The number of characters a node matches, if it is always the same.
std::optional<int> FixedLength(const PatternNode& node) {
  switch (node.kind) {
    case Kind::kLiteral:
    case Kind::kAny:
    case Kind::kClass:
      return 1;
    case Kind::kSequence:
    case Kind::kCapture:
    case Kind::kGroup:
    case Kind::kAtomic: {
      int sum = 0;
      for (const PatternNode& child : node.children) {
        const auto length = FixedLength(child);
        if (!length) return std::nullopt;
        sum += *length;
      }
      return sum;
    }
    case Kind::kAlternatives: {
      const auto first = FixedLength(node.children[0]);
      for (const PatternNode& child : node.children) {
        if (!first || FixedLength(child) != first) return std::nullopt;
      }
      return first;
    }
    case Kind::kRepeat: {
      const auto length = FixedLength(node.children[0]);
      if (!length || node.low != node.high || node.low > 1000) return std::nullopt;
      return *length * node.low;
    }
    case Kind::kBackreference:
    case Kind::kCall:
    case Kind::kConditional:
    case Kind::kLinebreak:
    case Kind::kGrapheme:
      return std::nullopt;
    default:
      return 0;
  }
}

bool HasCapture(const PatternNode& node) {
  return node.kind == Kind::kCapture ||
         std::any_of(node.children.begin(), node.children.end(), HasCapture);
}

class Writer {
 public:
  explicit Writer(Engine engine) : engine_(engine) {}

  Translation Write(const PatternNode& root) {
    Node(root, true);
    if (!out_.refusal.empty()) out_.pattern.clear();
    return std::move(out_);
  }

 private:
  bool re2() const { return engine_ == Engine::kRe2; }
  void Refuse(const char* why) {
    if (out_.refusal.empty()) out_.refusal = why;
  }
  void Put(std::string_view text) { out_.pattern += text; }

  void Character(char32_t code) {
    if (code < 0x80 && !IsAlpha(static_cast<char>(code)) && !IsDigit(static_cast<char>(code))) {
      constexpr char kHex[] = "0123456789abcdef";
      Put("\\x");
      out_.pattern += kHex[code >> 4];
      out_.pattern += kHex[code & 15];
    } else {
      AppendUtf8(code, out_.pattern);
    }
  }

  void Folded(bool ignore_case) {
    if (!ignore_case) return;
    // Beyond ASCII, folding differs ("ss" and "ß", K and the Kelvin sign).
    out_.ascii_only = true;
    Put("(?i:");
  }

  void Class(const PatternNode& node) {
    const CharacterClass& characters = node.characters;
    if (characters.known == Known::kNothing) return Refuse("a Unicode property");
    if (characters.known == Known::kAscii) out_.ascii_only = true;
    if (characters.set.empty()) return Refuse("an empty character class");
    const bool ascii = characters.set.ranges().back().high < 0x80;
    if (node.ignore_case && !(characters.foldable && ascii)) {
      return Refuse("a class that ignores case and is not plain ASCII");
    }
    Folded(node.ignore_case);
    Put(characters.negated ? "[^" : "[");
    for (const CodeRange& range : characters.set.ranges()) {
      Character(range.low);
      if (range.high != range.low) {
        Put("-");
        Character(range.high);
      }
    }
    Put(node.ignore_case ? "])" : "]");
  }

  // `last`: nothing of the pattern follows.
  void EndTextOrNewline(bool last) {
    if (!re2()) return Put("\\Z");
    if (!last) return Refuse("\\Z inside the pattern");
    Put("\\n?\\z");
  }

  void Boundary(const PatternNode& node) {
    // Ruby's words are Unicode words here.
    if (node.kind == Kind::kWordBoundary) out_.ascii_only = true;
    Put(node.flag ? "\\B" : "\\b");
  }

  void Repeat(const PatternNode& node) {
    const PatternNode& body = node.children[0];
    const int most = std::max(node.low, node.high);
    if (body.kind == Kind::kRepeat && !(body.low == body.high && node.low == node.high)) {
      Refuse("a repetition of a repetition");
    }
    if (most > (re2() ? kRe2RepeatMax : kPcre2RepeatMax)) Refuse("a very large repetition");
    const bool loops = node.high == PatternNode::kUnlimited || node.high > 1;
    if (!re2() && loops && CanBeEmpty(body)) Refuse("a repetition of what can be empty");
    if (IsAssertion(body)) Refuse("a repetition of an assertion");
    if (re2() && node.mode == Mode::kPossessive) Refuse("a possessive repetition");
    const int64_t outer_copies = copies_;
    copies_ *= std::max(most, 1);
    if (re2() && copies_ > kRe2CopiesMax) Refuse("a very large repetition");
    Put("(?:");
    Node(body, false);
    Put(")");
    copies_ = outer_copies;
    Put("{" + std::to_string(node.low) + ",");
    if (node.high != PatternNode::kUnlimited) Put(std::to_string(node.high));
    Put("}");
    if (node.mode == Mode::kLazy) Put("?");
    if (node.mode == Mode::kPossessive) Put("+");
  }

  static bool IsAssertion(const PatternNode& node) {
    switch (node.kind) {
      case Kind::kBeginLine:
      case Kind::kEndLine:
      case Kind::kBeginText:
      case Kind::kEndText:
      case Kind::kEndTextOrNewline:
      case Kind::kWordBoundary:
      case Kind::kAsciiWordBoundary:
      case Kind::kLookahead:
      case Kind::kLookbehind:
        return true;
      default:
        return false;
    }
  }

  void Look(const PatternNode& node) {
    if (re2()) return Refuse("look-around");
    const PatternNode& body = node.children[0];
    const bool behind = node.kind == Kind::kLookbehind;
    if (node.flag && HasCapture(body)) return Refuse("a capture inside a negative look-around");
    if (behind) {
      if (HasCapture(body)) return Refuse("a capture inside a look-behind");
      const bool alternatives = body.kind == Kind::kAlternatives;
      for (const PatternNode& part : alternatives ? body.children : node.children) {
        if (!FixedLength(part)) return Refuse("a look-behind of variable length");
      }
    }
    Put(behind ? (node.flag ? "(?<!" : "(?<=") : (node.flag ? "(?!" : "(?="));
    if (body.kind == Kind::kAlternatives) {
      Alternatives(body, false);
    } else {
      Node(body, false);
    }
    Put(")");
  }

  void Backreference(const PatternNode& node) {
    if (re2()) return Refuse("a back-reference");
    if (!node.text.empty()) return Refuse("a back-reference by name");
    if (!closed_.contains(node.index)) return Refuse("a back-reference into its own group");
    Folded(node.ignore_case);
    Put("\\g{" + std::to_string(node.index) + "}");
    if (node.ignore_case) Put(")");
  }

  void Alternatives(const PatternNode& node, bool last) {
    for (size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) Put("|");
      Node(node.children[i], last);
    }
  }

  void Group(const char* open, const PatternNode& node, bool last) {
    Put(open);
    Node(node.children[0], last);
    Put(")");
  }

  void Node(const PatternNode& node, bool last) {
    switch (node.kind) {
      case Kind::kEmpty:
        return;
      case Kind::kLiteral:
        if (node.ignore_case && node.code >= 0x80) {
          return Refuse("a character beyond ASCII that ignores case");
        }
        Folded(node.ignore_case);
        Character(node.code);
        if (node.ignore_case) Put(")");
        return;
      case Kind::kAny:
        return Put(node.flag ? "(?s:.)" : re2() ? "[^\\n]" : "\\N");
      case Kind::kClass:
        return Class(node);
      case Kind::kBeginLine:
        if (re2()) out_.no_final_newline = true;
        return Put("(?m:^)");
      case Kind::kEndLine:
        return Put("(?m:$)");
      case Kind::kBeginText:
        return Put("\\A");
      case Kind::kEndText:
        return Put("\\z");
      case Kind::kEndTextOrNewline:
        return EndTextOrNewline(last);
      case Kind::kWordBoundary:
      case Kind::kAsciiWordBoundary:
        return Boundary(node);
      case Kind::kSearchStart:
        return Refuse("\\G");
      case Kind::kKeep:
        return Refuse("\\K");
      case Kind::kLinebreak:
        return Refuse("\\R");
      case Kind::kGrapheme:
        return Refuse("\\X");
      case Kind::kSequence:
        for (size_t i = 0; i < node.children.size(); ++i) {
          Node(node.children[i], last && i + 1 == node.children.size());
        }
        return;
      case Kind::kAlternatives:
        Put("(?:");
        Alternatives(node, last);
        return Put(")");
      case Kind::kCapture:
        Group(re2() ? "(?:" : "(", node, last);
        closed_.insert(node.index);
        return;
      case Kind::kGroup:
        return Group("(?:", node, last);
      case Kind::kAtomic:
        if (re2()) return Refuse("an atomic group");
        return Group("(?>", node, false);
      case Kind::kLookahead:
      case Kind::kLookbehind:
        return Look(node);
      case Kind::kRepeat:
        return Repeat(node);
      case Kind::kBackreference:
        return Backreference(node);
      case Kind::kCall:
        return Refuse("a subexpression call");
      case Kind::kConditional:
        return Refuse("a conditional");
    }
  }

  Engine engine_;
  Translation out_;
  std::set<int> closed_;  // groups that are complete here
  int64_t copies_ = 1;
};

bool HasUnlimitedRepeat(const PatternNode& node, bool inside) {
  const bool unlimited = node.kind == Kind::kRepeat && node.high == PatternNode::kUnlimited &&
                         node.mode != Mode::kPossessive;
  if (unlimited && inside) return true;
  return std::any_of(node.children.begin(), node.children.end(), [&](const PatternNode& child) {
    return HasUnlimitedRepeat(child, inside || unlimited);
  });
}

}  // namespace

Translation WriteForRe2(const PatternNode& root) { return Writer(Engine::kRe2).Write(root); }
Translation WriteForPcre2(const PatternNode& root) { return Writer(Engine::kPcre2).Write(root); }
bool CanExplode(const PatternNode& root) { return HasUnlimitedRepeat(root, false); }

}  // namespace tailrace::text
