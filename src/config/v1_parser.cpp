// SPDX-License-Identifier: Apache-2.0
#include "config/v1_parser.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "config/scanner.h"

namespace tailrace::config {
namespace {

constexpr size_t kMaxDepth = 200;
constexpr size_t kMaxErrors = 100;  // a file that is no configuration at all

bool IsReserved(std::string_view key) {
  static constexpr std::array<std::string_view, 4> kReserved = {"@type", "@id", "@label",
                                                                "@log_level"};
  return std::find(kReserved.begin(), kReserved.end(), key) != kReserved.end();
}

// Sections in which an unknown "@name" is an error, as at the root.
bool IsPluginSection(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kNames = {"match", "source", "filter", "system"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

class Parser {
 public:
  Parser(std::shared_ptr<const SourceFile> file, RubyEvaluator* evaluator, Includer* includer,
         Problems* problems)
      : scan_(std::move(file), evaluator), includer_(*includer), problems_(*problems) {}

  void ParseRoot(Element* into) { ParseBody(into, true); }

 private:
  // Everything up to the end tag of `into`, or to the end of the file at the root.
  void ParseBody(Element* into, bool root) {
    while (errors_ < kMaxErrors) {
      scan_.SkipSpacing();
      if (scan_.AtEnd()) {
        if (!root)
          Report({into->location, "section " + into->Head() + " is not closed",
                  "add </" + into->name + ">"});
        return;
      }
      const size_t begin = scan_.offset();
      try {
        if (scan_.Take("</")) {
          ParseEndTag(begin);
        } else if (scan_.Take("<")) {
          ParseSection(begin, into);
        } else if (const auto word = root ? scan_.TakeInclude() : std::string_view();
                   !word.empty()) {
          if (word == "include") {
            problems_.Warning(scan_.At(begin), "'include' is an old name", "write '@include'");
          }
          ParseInclude(into);
        } else {
          ParseParameter(into, root);
        }
      } catch (ParseError& error) {
        Report(std::move(error));
        scan_.Seek(std::max(scan_.NextLine(begin), resume_));
      }
      if (closing_.empty()) continue;
      if (!root && closing_ == into->name) {
        closing_.clear();
        return;
      }
      const bool outer = std::find(open_.begin(), open_.end(), closing_) != open_.end();
      if (!outer) {
        Report({closing_location_, "end tag </" + closing_ + "> has no section to close", {}});
        closing_.clear();
        continue;
      }
      Report({into->location,
              "section " + into->Head() + " is not closed before </" + closing_ + ">",
              "add </" + into->name + ">"});
      return;  // the outer section sees closing_ too
    }
  }

  void ParseEndTag(size_t begin) {
    std::string name = scan_.TakeName();
    closing_location_ = scan_.At(begin);
    closing_ = name;
    scan_.SkipSpacing();
    if (name.empty() || !scan_.Take(">")) {
      throw ParseError{scan_.Here(), "expected '>' after the name of the end tag",
                       "names of sections have letters, digits and '_' only"};
    }
    if (!scan_.TakeLineEnd()) {
      throw ParseError{scan_.Here(), "expected the end of the line after </" + name + ">", {}};
    }
  }

  void ParseSection(size_t begin, Element* into) {
    Element element;
    element.location = scan_.At(begin);
    element.name = scan_.TakeName();
    if (element.name.empty()) {
      throw ParseError{scan_.Here(), "expected the name of a section after '<'", {}};
    }
    try {
      ParseHead(&element);
    } catch (ParseError& error) {
      Report(std::move(error));
      scan_.Seek(scan_.NextLine(begin));
    }
    if (open_.size() >= kMaxDepth)
      throw ParseError{element.location, "sections nest too deeply", {}};
    open_.push_back(element.name);
    ParseBody(&element, false);
    open_.pop_back();
    into->elements.push_back(std::move(element));
    resume_ = scan_.offset();
  }

  void ParseHead(Element* element) {
    scan_.SkipSpacing();
    element->arg_location = scan_.Here();
    auto argument = scan_.TakeText(Scanner::Boundary::kTagEnd);
    if (argument.kind == ValueKind::kDefault) {
      throw ParseError{
          element->arg_location, "use_default has no meaning in a section's argument", {}};
    }
    element->arg = std::move(argument.text);
    if (argument.empty) element->arg_location = {};
    scan_.SkipSpacing();
    if (!scan_.Take(">")) {
      throw ParseError{scan_.Here(), "expected '>' at the end of <" + element->name, {}};
    }
    if (!scan_.TakeLineEnd()) {
      throw ParseError{scan_.Here(), "expected the end of the line after " + element->Head(),
                       "write the parameters on lines of their own"};
    }
  }

  void ParseParameter(Element* into, bool root) {
    Attribute attribute;
    attribute.key_location = scan_.Here();
    auto key = scan_.TakeText(Scanner::Boundary::kSpace);
    if (key.kind != ValueKind::kText) {
      throw ParseError{attribute.key_location, "a parameter's name cannot be nil or default", {}};
    }
    attribute.key = std::move(key.text);
    const std::string_view blanks = scan_.SkipBlanks();
    attribute.value_location = scan_.Here();
    if (blanks.find('\n') != std::string_view::npos || scan_.AtEnd()) {
      attribute.value_location = attribute.key_location;
      Set(into, std::move(attribute));
      return;
    }
    if (blanks.empty()) {
      throw ParseError{scan_.Here(), "expected a blank after the name '" + attribute.key + "'", {}};
    }
    if (attribute.key == "@include") {
      ParseInclude(into);
      return;
    }
    CheckReserved(attribute, into->name, root);
    auto value = scan_.TakeValue();
    attribute.text = std::move(value.text);
    attribute.kind = value.kind;
    attribute.quoted = value.quoted;
    if (!scan_.TakeLineEnd()) {
      throw ParseError{scan_.Here(),
                       "expected the end of the line after the value of '" + attribute.key + "'",
                       "quote the whole value, or escape the quotes inside of it"};
    }
    Set(into, std::move(attribute));
  }

  void CheckReserved(const Attribute& attribute, std::string_view section, bool root) {
    if (attribute.key[0] != '@' || IsReserved(attribute.key)) return;
    static const std::vector<std::string_view> kKnown = {"@type", "@id", "@label", "@log_level",
                                                         "@include"};
    const auto near = Nearest(attribute.key, kKnown);
    std::string suggestion = near.empty() ? "names that begin with '@' are reserved"
                                          : "did you mean '" + std::string(near) + "'?";
    if (root || IsPluginSection(section)) {
      throw ParseError{attribute.key_location, "unknown parameter '" + attribute.key + "'",
                       std::move(suggestion)};
    }
    problems_.Warning(attribute.key_location, "unknown parameter '" + attribute.key + "'",
                      std::move(suggestion));
  }

  void ParseInclude(Element* into) {
    const Location location = scan_.Here();
    auto path = scan_.TakeText(Scanner::Boundary::kLineEnd);
    if (path.kind != ValueKind::kText || path.text.empty()) {
      throw ParseError{location, "@include needs a path", {}};
    }
    if (!scan_.TakeLineEnd()) {
      throw ParseError{scan_.Here(), "expected the end of the line after the path of @include", {}};
    }
    includer_.Include(path.text, location, into);
  }

  void Set(Element* into, Attribute attribute) {
    const Attribute* earlier = into->Find(attribute.key);
    if (earlier != nullptr && earlier->key_location.file == attribute.key_location.file) {
      problems_.Warning(attribute.key_location,
                        "parameter '" + attribute.key + "' is given twice; this one counts",
                        "remove the one in line " + std::to_string(earlier->key_location.line));
    }
    into->Set(std::move(attribute));
  }

  void Report(ParseError error) {
    ++errors_;
    problems_.Error(error.location, std::move(error.message), std::move(error.suggestion));
  }

  Scanner scan_;
  Includer& includer_;
  Problems& problems_;
  std::vector<std::string> open_;  // names of the sections around the current place
  std::string closing_;            // an end tag that was read and waits for its section
  Location closing_location_;
  size_t resume_ = 0;  // never go back before a section that was read completely
  size_t errors_ = 0;
};

}  // namespace

void ParseV1(std::shared_ptr<const SourceFile> file, RubyEvaluator* evaluator, Includer* includer,
             Problems* problems, Element* into) {
  Parser(std::move(file), evaluator, includer, problems).ParseRoot(into);
}

}  // namespace tailrace::config
