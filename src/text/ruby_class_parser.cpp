// SPDX-License-Identifier: Apache-2.0
// Character classes of Ruby patterns: [a-z&&[^b]], [[:alpha:]_], \w, \p{Lu} ...
#include <algorithm>
#include <array>
#include <utility>

#include "text/ruby_pattern_reader.h"
#include "text/strptime_words.h"

namespace tailrace::text {
namespace {

// Functions, so that patterns may be compiled before main as well.
const CodeSet& Digits() {
  static const CodeSet set{{'0', '9'}};
  return set;
}
const CodeSet& Spaces() {
  static const CodeSet set{{'\t', '\r'}, {' ', ' '}};
  return set;
}
const CodeSet& Words() {
  static const CodeSet set{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  return set;
}
const CodeSet& HexDigits() {
  static const CodeSet set{{'0', '9'}, {'A', 'F'}, {'a', 'f'}};
  return set;
}

using Known = CharacterClass::Known;

struct NamedClass {
  std::string_view name;
  CodeSet ascii;                  // its members among ASCII
  bool ascii_in_unicode = false;  // has no other members
};

// The POSIX brackets. Beyond ASCII they follow Unicode.
const std::array<NamedClass, 14>& NamedClasses() {
  static const std::array<NamedClass, 14> classes = {{
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"ascii", {{0, 0x7F}}, true},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"cntrl", {{0, 0x1F}, {0x7F, 0x7F}}},
      {"digit", Digits()},
      {"graph", {{0x21, 0x7E}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{0x20, 0x7E}}},
      {"punct", {{0x21, 0x2F}, {0x3A, 0x40}, {0x5B, 0x60}, {0x7B, 0x7E}}},
      {"space", Spaces()},
      {"upper", {{'A', 'Z'}}},
      {"word", Words()},
      {"xdigit", HexDigits(), true},
  }};
  return classes;
}

const NamedClass* FindNamed(std::string_view name) {
  for (const NamedClass& named : NamedClasses()) {
    if (named.name == name) return &named;
  }
  return nullptr;
}

// Ruby counts the ASCII symbols as punctuation in brackets, Oniguruma does not.
constexpr std::string_view kSymbols = "\\$\\+\\<\\=\\>\\^\\`\\|\\~";

void AppendRange(const CodeRange& range, std::string& out) {
  AppendOnigurumaCharacter(range.low, out);
  if (range.high == range.low) return;
  out.push_back('-');
  AppendOnigurumaCharacter(range.high, out);
}

std::string SetInOniguruma(const CodeSet& set, bool negated) {
  std::string out = negated ? "[^" : "[";
  for (const CodeRange& range : set.ranges()) AppendRange(range, out);
  return out + "]";
}

CharacterClass PosixClass(const NamedClass& named, bool negated, PatternCharset charset) {
  CharacterClass out;
  out.set = named.ascii;
  out.negated = negated;
  out.foldable = named.name != "upper" && named.name != "lower";
  if (named.ascii_in_unicode || charset == PatternCharset::kAscii) {
    out.oniguruma = SetInOniguruma(named.ascii, negated);
  } else {
    out.known = Known::kAscii;
    out.oniguruma = std::string(negated ? "[^" : "[") + "[:" + std::string(named.name) + ":]" +
                    std::string(named.name == "punct" ? kSymbols : "") + "]";
  }
  return out;
}

// The ASCII members of a few properties are those of a POSIX bracket.
const NamedClass* FindProperty(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kGeneral[] = {
      {"l", "alpha"}, {"letter", "alpha"}, {"lu", "upper"},     {"ll", "lower"},
      {"n", "digit"}, {"nd", "digit"},     {"number", "digit"}, {"cc", "cntrl"}};
  for (const auto& [property, posix] : kGeneral) {
    if (name == property) return FindNamed(posix);
  }
  return name == "punct" ? nullptr : FindNamed(name);
}

// \p{name}, \p{^name}: the reader is behind the brace.
CharacterClass PropertyClass(PatternReader& reader, bool negated) {
  std::string_view name = reader.TakeUntil('}');
  if (name.starts_with('^')) {
    negated = !negated;
    name.remove_prefix(1);
  }
  std::string plain;
  for (const char c : name) {
    if (c != ' ' && c != '_' && c != '-') plain.push_back(LowerAscii(c));
  }
  CharacterClass out;
  out.negated = negated;
  out.foldable = false;
  out.oniguruma = std::string(negated ? "\\P{" : "\\p{") + std::string(name) + "}";
  const NamedClass* named = FindProperty(plain);
  out.known = named == nullptr ? Known::kNothing : Known::kAscii;
  if (named != nullptr) out.set = named->ascii;
  return out;
}

// A class while it is read: the union so far, and the intersection of what && separated.
class ClassParser {
 public:
  ClassParser(PatternReader& reader, PatternCharset charset) : reader_(reader), charset_(charset) {}

  CharacterClass Parse() {
    reader_.Advance(1);
    const bool negated = reader_.Skip("^");
    text_ = negated ? "[^" : "[";
    bool first = true;
    for (;; first = false) {
      if (reader_.AtEnd()) reader_.Fail("premature end of char-class");
      if (reader_.Peek() == ']') {
        if (!first) break;
        // A bracket right at the begin is a character if another one closes the class.
        if (reader_.Rest().find(']', 1) == std::string_view::npos) reader_.Fail("empty char-class");
      }
      Item();
    }
    reader_.Advance(1);
    EndOperand();
    CharacterClass out;
    out.set = std::move(result_);
    out.negated = negated;
    out.known = known_;
    out.bracketed = true;
    out.foldable = foldable_ && operands_ == 1;
    out.oniguruma = text_ + "]";
    return out;
  }

 private:
  void Item() {
    if (reader_.Skip("&&")) {
      EndOperand();
      text_ += "&&";
      return;
    }
    if (reader_.LooksAt("[:")) {
      if (Posix()) return;
    }
    if (reader_.Peek() == '[') {
      AddClass(ParseClass(reader_, charset_));
      foldable_ = false;
      return;
    }
    if (reader_.Peek() == '\\') {
      reader_.Advance(1);
      if (auto escape = ParseClassEscape(reader_, charset_)) {
        AddClass(*escape);
        if (reader_.Peek() == '-' && reader_.Peek(1) != ']' && reader_.Peek(1) != '&') {
          reader_.Fail("char-class value at the begin of a range");
        }
        return;
      }
      for (const char32_t code : CharacterEscape()) Single(code);
      return;
    }
    Single(reader_.TakeCharacter());
  }

  // [:name:] or [:^name:]; false if it is a plain bracket.
  bool Posix() {
    const size_t end = reader_.Rest().find(":]");
    if (end == std::string_view::npos) return false;
    std::string_view name = reader_.Rest().substr(2, end - 2);
    const bool negated = name.starts_with('^');
    if (negated) name.remove_prefix(1);
    const NamedClass* named = FindNamed(name);
    if (named == nullptr) {
      for (const char c : name) {
        if (!IsAlpha(c)) return false;
      }
      reader_.Fail("invalid POSIX bracket type");
    }
    reader_.Advance(end + 2);
    AddClass(PosixClass(*named, negated, charset_));
    return true;
  }

  std::vector<char32_t> CharacterEscape() {
    if (reader_.AtEnd()) reader_.Fail("end pattern at escape");
    if (reader_.Skip("b")) return {'\b'};
    if (auto codes = reader_.TakeCharacterEscape()) return *codes;
    return {reader_.TakeCharacter()};
  }

  // A character, or the range that begins with it.
  void Single(char32_t low) {
    char32_t high = low;
    const bool range = reader_.Peek() == '-' && reader_.Peek(1) != ']' && reader_.Peek(1) != '\0' &&
                       reader_.Peek(1) != '[' &&
                       !(reader_.Peek(1) == '&' && reader_.Peek(2) == '&');
    if (range) {
      reader_.Advance(1);
      if (reader_.Peek() == '\\') {
        reader_.Advance(1);
        if (ParseClassEscape(reader_, charset_)) {
          reader_.Fail("char-class value at the end of a range");
        }
        const std::vector<char32_t> codes = CharacterEscape();
        high = codes.front();
        if (codes.size() > 1) reader_.Fail("invalid Unicode range");
      } else {
        high = reader_.TakeCharacter();
      }
      if (high < low) reader_.Fail("empty range in char class");
    }
    operand_.Add(low, high);
    AppendRange({low, high}, text_);
  }

  void AddClass(const CharacterClass& inner) {
    operand_.Add(inner.negated ? inner.set.Complement() : inner.set);
    known_ = std::min(known_, inner.known);
    foldable_ = foldable_ && inner.foldable;
    text_ += inner.oniguruma;
  }

  void EndOperand() {
    result_ = operands_ == 0 ? operand_ : result_.Intersect(operand_);
    operand_ = CodeSet();
    ++operands_;
  }

  PatternReader& reader_;
  PatternCharset charset_;
  CodeSet operand_;
  CodeSet result_;
  int operands_ = 0;
  Known known_ = Known::kEverything;
  bool foldable_ = true;
  std::string text_;
};

}  // namespace

std::optional<CharacterClass> ParseClassEscape(PatternReader& reader, PatternCharset charset) {
  const char c = reader.Peek();
  const bool negated = c >= 'A' && c <= 'Z';
  std::string_view posix;
  const CodeSet* set = nullptr;
  switch (LowerAscii(c)) {
    case 'd':
      set = &Digits();
      posix = "digit";
      break;
    case 's':
      set = &Spaces();
      posix = "space";
      break;
    case 'w':
      set = &Words();
      posix = "word";
      break;
    case 'h':
      set = &HexDigits();
      break;
    case 'p':
      if (reader.Peek(1) != '{') return std::nullopt;
      reader.Advance(2);
      return PropertyClass(reader, negated);
    default:
      return std::nullopt;
  }
  reader.Advance(1);
  if (charset == PatternCharset::kUnicode && !posix.empty()) {
    return PosixClass(*FindNamed(posix), negated, charset);
  }
  CharacterClass out;
  out.set = *set;
  out.negated = negated;
  out.oniguruma = SetInOniguruma(*set, negated);
  return out;
}

CharacterClass ParseClass(PatternReader& reader, PatternCharset charset) {
  return ClassParser(reader, charset).Parse();
}

}  // namespace tailrace::text
