// SPDX-License-Identifier: Apache-2.0
#include "config/ruby/lexer.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdlib>

#include "config/ruby/parser.h"
#include "text/utf8.h"

namespace tailrace::config::ruby {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) {
  return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' ||
         static_cast<signed char>(c) < 0;
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }
bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

int DigitOf(char c) {
  if (IsDigit(c)) return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'z' ? lower - 'a' + 10 : 99;
}

constexpr std::array<std::string_view, 31> kTokens = {
    "<=>", "===", "...", "**=", "||=", "&&=", "==", "=~", "!=", "!~", "<=",
    ">=",  "&&",  "||",  "<<",  ">>",  "**",  "=>", "->", "::", "..", "&.",
    "+=",  "-=",  "*=",  "/=",  "%=",  "|=",  "&=", "^=", "<<="};

// The longest token that begins the text; one character where none does.
std::string_view LongestToken(std::string_view text) {
  std::string_view longest = text.substr(0, 1);
  for (const auto token : kTokens) {
    if (token.size() > longest.size() && text.starts_with(token)) longest = token;
  }
  return longest;
}

}  // namespace

void Lexer::SkipBlanks() {
  while (at_ < source_.size()) {
    if (IsBlank(source_[at_])) {
      ++at_;
    } else if (source_.substr(at_, 2) == "\\\n") {
      at_ += 2;
    } else {
      break;
    }
  }
}

size_t Lexer::BehindLines() const {
  size_t at = at_;
  while (at < source_.size()) {
    if (IsBlank(source_[at]) || source_[at] == '\n') {
      ++at;
    } else if (source_.substr(at, 2) == "\\\n") {
      at += 2;
    } else if (source_[at] == '#') {
      at = std::min(source_.find('\n', at), source_.size());
    } else {
      break;
    }
  }
  return at;
}

void Lexer::SkipLines() { at_ = BehindLines(); }

void Lexer::SkipStatementEnds() {
  do {
    SkipLines();
  } while (PeekAt(0) == ';' && ++at_ <= source_.size());
}

bool Lexer::AtStatementEnd() {
  const char c = Peek();
  return c == '\0' || c == '\n' || c == ';' || c == '#';
}

bool Lexer::AtEnd() {
  SkipBlanks();
  return at_ >= source_.size();
}

char Lexer::Peek() {
  SkipBlanks();
  return PeekAt(0);
}

bool Lexer::Take(std::string_view token) {
  SkipBlanks();
  if (LongestToken(source_.substr(at_)) != token) return false;
  at_ += token.size();
  return true;
}

bool Lexer::TakeRaw(char c) {
  if (PeekAt(0) != c) return false;
  ++at_;
  return true;
}

bool Lexer::TakeAttached(std::string_view token) {
  if (source_.substr(at_, token.size()) != token) return false;
  at_ += token.size();
  return true;
}

std::string_view Lexer::TakeOperator(std::span<const std::string_view> operators) {
  SkipBlanks();
  const std::string_view token = LongestToken(source_.substr(at_));
  if (token.empty()) return {};
  for (const auto known : operators) {
    if (token != known) continue;
    at_ += known.size();
    return known;
  }
  return {};
}

bool Lexer::TakeDot() {
  const size_t at = BehindLines();
  if (at >= source_.size() || source_[at] != '.' || source_.substr(at, 2) == "..") return false;
  at_ = at + 1;
  return true;
}

bool Lexer::TakeSafeNavigation() {
  const size_t at = BehindLines();
  if (source_.substr(std::min(at, source_.size()), 2) != "&.") return false;
  at_ = at + 2;
  return true;
}

bool Lexer::TakeAssignment() {
  SkipBlanks();
  return LongestToken(source_.substr(at_)) == "=" && Take("=");
}

bool Lexer::IsAssignmentAfter(size_t length) {
  const size_t begin = at_;
  at_ += length;
  SkipBlanks();
  const bool assigns = LongestToken(source_.substr(at_)) == "=";
  at_ = begin;
  return assigns;
}

bool Lexer::TakeBlockBrace() {
  SkipBlanks();
  return TakeRaw('{');
}

bool Lexer::PeekWord(std::string_view word) {
  SkipBlanks();
  return source_.substr(at_, word.size()) == word && !IsNamePart(PeekAt(word.size())) &&
         PeekAt(word.size()) != '?';
}

bool Lexer::TakeWord(std::string_view word) {
  if (!PeekWord(word)) return false;
  at_ += word.size();
  return true;
}

bool Lexer::IsKeyword(std::string_view name) {
  static constexpr std::array<std::string_view, 36> kKeywords = {
      "alias", "and",   "begin", "break",  "case",   "class",  "def",   "defined?", "do",
      "else",  "elsif", "end",   "ensure", "false",  "for",    "if",    "in",       "module",
      "next",  "nil",   "not",   "or",     "redo",   "rescue", "retry", "return",   "self",
      "super", "then",  "true",  "undef",  "unless", "until",  "when",  "while",    "yield"};
  return std::find(kKeywords.begin(), kKeywords.end(), name) != kKeywords.end();
}

std::string Lexer::PeekIdentifier() {
  SkipBlanks();
  // @name: an instance variable.
  const size_t sigil = PeekAt(0) == '@' ? 1 : 0;
  if (!IsNameStart(PeekAt(sigil))) return "";
  size_t length = sigil + 1;
  while (IsNamePart(PeekAt(length))) ++length;
  const char last = PeekAt(length);
  const char next = PeekAt(length + 1);
  const bool suffix = (last == '?' || last == '!') && (next != '=' || PeekAt(length + 2) == '=');
  return std::string(source_.substr(at_, length + (suffix ? 1 : 0)));
}

std::string Lexer::TakeIdentifier() {
  std::string name = PeekIdentifier();
  at_ += name.size();
  return name;
}

std::string Lexer::TakeLabel() {
  const size_t begin = at_;
  std::string name;
  if (Peek() == '"' || Peek() == '\'') {
    const char quote = PeekAt(0);
    const size_t close = source_.find(quote, at_ + 1);
    if (close != std::string_view::npos) {
      name = source_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
    }
    if (name.find_first_of("\\#") != std::string::npos) name.clear();
  } else {
    name = TakeIdentifier();
  }
  if (name.empty() || PeekAt(0) != ':' || PeekAt(1) == ':') {
    at_ = begin;
    return "";
  }
  ++at_;
  return name;
}

std::string Lexer::NextToken() {
  const std::string name = PeekIdentifier();
  return name.empty() ? std::string(LongestToken(source_.substr(std::min(at_, source_.size()))))
                      : name;
}

bool Lexer::AtCommandArgument() {
  if (!IsBlank(PeekAt(0))) return false;
  const char c = Peek();
  return c == '\'' || c == '"' || IsDigit(c) || (IsNameStart(c) && !IsKeyword(PeekIdentifier()));
}

bool Lexer::AtNumber() {
  SkipBlanks();
  return IsDigit(PeekAt(0)) || (PeekAt(0) == '-' && IsDigit(PeekAt(1)));
}

Value Lexer::TakeNumber() {
  const size_t begin = at_;
  std::string digits;
  if (PeekAt(0) == '-') digits.push_back(source_[at_++]);
  int base = 10;
  if (PeekAt(0) == '0' &&
      (IsDigit(PeekAt(1)) || std::isalpha(static_cast<unsigned char>(PeekAt(1))) != 0)) {
    const int letter = std::tolower(static_cast<unsigned char>(PeekAt(1)));
    base = letter == 'x' ? 16 : letter == 'b' ? 2 : letter == 'd' ? 10 : 8;
    at_ += IsDigit(PeekAt(1)) ? 1 : 2;
  }
  auto take = [&](int radix) {
    while (DigitOf(PeekAt(0)) < radix || (PeekAt(0) == '_' && DigitOf(PeekAt(1)) < radix)) {
      if (PeekAt(0) != '_') digits.push_back(source_[at_]);
      ++at_;
    }
  };
  take(base);
  bool whole = true;
  if (base == 10 && PeekAt(0) == '.' && IsDigit(PeekAt(1))) {
    whole = false;
    digits.push_back(source_[at_++]);
    take(10);
  }
  const size_t sign = PeekAt(1) == '-' || PeekAt(1) == '+' ? 2 : 1;
  if (base == 10 && (PeekAt(0) == 'e' || PeekAt(0) == 'E') && IsDigit(PeekAt(sign))) {
    whole = false;
    digits += source_.substr(at_, sign);
    at_ += sign;
    take(10);
  }
  if (IsNamePart(PeekAt(0))) throw SyntaxError{"this number is not understood", begin};
  if (!whole) return std::strtod(digits.c_str(), nullptr);
  int64_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (parsed.ec != std::errc()) throw SyntaxError{"this number is too large", begin};
  return value;
}

std::string Lexer::TakeSingleQuoted() {
  const size_t opening = at_++;
  std::string text;
  while (at_ < source_.size()) {
    const char c = source_[at_++];
    if (c == '\'') return text;
    const bool escape = c == '\\' && (PeekAt(0) == '\'' || PeekAt(0) == '\\');
    text.push_back(escape ? source_[at_++] : c);
  }
  throw SyntaxError{"this quote is not closed", opening};
}

Lexer::TextPart Lexer::TakeTextPart(char open, char close, bool pattern, int* nesting) {
  TextPart part;
  const size_t begin = at_;
  while (at_ < source_.size()) {
    const char c = source_[at_];
    if (c == '\\' && at_ + 1 < source_.size()) {
      if (!pattern) {
        TakeEscape(&part.text);
      } else {
        if (source_[at_ + 1] != '/') part.text.push_back('\\');
        part.text.push_back(source_[at_ + 1]);
        at_ += 2;
      }
    } else if (c == '#' && PeekAt(1) == '{') {
      at_ += 2;
      return part;
    } else if (c == close && *nesting == 0) {
      ++at_;
      part.closed = true;
      return part;
    } else {
      if (open != close && c == open) ++*nesting;
      if (open != close && c == close) --*nesting;
      part.text.push_back(c);
      ++at_;
    }
  }
  throw SyntaxError{std::string("this text is not closed with '") + close + "'", begin};
}

std::string Lexer::TakeRawUntil(char open, char close) {
  const size_t begin = at_;
  std::string text;
  int nesting = 0;
  while (at_ < source_.size()) {
    const char c = source_[at_++];
    if (c == close && nesting == 0) return text;
    if (open != close && c == open) ++nesting;
    if (open != close && c == close) --nesting;
    text.push_back(c);
  }
  throw SyntaxError{std::string("this text is not closed with '") + close + "'", begin};
}

void Lexer::TakeEscape(std::string* out) {
  const char c = source_[at_ + 1];
  at_ += 2;
  switch (c) {
    case 'n':
      out->push_back('\n');
      return;
    case 't':
      out->push_back('\t');
      return;
    case 'r':
      out->push_back('\r');
      return;
    case 'f':
      out->push_back('\f');
      return;
    case 'v':
      out->push_back('\v');
      return;
    case 'b':
      out->push_back('\b');
      return;
    case 'a':
      out->push_back('\a');
      return;
    case 'e':
      out->push_back('\x1b');
      return;
    case 's':
      out->push_back(' ');
      return;
    case '\n':
      return;
    case 'u':
      TakeUnicodeEscape(out);
      return;
    case 'x': {
      int code = 0;
      int digits = 0;
      for (; digits < 2 && DigitOf(PeekAt(0)) < 16; ++digits)
        code = code * 16 + DigitOf(source_[at_++]);
      if (digits == 0) throw SyntaxError{"'\\x' needs hex digits", at_};
      out->push_back(static_cast<char>(code));
      return;
    }
    default:
      break;
  }
  if (c < '0' || c > '7') {
    out->push_back(c);
    return;
  }
  int code = c - '0';
  for (int digits = 1; digits < 3 && DigitOf(PeekAt(0)) < 8; ++digits) {
    code = code * 8 + DigitOf(source_[at_++]);
  }
  out->push_back(static_cast<char>(code));
}

void Lexer::TakeUnicodeEscape(std::string* out) {
  const size_t begin = at_;
  const bool braces = TakeRaw('{');
  char32_t code = 0;
  int digits = 0;
  while (digits < (braces ? 6 : 4) && DigitOf(PeekAt(0)) < 16) {
    code = code * 16 + static_cast<char32_t>(DigitOf(source_[at_++]));
    ++digits;
  }
  const bool closed = !braces || TakeRaw('}');
  if (digits == 0 || !closed || (!braces && digits != 4) || code > 0x10FFFF) {
    throw SyntaxError{"'\\u' needs four hex digits, or some in braces", begin};
  }
  text::AppendUtf8(code, *out);
}

std::string Lexer::TakeRegexpOptions() {
  std::string options;
  while (std::isalpha(static_cast<unsigned char>(PeekAt(0))) != 0) {
    const char c = PeekAt(0);
    if (c != 'i' && c != 'm' && c != 'x') {
      throw SyntaxError{
          std::string("the option '") + c + "' of a regular expression is not supported", at_};
    }
    options.push_back(c);
    ++at_;
  }
  return options;
}

std::string Lexer::TakePercentKind() {
  const size_t begin = at_++;
  std::string kind;
  while (std::isalpha(static_cast<unsigned char>(PeekAt(0))) != 0) kind.push_back(source_[at_++]);
  static constexpr std::array<std::string_view, 6> kKinds = {"", "q", "Q", "w", "i", "r"};
  const char open = PeekAt(0);
  const bool bracket = std::ispunct(static_cast<unsigned char>(open)) != 0;
  if (!bracket || std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end()) {
    throw SyntaxError{"'%" + kind + "' is not understood here", begin};
  }
  return kind;
}

char Lexer::ClosingOf(char open) {
  switch (open) {
    case '(':
      return ')';
    case '[':
      return ']';
    case '{':
      return '}';
    case '<':
      return '>';
    default:
      return open;
  }
}

}  // namespace tailrace::config::ruby
