// SPDX-License-Identifier: Apache-2.0
#pragma once
// The tokens of the v1 grammar: blanks, comments, quoted and unquoted text, JSON literals. Follows
// Fluentd's scanner position by position, surprising corners included.

#include <memory>
#include <string>
#include <string_view>

#include "config/element.h"
#include "config/evaluator.h"

namespace tailrace::config {

// Thrown inside the grammar, caught where it can go on with the next line.
struct ParseError {
  Location location;
  std::string message;
  std::string suggestion;
};

class Scanner {
 public:
  // `evaluator` may be null: then "#{" is refused. It must outlive the scanner.
  Scanner(std::shared_ptr<const SourceFile> file, RubyEvaluator* evaluator);

  // What an unquoted text runs up to.
  enum class Boundary {
    kSpace,    // blank, comment or end of file: for keys
    kLineEnd,  // end of line, with the blanks and the comment before it: for values
    kTagEnd,   // ">", with the blanks before it: for the argument of a section
  };

  struct Literal {
    std::string text;
    ValueKind kind = ValueKind::kText;
    bool quoted = false;
    bool empty = false;  // nothing was there
  };

  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  std::string_view Rest() const { return text_.substr(at_); }
  bool Take(std::string_view word);
  // Blanks, newlines and comments.
  void SkipSpacing() { at_ = SpacingEnd(at_); }
  // Blanks and newlines; returns what was skipped.
  std::string_view SkipBlanks();
  // The rest of the line if only blanks and a comment are left, and empty lines after it.
  bool TakeLineEnd();
  // [a-zA-Z0-9_]*
  std::string TakeName();
  // The word "include" or "@include" and the spacing after it; empty if it is something else.
  std::string_view TakeInclude();

  // A value: text, or a JSON array or hash as compact JSON text.
  Literal TakeValue();
  Literal TakeText(Boundary boundary);

  Location Here() const { return At(at_); }
  Location At(size_t offset) const;
  size_t offset() const { return at_; }
  void Seek(size_t offset) { at_ = offset; }
  // The beginning of the line after the one that `offset` is in.
  size_t NextLine(size_t offset) const;

 private:
  [[noreturn]] void Throw(size_t offset, std::string message, std::string suggestion = {}) const;
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t SpacingEnd(size_t at) const;
  size_t LineEnd(size_t at) const;  // kNone if something else stands there
  bool IsBoundary(size_t at, Boundary boundary) const;
  Literal TakeUnquoted(Boundary boundary);
  Literal TakeSingleQuoted();
  Literal TakeDoubleQuoted();
  void TakeEscape(std::string* out);
  void TakeEmbedded(size_t opening, Literal* out);
  Literal TakeJson();
  bool TakeJsonComment(size_t begin, std::string* buffer, size_t line_begin);
  [[noreturn]] void ThrowJson(size_t begin) const;

  std::shared_ptr<const SourceFile> file_;
  std::string_view text_;
  RubyEvaluator* evaluator_;
  size_t at_ = 0;
};

}  // namespace tailrace::config
