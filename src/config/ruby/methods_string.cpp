// SPDX-License-Identifier: Apache-2.0
// String and Symbol, as far as no patterns are involved.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "config/ruby/methods.h"
#include "text/charset.h"
#include "text/utf8.h"

namespace tailrace::config::ruby {

bool IsBlankText(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

namespace {

const std::string& Self(const Call& c) { return c.self.text(); }

// Byte offsets of the characters, and of the end.
std::vector<size_t> Characters(std::string_view text) {
  std::vector<size_t> offsets;
  offsets.reserve(text.size() + 1);
  for (size_t at = 0; at < text.size(); at += text::ReadUtf8(text, at).size) offsets.push_back(at);
  offsets.push_back(text.size());
  return offsets;
}

int64_t CharacterCount(std::string_view text) { return std::ssize(Characters(text)) - 1; }

// text[first, count] in characters; nil where it begins outside.
Value Substring(std::string_view text, int64_t first, int64_t count) {
  const auto offsets = Characters(text);
  const int64_t size = std::ssize(offsets) - 1;
  if (first < 0) first += size;
  if (first < 0 || first > size || count < 0) return {};
  const int64_t last = std::min(size, first + std::min(count, size));
  const size_t begin = offsets[static_cast<size_t>(first)];
  return text.substr(begin, offsets[static_cast<size_t>(last)] - begin);
}

bool Cased(const Call& c) {
  std::string out;
  if (c.method == "upcase") {
    text::AppendUpperCase(Self(c), out);
  } else if (c.method == "downcase") {
    text::AppendLowerCase(Self(c), out);
  } else if (c.method == "capitalize") {
    const size_t first = Self(c).empty() ? 0 : text::ReadUtf8(Self(c), 0).size;
    text::AppendUpperCase(std::string_view(Self(c)).substr(0, first), out);
    text::AppendLowerCase(std::string_view(Self(c)).substr(first), out);
  } else {
    for (const char ch : Self(c)) {
      const auto byte = static_cast<unsigned char>(ch);
      out.push_back(
          static_cast<char>(std::isupper(byte) != 0 ? std::tolower(byte) : std::toupper(byte)));
    }
  }
  return c.Give(std::move(out));
}

bool Strip(const Call& c) {
  std::string_view text = Self(c);
  if (c.method != "rstrip") {
    while (!text.empty() && IsBlankText(text.front()) && text.front() != '\0')
      text.remove_prefix(1);
  }
  if (c.method != "lstrip") {
    while (!text.empty() && IsBlankText(text.back())) text.remove_suffix(1);
  }
  return c.Give(text);
}

bool Chomp(const Call& c) {
  std::string_view text = Self(c);
  if (!c.args.empty()) {
    std::string_view suffix;
    if (!c.TextArg(0, &suffix)) return false;
    if (text.ends_with(suffix)) text.remove_suffix(suffix.size());
  } else if (text.ends_with("\r\n")) {
    text.remove_suffix(2);
  } else if (text.ends_with('\n') || text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return c.Give(text);
}

bool Plus(const Call& c) {
  std::string_view other;
  if (!c.Needs(1, 1) || !c.TextArg(0, &other)) return false;
  if (Self(c).size() + other.size() > kMaxText) return c.Raise("the text grows too long");
  return c.Give(Self(c) + std::string(other));
}

bool Repeat(const Call& c) {
  int64_t count = 0;
  if (!c.Needs(1, 1) || !c.IntegerArg(0, &count)) return false;
  if (count < 0) return c.Raise("argument must be non-negative");
  if (!Self(c).empty() && static_cast<size_t>(count) > kMaxText / Self(c).size()) {
    return c.Raise("the text grows too long");
  }
  std::string out;
  for (int64_t i = 0; i < count && !Self(c).empty(); ++i) out += Self(c);
  return c.Give(std::move(out));
}

bool StartsOrEnds(const Call& c) {
  for (size_t i = 0; i < c.args.size(); ++i) {
    if (c.args[i].Is<Value::RegexpPtr>() && c.method == "start_with?") {
      Value::MatchPtr match;
      if (!Search(c.frame, c.args[i], Self(c), 0, &match)) return false;
      if (match && match->groups[0].first == 0) return c.Give(true);
      continue;
    }
    std::string_view part;
    if (!c.TextArg(i, &part)) return false;
    if (c.method == "end_with?" ? Self(c).ends_with(part) : Self(c).starts_with(part)) {
      return c.Give(true);
    }
  }
  return c.Give(false);
}

bool WithoutPrefixOrSuffix(const Call& c) {
  std::string_view part;
  if (!c.Needs(1, 1) || !c.TextArg(0, &part)) return false;
  std::string_view text = Self(c);
  if (c.method == "delete_prefix" && text.starts_with(part)) text.remove_prefix(part.size());
  if (c.method == "delete_suffix" && text.ends_with(part)) text.remove_suffix(part.size());
  return c.Give(text);
}

bool Includes(const Call& c) {
  std::string_view part;
  return c.Needs(1, 1) && c.TextArg(0, &part) && c.Give(Self(c).find(part) != std::string::npos);
}

// "a-z^x" of tr, delete, count, squeeze: the set of code points.
class CharacterSet {
 public:
  explicit CharacterSet(std::string_view spec) {
    negated_ = spec.size() > 1 && spec[0] == '^';
    if (negated_) spec.remove_prefix(1);
    for (size_t at = 0; at < spec.size();) {
      if (spec[at] == '\\' && at + 1 < spec.size()) ++at;
      const auto first = text::ReadUtf8(spec, at);
      at += first.size;
      char32_t last = first.code;
      if (at + 1 < spec.size() && spec[at] == '-') {
        const auto end = text::ReadUtf8(spec, at + 1);
        at += 1 + end.size;
        last = end.code;
      }
      for (char32_t code = first.code; code <= last && members_.size() < kMaxMembers; ++code) {
        members_.push_back(code);
      }
    }
  }
  bool Has(char32_t code) const { return (Find(code) >= 0) != negated_; }
  int64_t Find(char32_t code) const {
    const auto found = std::find(members_.begin(), members_.end(), code);
    return found == members_.end() ? -1 : found - members_.begin();
  }
  bool negated() const { return negated_; }
  const std::vector<char32_t>& members() const { return members_; }

 private:
  static constexpr size_t kMaxMembers = 4096;
  bool negated_ = false;
  std::vector<char32_t> members_;
};

bool Translate(const Call& c) {
  std::string_view from;
  std::string_view to;
  if (!c.Needs(2, 2) || !c.TextArg(0, &from) || !c.TextArg(1, &to)) return false;
  const CharacterSet source(from);
  const CharacterSet target(to.starts_with('^') && to.size() > 1 ? "\\" + std::string(to)
                                                                 : std::string(to));
  std::string out;
  for (size_t at = 0; at < Self(c).size();) {
    const auto character = text::ReadUtf8(Self(c), at);
    if (!character.valid || !source.Has(character.code)) {
      out += Self(c).substr(at, character.size);
    } else if (!target.members().empty()) {
      const int64_t last = std::ssize(target.members()) - 1;
      const int64_t index = source.negated() ? last : std::min(source.Find(character.code), last);
      text::AppendUtf8(target.members()[static_cast<size_t>(index)], out);
    }
    at += character.size;
  }
  return c.Give(std::move(out));
}

// delete, squeeze and count with a character set.
bool BySet(const Call& c) {
  std::string_view spec;
  const bool squeeze = c.method == "squeeze";
  if (!c.Needs(squeeze ? 0 : 1, 1) || (!c.args.empty() && !c.TextArg(0, &spec))) return false;
  const CharacterSet set(spec);
  std::string out;
  int64_t count = 0;
  char32_t before = 0xFFFFFFFF;
  for (size_t at = 0; at < Self(c).size();) {
    const auto character = text::ReadUtf8(Self(c), at);
    const bool member = character.valid && (c.args.empty() || set.Has(character.code));
    const bool drop = member && (!squeeze || character.code == before);
    if (member) ++count;
    if (!drop) out += Self(c).substr(at, character.size);
    before = character.valid ? character.code : 0xFFFFFFFF;
    at += character.size;
  }
  return c.method == "count" ? c.Give(count) : c.Give(std::move(out));
}

bool Justify(const Call& c) {
  int64_t width = 0;
  std::string_view pad = " ";
  if (!c.Needs(1, 2) || !c.IntegerArg(0, &width) || (c.args.size() > 1 && !c.TextArg(1, &pad))) {
    return false;
  }
  if (pad.empty()) return c.Raise("zero width padding");
  if (width > static_cast<int64_t>(kMaxText / 8)) return c.Raise("the text grows too long");
  const int64_t missing = std::max<int64_t>(0, width - CharacterCount(Self(c)));
  const int64_t left = c.method == "rjust" ? missing : c.method == "center" ? missing / 2 : 0;
  auto fill = [&](int64_t count) {
    const auto offsets = Characters(pad);
    std::string out;
    for (int64_t i = 0; i < count; ++i) {
      const size_t at = static_cast<size_t>(i) % (offsets.size() - 1);
      out += pad.substr(offsets[at], offsets[at + 1] - offsets[at]);
    }
    return out;
  };
  return c.Give(fill(left) + Self(c) + fill(missing - left));
}

bool CharacterList(const Call& c) {
  const auto offsets = Characters(Self(c));
  Array items;
  for (size_t i = 0; i + 1 < offsets.size(); ++i) {
    items.emplace_back(Self(c).substr(offsets[i], offsets[i + 1] - offsets[i]));
  }
  if (c.method == "reverse") {
    std::string out;
    for (auto it = items.rbegin(); it != items.rend(); ++it) out += it->text();
    return c.Give(std::move(out));
  }
  return c.Give(Value::MakeArray(std::move(items)));
}

bool Lines(const Call& c) {
  Array items;
  for (size_t begin = 0; begin < Self(c).size();) {
    const size_t end = std::min(Self(c).find('\n', begin), Self(c).size() - 1) + 1;
    items.emplace_back(Self(c).substr(begin, end - begin));
    begin = end;
  }
  return c.Give(Value::MakeArray(std::move(items)));
}

bool Bytes(const Call& c) {
  Array items;
  for (const char byte : Self(c))
    items.emplace_back(static_cast<int>(static_cast<unsigned char>(byte)));
  return c.Give(Value::MakeArray(std::move(items)));
}

bool ToInteger(const Call& c) {
  if (!c.Needs(0, 1)) return false;
  const int64_t base = c.IntegerOr(0, 10);
  if (base != 10) {
    if (base < 2 || base > 36) return c.Raise("invalid radix " + std::to_string(base));
    return c.Give(
        static_cast<int64_t>(std::strtoll(Self(c).c_str(), nullptr, static_cast<int>(base))));
  }
  const IntegerText read = LeadingInteger(Self(c));
  return c.Give(read.fits ? Value(read.value) : Value(BigInteger{read.digits}));
}

bool Hex(const Call& c) {
  return c.Give(
      static_cast<int64_t>(std::strtoll(Self(c).c_str(), nullptr, c.method == "hex" ? 16 : 8)));
}

bool Ord(const Call& c) {
  if (Self(c).empty()) return c.Raise("empty string");
  return c.Give(static_cast<int64_t>(text::ReadUtf8(Self(c), 0).code));
}

bool Scrub(const Call& c) {
  std::string_view with = text::kReplacementCharacter;
  if (!c.Needs(0, 1) || (!c.args.empty() && !c.TextArg(0, &with))) return false;
  std::string out;
  text::AppendScrubbed(Self(c), with, out);
  return c.Give(std::move(out));
}

// encode and force_encoding: text is UTF-8 here, so only repairing has an effect.
bool Encode(const Call& c) {
  if (c.method != "encode") return c.Give(c.self);
  if (!c.args.empty() && c.args[0].IsText()) {
    std::string name;
    text::AppendLowerCase(c.args[0].text(), name);
    if (name != "utf-8" && name != "utf8") {
      return c.Raise("encode to '" + c.args[0].text() + "' is not supported");
    }
  }
  const bool repair = !c.args.empty() && c.args.back().IsHash();
  if (!repair) return c.Give(c.self);
  const Value* with = c.args.back().hash().Find(Value(Symbol{"replace"}));
  std::string out;
  text::AppendScrubbed(Self(c), with != nullptr && with->IsText() ? with->text() : "\xEF\xBF\xBD",
                       out);
  return c.Give(std::move(out));
}

bool CaseCompare(const Call& c) {
  std::string_view other;
  if (!c.Needs(1, 1) || !c.TextArg(0, &other)) return false;
  std::string a;
  std::string b;
  text::AppendLowerCase(Self(c), a);
  text::AppendLowerCase(other, b);
  if (c.method == "casecmp?") return c.Give(a == b);
  const int order = a.compare(b);
  return c.Give(order < 0 ? -1 : order > 0 ? 1 : 0);
}

bool Insert(const Call& c) {
  int64_t at = 0;
  std::string_view part;
  if (!c.Needs(2, 2) || !c.IntegerArg(0, &at) || !c.TextArg(1, &part)) return false;
  const auto offsets = Characters(Self(c));
  if (at < 0) at += std::ssize(offsets);
  if (at < 0 || at >= std::ssize(offsets)) return c.Raise("index out of string");
  std::string out = Self(c);
  return c.Give(out.insert(offsets[static_cast<size_t>(at)], part));
}

// printf-like: %s %d %05d %.2f %x and %%.
bool Percent(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  const Array values = c.args[0].IsArray() ? c.args[0].array() : Array{c.args[0]};
  std::string out;
  size_t next = 0;
  const std::string& format = Self(c);
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out.push_back(format[i]);
      continue;
    }
    const size_t end = format.find_first_not_of("-+ 0#123456789.", i + 1);
    if (end == std::string::npos) return c.Raise("incomplete format specifier");
    if (format[end] == '%') {
      out.push_back('%');
      i = end;
      continue;
    }
    if (next >= values.size()) return c.Raise("too few arguments");
    std::string spec = format.substr(i, end - i);
    if (spec.size() > 8) return c.Raise("the format is too wide");
    char buffer[512];
    const Value& value = values[next++];
    switch (format[end]) {
      case 's': {
        const std::string text = ToText(value);
        if (spec == "%") {
          out += text;
        } else {
          std::snprintf(buffer, sizeof(buffer), (spec + "s").c_str(), text.c_str());
          out += buffer;
        }
        break;
      }
      case 'd':
      case 'i':
      case 'x':
      case 'X':
      case 'o': {
        const double number = value.Is<double>() ? value.Get<double>() : 0;
        const auto integer =
            value.Is<int64_t>() ? value.Get<int64_t>() : LeadingInteger(ToText(value)).value;
        std::snprintf(
            buffer, sizeof(buffer), (spec + "ll" + format[end]).c_str(),
            static_cast<long long>(value.Is<double>() ? number : static_cast<double>(integer)));
        out += buffer;
        break;
      }
      case 'f':
      case 'e':
      case 'g': {
        std::snprintf(buffer, sizeof(buffer), (spec + format[end]).c_str(),
                      LeadingFloat(ToText(value)));
        out += buffer;
        break;
      }
      default:
        return c.Raise(std::string("the format '%") + format[end] + "' is not supported");
    }
    i = end;
  }
  return c.Give(std::move(out));
}

constexpr Entry kString[] = {
    {"+", Plus},
    {"concat", Plus},
    {"*", Repeat},
    {"%", Percent},
    {"upcase", Cased},
    {"downcase", Cased},
    {"capitalize", Cased},
    {"swapcase", Cased},
    {"strip", Strip},
    {"lstrip", Strip},
    {"rstrip", Strip},
    {"chomp", Chomp},
    {"chop",
     [](const Call& c) {
       return c.Give(Substring(Self(c), 0, std::max<int64_t>(0, CharacterCount(Self(c)) - 1)));
     }},
    {"chr", [](const Call& c) { return c.Give(Substring(Self(c), 0, 1)); }},
    {"length", [](const Call& c) { return c.Give(CharacterCount(Self(c))); }},
    {"size", [](const Call& c) { return c.Give(CharacterCount(Self(c))); }},
    {"bytesize", [](const Call& c) { return c.Give(std::ssize(Self(c))); }},
    {"empty?", [](const Call& c) { return c.Give(Self(c).empty()); }},
    {"start_with?", StartsOrEnds},
    {"end_with?", StartsOrEnds},
    {"delete_prefix", WithoutPrefixOrSuffix},
    {"delete_suffix", WithoutPrefixOrSuffix},
    {"include?", Includes},
    {"tr", Translate},
    {"delete", BySet},
    {"squeeze", BySet},
    {"count", BySet},
    {"ljust", Justify},
    {"rjust", Justify},
    {"center", Justify},
    {"chars", CharacterList},
    {"reverse", CharacterList},
    {"lines", Lines},
    {"bytes", Bytes},
    {"to_i", ToInteger},
    {"to_f", [](const Call& c) { return c.Give(LeadingFloat(Self(c))); }},
    {"to_str", [](const Call& c) { return c.Give(c.self); }},
    {"intern", [](const Call& c) { return c.Give(Symbol{Self(c)}); }},
    {"hex", Hex},
    {"oct", Hex},
    {"ord", Ord},
    {"scrub", Scrub},
    {"encode", Encode},
    {"force_encoding", Encode},
    {"unicode_normalize", Encode},
    {"b", Encode},
    {"valid_encoding?", [](const Call& c) { return c.Give(text::IsValidUtf8(Self(c))); }},
    {"casecmp", CaseCompare},
    {"casecmp?", CaseCompare},
    {"insert", Insert},
    {"ipv4?", [](const Call& c) { return c.Give(Self(c).find(':') == std::string::npos); }},
    {"ipv6?", [](const Call& c) { return c.Give(Self(c).find(':') != std::string::npos); }},
    {"prepend",
     [](const Call& c) {
       std::string_view part;
       return c.Needs(1, 1) && c.TextArg(0, &part) && c.Give(std::string(part) + Self(c));
     }},
};

}  // namespace

std::span<const Entry> StringMethods() { return kString; }

bool SubstringCall(const Call& c) {
  if (c.args.size() == 2) {
    int64_t first = 0;
    int64_t count = 0;
    return c.IntegerArg(0, &first) && c.IntegerArg(1, &count) &&
           c.Give(Substring(Self(c), first, count));
  }
  if (c.args[0].Is<int64_t>()) {
    const int64_t at = c.args[0].Get<int64_t>();
    const int64_t size = CharacterCount(Self(c));
    if (at >= size || at < -size) return c.Give(Value());
    return c.Give(Substring(Self(c), at, 1));
  }
  if (c.args[0].Is<RangeValue>()) {
    const auto& range = c.args[0].Get<RangeValue>();
    const int64_t size = CharacterCount(Self(c));
    const int64_t first = range.first < 0 ? range.first + size : range.first;
    int64_t last = range.last < 0 ? range.last + size : range.last;
    if (range.exclusive) --last;
    return c.Give(
        Substring(Self(c), first < 0 ? size + 1 : first, std::max<int64_t>(0, last - first + 1)));
  }
  std::string_view part;
  if (!c.TextArg(0, &part)) return false;
  return c.Give(Self(c).find(part) == std::string::npos ? Value() : Value(part));
}

}  // namespace tailrace::config::ruby
