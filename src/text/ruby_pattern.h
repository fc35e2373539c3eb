// SPDX-License-Identifier: Apache-2.0
#pragma once
// A Ruby regular expression taken apart: what each construct means in Ruby (Onigmo as of Ruby 3.4,
// UTF-8), free of the notation. Engines differ in notation and in silent meanings; patterns are
// written anew for each of them from this tree (pattern_writer.h). Internal to text/.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"
#include "text/code_set.h"
#include "text/regex.h"

namespace tailrace::text {

// A set of characters.
struct CharacterClass {
  // For which characters `set` is right; Unicode properties are left to Oniguruma's tables.
  enum class Known : uint8_t { kNothing, kAscii, kEverything };

  CodeSet set;  // what the class holds before `negated` applies
  bool negated = false;
  Known known = Known::kEverything;
  bool bracketed = false;  // written as [...]
  bool foldable = true;    // under (?i) each ASCII letter may be folded for itself
  std::string oniguruma;   // the class in Oniguruma's notation
};

struct PatternNode {
  enum class Kind : uint8_t {
    kEmpty,
    kLiteral,  // `code`
    kAny,      // the dot; `flag`: matches a newline too
    kClass,
    kBeginLine,          // ^
    kEndLine,            // $
    kBeginText,          // \A
    kEndText,            // \z
    kEndTextOrNewline,   // \Z
    kWordBoundary,       // \b; `flag`: not (\B)
    kAsciiWordBoundary,  // the same under (?a)
    kSearchStart,        // \G
    kKeep,               // \K
    kLinebreak,          // \R
    kGrapheme,           // \X
    kSequence,
    kAlternatives,
    kCapture,  // `index`, `text`: name
    kGroup,    // (?:...), (?i:...): options are kept in the nodes
    kAtomic,
    kLookahead,  // `flag`: negative
    kLookbehind,
    kRepeat,         // `low`..`high` times, `mode`
    kBackreference,  // `index`, or by name: `text` as in \k<text>
    kCall,           // \g<text>
    kConditional,    // (?(text)a|b)
  };
  enum class Mode : uint8_t { kGreedy, kLazy, kPossessive };
  static constexpr int kUnlimited = -1;

  Kind kind = Kind::kEmpty;
  bool flag = false;
  bool ignore_case = false;
  Mode mode = Mode::kGreedy;
  char32_t code = 0;
  int low = 0;
  int high = 0;
  int index = 0;
  std::string text;
  CharacterClass characters;
  std::vector<PatternNode> children;
};

struct RubyPattern {
  PatternNode root;
  std::vector<GroupName> names;  // in order of first appearance
  int group_count = 0;

  // What is wrong with the pattern, and at which character, if it is none of Ruby's.
  static Result<RubyPattern> Parse(std::string_view pattern, const RegexOptions& options);
};

}  // namespace tailrace::text
