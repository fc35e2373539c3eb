// SPDX-License-Identifier: Apache-2.0
#pragma once
// The tokens of expressions. What a character means depends on where it stands ("/" divides after a
// value and begins a pattern elsewhere), so the parser asks for what it can use at its place.
// Internal to config/ruby/.

#include <span>
#include <string>
#include <string_view>

#include "config/value.h"

namespace tailrace::config::ruby {

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  size_t offset() const { return at_; }
  void Seek(size_t offset) { at_ = offset; }

  // Blanks (and escaped newlines); blanks, newlines and comments; newlines and semicolons too.
  void SkipBlanks();
  void SkipLines();
  void SkipStatementEnds();
  // At a newline, semicolon, closing bracket or the end; skips blanks.
  bool AtStatementEnd();
  bool AtEnd();

  // The next character behind blanks, '\0' at the end.
  char Peek();
  char PeekAt(size_t distance) const {
    return at_ + distance < source_.size() ? source_[at_ + distance] : '\0';
  }
  // A punctuation that is not the beginning of a longer one ("?" and "::", "&" and "&&").
  bool Take(std::string_view token);
  bool TakeRaw(char c);
  // Only directly behind what was read, without blanks.
  bool TakeAttached(std::string_view token);
  bool PeekAttached(char c) const { return PeekAt(0) == c; }
  bool PeekScope() const { return PeekAt(0) == ':' && PeekAt(1) == ':'; }
  std::string_view TakeOperator(std::span<const std::string_view> operators);
  // "." before a method name, also at the beginning of the next line; "&." likewise.
  bool TakeDot();
  bool TakeSafeNavigation();
  // "=" that assigns, at this place or behind `length` characters.
  bool TakeAssignment();
  bool IsAssignmentAfter(size_t length);
  // "{" of a block.
  bool TakeBlockBrace();

  bool PeekWord(std::string_view word);
  bool TakeWord(std::string_view word);
  static bool IsKeyword(std::string_view name);
  // A name with its "?" or "!", empty if there is none.
  std::string PeekIdentifier();
  std::string TakeIdentifier();
  // name: or "name": before a value; empty and nothing taken otherwise.
  std::string TakeLabel();
  // Whatever comes next, for messages.
  std::string NextToken();
  // The beginning of an argument of a call without parentheses.
  bool AtCommandArgument();

  bool AtNumber();
  Value TakeNumber();
  std::string TakeSingleQuoted();
  struct TextPart {
    std::string text;
    bool closed = false;  // otherwise an expression follows
  };
  // Up to `close` or "#{". In a pattern escapes stay as they are. `nesting` counts open brackets
  // between the parts of one text.
  TextPart TakeTextPart(char open, char close, bool pattern, int* nesting);
  std::string TakeRawUntil(char open, char close);
  std::string TakeRegexpOptions();
  // The letters between "%" and the bracket; the bracket is next.
  std::string TakePercentKind();
  static char ClosingOf(char open);

 private:
  void TakeEscape(std::string* out);
  void TakeUnicodeEscape(std::string* out);
  // Where the text goes on behind blanks, newlines and comments.
  size_t BehindLines() const;

  std::string_view source_;
  size_t at_ = 0;
};

}  // namespace tailrace::config::ruby
