// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "text/regex.h"

namespace tailrace::text {
namespace {

void AppendGroup(const Captures& captures, size_t group, std::string& out) {
  if (captures.matched(group)) out.append(captures[group]);
}

// Expands \k<name> or \k<number> that starts at `i` (after the k); returns the index behind it, or
// `i` if the text is no such reference.
size_t ExpandNamed(const Regex& regex, const Captures& captures, std::string_view replacement,
                   size_t i, std::string& out) {
  if (i >= replacement.size() || replacement[i] != '<') return i;
  const size_t close = replacement.find('>', i);
  if (close == std::string_view::npos) return i;
  const std::string_view name = replacement.substr(i + 1, close - i - 1);
  for (const GroupName& entry : regex.names()) {
    if (entry.name == name) {
      out.append(regex.Named(captures, entry));
      return close + 1;
    }
  }
  const bool number =
      !name.empty() && name.size() < 6 &&
      std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (number) AppendGroup(captures, std::stoul(std::string(name)), out);
  return close + 1;
}

void Expand(const Regex& regex, const Captures& captures, std::string_view replacement,
            std::string& out) {
  const std::string_view subject = captures.subject();
  for (size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c != '\\' || i + 1 == replacement.size()) {
      out.push_back(c);
      continue;
    }
    const char code = replacement[++i];
    switch (code) {
      case '&':
        AppendGroup(captures, 0, out);
        break;
      case '`':
        out.append(subject.substr(0, static_cast<size_t>(captures.begin(0))));
        break;
      case '\'':
        out.append(subject.substr(static_cast<size_t>(captures.end(0))));
        break;
      case '\\':
        out.push_back('\\');
        break;
      case 'k': {
        const size_t next = ExpandNamed(regex, captures, replacement, i + 1, out);
        if (next == i + 1) {
          out.append("\\k");
        } else {
          i = next - 1;
        }
        break;
      }
      default:
        if (code >= '0' && code <= '9') {
          AppendGroup(captures, static_cast<size_t>(code - '0'), out);
        } else {
          out.push_back('\\');
          out.push_back(code);
        }
    }
  }
}

// Length in bytes of the character at `at`; 1 for anything that is not UTF-8.
size_t CharacterLength(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return std::min(length, text.size() - at);
}

}  // namespace

MatchResult GsubExpand(const Regex& regex, std::string_view subject, std::string_view replacement,
                       Replace replace, std::string& out) {
  Captures captures;
  std::string result;
  size_t copied = 0;
  size_t search_from = 0;
  bool any = false;
  while (search_from <= subject.size()) {
    const MatchResult match = regex.Match(subject, captures, search_from);
    if (match.gave_up() || match.invalid_utf8()) return match;
    if (!match) break;
    any = true;
    const auto begin = static_cast<size_t>(captures.begin(0));
    const auto end = static_cast<size_t>(captures.end(0));
    result.append(subject.substr(copied, begin - copied));
    Expand(regex, captures, replacement, result);
    copied = end;
    if (replace == Replace::kFirst) break;
    search_from = end;
    if (begin == end) {
      if (end == subject.size()) break;
      search_from += CharacterLength(subject, end);
    }
  }
  result.append(subject.substr(copied));
  out = std::move(result);
  return any ? MatchResult::kMatch : MatchResult::kNoMatch;
}

}  // namespace tailrace::text
