// SPDX-License-Identifier: Apache-2.0
#include "config/scanner.h"

#include <algorithm>
#include <cctype>

#include "config/value.h"

namespace tailrace::config {
namespace {

bool IsBlank(char c) { return c == ' ' || c == '\t'; }
bool IsNewline(char c) { return c == '\n' || c == '\r'; }

}  // namespace

Scanner::Scanner(std::shared_ptr<const SourceFile> file, RubyEvaluator* evaluator)
    : file_(std::move(file)), text_(file_->text), evaluator_(evaluator) {}

Location Scanner::At(size_t offset) const {
  const std::string_view before = text_.substr(0, offset);
  const auto newlines = std::count(before.begin(), before.end(), '\n');
  const size_t line_begin = before.rfind('\n') + 1;  // npos + 1 is 0
  return {file_, static_cast<uint32_t>(newlines + 1),
          static_cast<uint32_t>(offset - line_begin + 1)};
}

void Scanner::Throw(size_t offset, std::string message, std::string suggestion) const {
  throw ParseError{At(offset), std::move(message), std::move(suggestion)};
}

size_t Scanner::NextLine(size_t offset) const {
  const size_t end = text_.find('\n', offset);
  return end == std::string_view::npos ? text_.size() : end + 1;
}

bool Scanner::Take(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return false;
  at_ += word.size();
  return true;
}

size_t Scanner::SpacingEnd(size_t at) const {
  while (at < text_.size()) {
    const char c = text_[at];
    if (IsBlank(c) || IsNewline(c)) {
      ++at;
    } else if (c == '#') {
      at = std::min(text_.find_first_of("\r\n", at), text_.size());
    } else {
      break;
    }
  }
  return at;
}

std::string_view Scanner::SkipBlanks() {
  const size_t begin = at_;
  while (!AtEnd() && (IsBlank(Peek()) || IsNewline(Peek()))) ++at_;
  return text_.substr(begin, at_ - begin);
}

size_t Scanner::LineEnd(size_t at) const {
  size_t end = kNone;
  while (true) {
    while (at < text_.size() && IsBlank(text_[at])) ++at;
    if (at < text_.size() && text_[at] == '#') at = std::min(text_.find('\n', at), text_.size());
    if (at >= text_.size()) return at;
    if (!IsNewline(text_[at])) return end;
    end = ++at;
  }
}

bool Scanner::TakeLineEnd() {
  const size_t end = LineEnd(at_);
  if (end == kNone) return false;
  at_ = end;
  return true;
}

std::string Scanner::TakeName() {
  const size_t begin = at_;
  while (!AtEnd() && (std::isalnum(static_cast<unsigned char>(Peek())) != 0 || Peek() == '_')) {
    ++at_;
  }
  return std::string(text_.substr(begin, at_ - begin));
}

std::string_view Scanner::TakeInclude() {
  for (std::string_view word : {std::string_view("@include"), std::string_view("include")}) {
    if (Rest().substr(0, word.size()) != word) continue;
    const size_t end = at_ + word.size();
    if (!IsBoundary(end, Boundary::kSpace)) continue;
    at_ = SpacingEnd(end);
    return word;
  }
  return {};
}

bool Scanner::IsBoundary(size_t at, Boundary boundary) const {
  switch (boundary) {
    case Boundary::kSpace:
      return at >= text_.size() || IsBlank(text_[at]) || IsNewline(text_[at]) || text_[at] == '#';
    case Boundary::kLineEnd:
      return LineEnd(at) != kNone;
    case Boundary::kTagEnd: {
      const size_t end = SpacingEnd(at);
      return end < text_.size() && text_[end] == '>';
    }
  }
  return true;
}

Scanner::Literal Scanner::TakeValue() {
  SkipBlanks();
  if (Peek() == '[' || Peek() == '{') return TakeJson();
  return TakeText(Boundary::kLineEnd);
}

Scanner::Literal Scanner::TakeText(Boundary boundary) {
  if (Peek() == '"') return TakeDoubleQuoted();
  if (Peek() == '\'') return TakeSingleQuoted();
  return TakeUnquoted(boundary);
}

Scanner::Literal Scanner::TakeUnquoted(Boundary boundary) {
  const size_t begin = at_;
  // A "#" that is reached without blanks before it belongs to the text.
  while (!AtEnd() && Peek() != '\n' && (Peek() == '#' || !IsBoundary(at_, boundary))) ++at_;
  Literal literal;
  literal.text = text_.substr(begin, at_ - begin);
  literal.empty = literal.text.empty();
  return literal;
}

Scanner::Literal Scanner::TakeSingleQuoted() {
  const size_t opening = at_++;
  Literal literal;
  literal.quoted = true;
  while (!AtEnd() && Peek() != '\n') {
    const char c = text_[at_++];
    if (c == '\'') return literal;
    const bool escape = c == '\\' && (Peek() == '\'' || Peek() == '\\');
    literal.text.push_back(escape ? text_[at_++] : c);
  }
  Throw(opening, "this single quote is not closed on its line",
        "single-quoted text cannot go over several lines; use double quotes");
}

Scanner::Literal Scanner::TakeDoubleQuoted() {
  const size_t opening = at_++;
  Literal literal;
  literal.quoted = true;
  while (true) {
    if (Take("\"")) break;
    if (AtEnd()) Throw(opening, "this double quote is not closed");
    const char c = Peek();
    const bool line_ends = at_ + 1 >= text_.size() || IsNewline(text_[at_ + 1]);
    if (line_ends) {  // a character and the end of its line; a backslash joins the lines
      if (c != '\\') literal.text.append(text_.substr(at_, 2));
      at_ = std::min(at_ + 2, text_.size());
    } else if (c == '\\') {
      TakeEscape(&literal.text);
    } else if (Rest().substr(0, 2) == "#{") {
      const size_t embedded = at_;
      at_ += 2;
      TakeEmbedded(embedded, &literal);
    } else if (c == '\n') {
      Throw(opening, "this double quote is not closed before an empty line",
            "text in double quotes may go over several lines, but not over empty ones");
    } else {
      literal.text.push_back(c);
      ++at_;
    }
  }
  if (literal.kind != ValueKind::kText) literal.text.clear();
  return literal;
}

void Scanner::TakeEscape(std::string* out) {
  const char c = text_[at_ + 1];
  switch (c) {
    case 'r':
      out->push_back('\r');
      break;
    case 'n':
      out->push_back('\n');
      break;
    case 't':
      out->push_back('\t');
      break;
    case 'f':
      out->push_back('\f');
      break;
    case 'b':
      out->push_back('\b');
      break;
    case '0':
      out->push_back('\0');
      break;
    default:
      if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
        Throw(at_, std::string("'\\") + c + "' is not an escape in double quotes",
              std::string("write '\\\\") + c + "' for a backslash, or use single quotes");
      }
      out->push_back(c);  // further bytes of the character follow by themselves
  }
  at_ += 2;
}

void Scanner::TakeEmbedded(size_t opening, Literal* out) {
  if (evaluator_ == nullptr) Throw(opening, "embedded Ruby is not allowed here");
  const auto result = evaluator_->Evaluate(Rest());
  switch (result.outcome) {
    case RubyEvaluator::Outcome::kError:
      Throw(std::min(at_ + result.error_offset, text_.size()), result.error);
    case RubyEvaluator::Outcome::kNil:
      out->kind = ValueKind::kNil;
      break;
    case RubyEvaluator::Outcome::kDefault:
      if (out->kind != ValueKind::kNil) out->kind = ValueKind::kDefault;
      break;
    case RubyEvaluator::Outcome::kText:
      out->text += result.text;
      break;
  }
  at_ = std::min(at_ + result.length, text_.size());
  Take("}");
}

// A "#" in a JSON literal begins a comment if the literal would be complete there: outside of
// strings, after a value (or a value and a comma on the same line) of the outermost level.
bool Scanner::TakeJsonComment(size_t begin, std::string* buffer, size_t line_begin) {
  std::string candidate = *buffer;
  while (candidate.size() > line_begin &&
         std::isspace(static_cast<unsigned char>(candidate.back()))) {
    candidate.pop_back();
  }
  if (candidate.size() > line_begin && candidate.back() == ',') candidate.pop_back();
  candidate.push_back(text_[begin] == '[' ? ']' : '}');
  Value ignored;
  if (!ParseJson(candidate, &ignored)) return false;
  at_ = std::min(text_.find('\n', at_), text_.size());
  return true;
}

Scanner::Literal Scanner::TakeJson() {
  const size_t begin = at_;
  const char close = text_[begin] == '[' ? ']' : '}';
  std::string buffer(1, text_[at_++]);
  size_t line_begin = 1;
  while (!AtEnd()) {
    const char c = Peek();
    if (c == '#') {
      if (TakeJsonComment(begin, &buffer, line_begin)) continue;
      const size_t embedded = at_++;
      if (Peek() == '{' && Rest().substr(0, 2) != "{}" &&
          Rest().find('}') != std::string_view::npos) {
        ++at_;
        Literal part;
        TakeEmbedded(embedded, &part);
        if (part.kind != ValueKind::kText) {
          Throw(embedded, "use_nil and use_default have no meaning inside an array or hash");
        }
        buffer += part.text;
      } else {
        buffer.push_back('#');
      }
      continue;
    }
    buffer.push_back(c);
    ++at_;
    if (c == '\n') line_begin = buffer.size();
    Value value;
    if (c == close && ParseJson(buffer, &value)) {
      Literal literal;
      literal.text = ToJson(value);
      return literal;
    }
  }
  ThrowJson(begin);
}

// The literal never became complete: says where it stops being JSON.
void Scanner::ThrowJson(size_t begin) const {
  const bool array = text_[begin] == '[';
  JsonError error;
  Value ignored;
  ParseJson(text_.substr(begin), &ignored, &error);
  std::string message =
      array ? "this '[' does not begin a JSON array" : "this '{' does not begin a JSON hash";
  Throw(begin,
        message + ": " + error.message + " at line " +
            std::to_string(At(begin + std::min(error.offset, text_.size() - begin)).line),
        "put the value in quotes if it is meant as text");
}

}  // namespace tailrace::config
