// SPDX-License-Identifier: Apache-2.0
#include "text/tag_pattern.h"

#include <utility>

#include "text/strptime_words.h"

namespace tailrace::text {
namespace {

bool IsWord(char c) { return IsAlpha(c) || IsDigit(c) || c == '_'; }

// String#split(/\s+/): an empty first part is kept, empty last ones are not.
std::vector<std::string_view> SplitOnBlanks(std::string_view text) {
  std::vector<std::string_view> parts;
  size_t begin = 0;
  for (size_t at = 0; at <= text.size(); ++at) {
    if (at < text.size() && !IsSpace(text[at])) continue;
    parts.push_back(text.substr(begin, at - begin));
    while (at + 1 < text.size() && IsSpace(text[at + 1])) ++at;
    begin = at + 1;
  }
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

// Turns a glob into a regular expression, piece by piece. Braces nest, so the alternatives read so
// far are kept on a stack.
class GlobTranslator {
 public:
  explicit GlobTranslator(std::string_view glob) : glob_(glob) {}

  std::string Translate() {
    while (at_ < glob_.size()) Step();
    // A brace that is never closed: Fluentd takes what was read behind it literally.
    while (!groups_.empty()) {
      std::vector<std::string> alternatives = PopGroup();
      std::string joined;
      for (const std::string& alternative : alternatives) {
        if (!joined.empty() || &alternative != &alternatives.front()) joined += '|';
        joined += Escape(alternative);
      }
      pieces_.back() += "(?-mix:" + joined + ")";
    }
    return pieces_.back();
  }

 private:
  static std::string Escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (!IsWord(c) && (c & 0x80) == 0) out += '\\';
      out += c;
    }
    return out;
  }

  void Step() {
    const char c = glob_[at_];
    if (escaped_) {
      pieces_.back() += Escape(glob_.substr(at_++, 1));
      escaped_ = (c & 0x80) != 0 && (At(glob_, at_) & 0xC0) == 0x80;
      return;
    }
    if (c == '*' && At(glob_, at_ + 1) == '*') {
      AnyParts();
      return;
    }
    if (dot_) pieces_.back() += "\\.";
    dot_ = false;
    ++at_;
    if (c == '\\') {
      escaped_ = true;
    } else if (c == '.') {
      dot_ = true;
    } else if (c == '*') {
      pieces_.back() += "[^\\.]*";
    } else if (c == '{') {
      groups_.emplace_back();
      pieces_.emplace_back();
    } else if (c == '}' && !groups_.empty()) {
      CloseGroup();
    } else if (c == ',' && !groups_.empty()) {
      groups_.back().push_back(std::exchange(pieces_.back(), ""));
    } else {
      pieces_.back() += Escape({&c, 1});
    }
  }

  // ** or **. : any number of parts, the dot before it included.
  void AnyParts() {
    if (dot_) pieces_.back() += "(?![^\\.])";
    dot_ = false;
    const bool dot_follows = At(glob_, at_ + 2) == '.';
    pieces_.back() += dot_follows ? "(?:.*\\.|\\A)" : ".*";
    at_ += dot_follows ? 3 : 2;
  }

  std::vector<std::string> PopGroup() {
    std::vector<std::string> alternatives = std::move(groups_.back());
    groups_.pop_back();
    alternatives.push_back(std::move(pieces_.back()));
    pieces_.pop_back();
    return alternatives;
  }

  void CloseGroup() {
    std::string joined;
    for (const std::string& alternative : PopGroup()) {
      joined += (joined.empty() ? "(?-mix:" : "|(?-mix:") + alternative + ")";
    }
    pieces_.back() += "(?-mix:" + joined + ")";
  }

  std::string_view glob_;
  size_t at_ = 0;
  bool escaped_ = false;
  bool dot_ = false;  // a dot was read and not yet written
  std::vector<std::vector<std::string>> groups_;
  std::vector<std::string> pieces_{""};
};

}  // namespace

std::string TagGlobToRegex(std::string_view glob) { return GlobTranslator(glob).Translate(); }

Result<TagMatcher> TagMatcher::Compile(std::string_view patterns) {
  TagMatcher matcher;
  matcher.source_ = patterns;
  if (patterns.empty()) {
    matcher.matches_all_ = true;
    return matcher;
  }
  for (const std::string_view pattern : SplitOnBlanks(patterns)) {
    if (pattern == "**") {
      matcher.matches_all_ = true;
      continue;
    }
    std::string expression;
    if (pattern.starts_with('/')) {
      if (!pattern.ends_with('/')) {
        return Fail("invalid match - regex: '" + std::string(pattern) +
                    "' begins with a slash and does not end with one; options such as i are not "
                    "possible in tag patterns, use (?i)");
      }
      expression = pattern.size() > 1 ? pattern.substr(1, pattern.size() - 2) : "";
    } else {
      expression = TagGlobToRegex(pattern);
    }
    auto regex = Regex::CompileAnchored(expression, {.match_invalid_utf8_as_bytes = true});
    if (!regex) {
      return Fail("invalid tag pattern '" + std::string(pattern) + "': " + regex.error().message);
    }
    matcher.alternatives_.push_back(std::move(*regex));
  }
  return matcher;
}

bool TagMatcher::Matches(std::string_view tag) const {
  if (matches_all_) return true;
  for (const Regex& regex : alternatives_) {
    if (regex.Matches(tag)) return true;
  }
  return false;
}

TagMatcher TagMatcher::Clone() const {
  TagMatcher copy;
  copy.source_ = source_;
  copy.matches_all_ = matches_all_;
  for (const Regex& regex : alternatives_) copy.alternatives_.push_back(regex.Clone());
  return copy;
}

}  // namespace tailrace::text
