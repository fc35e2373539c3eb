// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "text/pattern_writer.h"
#include "text/ruby_pattern_reader.h"

namespace tailrace::text {
namespace {

using Kind = PatternNode::Kind;

// Whether everything that has case ignores it.
bool IgnoresCase(const PatternNode& node, bool& any) {
  if (node.kind == Kind::kLiteral || node.kind == Kind::kBackreference ||
      (node.kind == Kind::kClass && node.characters.bracketed)) {
    if (!node.ignore_case) return false;
    any = true;
  }
  return std::all_of(node.children.begin(), node.children.end(),
                     [&](const PatternNode& child) { return IgnoresCase(child, any); });
}

class OnigurumaWriter {
 public:
  OnigurumaPattern Write(const PatternNode& root) {
    bool any = false;
    folds_ = IgnoresCase(root, any) && any;
    Node(root);
    return {std::move(out_), folds_};
  }

 private:
  // Opens a group where the case of `node` differs from that of the whole pattern.
  bool OpenCase(bool ignore_case) {
    if (ignore_case == folds_) return false;
    out_ += ignore_case ? "(?i:" : "(?-i:";
    return true;
  }
  void CloseCase(bool opened) {
    if (opened) out_ += ")";
  }

  void Children(const PatternNode& node) {
    for (size_t i = 0; i < node.children.size();) i = Run(node, i);
  }

  // Neighbouring characters that ignore case stand in one group: "ss" matches "ß" only together.
  size_t Run(const PatternNode& node, size_t i) {
    const auto folded = [&](size_t at) {
      return at < node.children.size() && node.children[at].kind == Kind::kLiteral &&
             node.children[at].ignore_case;
    };
    if (folds_ || !folded(i)) {
      Node(node.children[i]);
      return i + 1;
    }
    out_ += "(?i:";
    while (folded(i)) AppendOnigurumaCharacter(node.children[i++].code, out_);
    out_ += ")";
    return i;
  }

  void Wrapped(const char* open, const PatternNode& node) {
    out_ += open;
    for (const PatternNode& child : node.children) Node(child);
    out_ += ")";
  }

  void Repeat(const PatternNode& node) {
    const PatternNode& body = node.children[0];
    if (body.kind == Kind::kLookahead || body.kind == Kind::kLookbehind) {
      // Ruby allows it, Oniguruma does not: looking once is enough.
      out_ += "(?:";
      Node(body);
      out_ += node.low == 0 ? "|)" : ")";
      return;
    }
    const bool single = body.kind == Kind::kClass || body.kind == Kind::kAny ||
                        (body.kind == Kind::kLiteral && body.ignore_case == folds_) ||
                        body.kind == Kind::kCapture || body.kind == Kind::kGroup;
    if (!single) out_ += "(?:";
    Node(body);
    if (!single) out_ += ")";
    const bool possessive = node.mode == PatternNode::Mode::kPossessive;
    if (node.low == 0 && node.high == 1) {
      out_ += "?";
    } else if (node.low == 0 && node.high == PatternNode::kUnlimited) {
      out_ += "*";
    } else if (node.low == 1 && node.high == PatternNode::kUnlimited) {
      out_ += "+";
    } else {
      out_ += "{" + std::to_string(node.low);
      if (node.high == PatternNode::kUnlimited) {
        out_ += ",";
      } else if (node.high != node.low) {
        out_ += "," + std::to_string(node.high);
      }
      out_ += "}";
    }
    if (node.mode == PatternNode::Mode::kLazy) out_ += "?";
    if (possessive) out_ += "+";
  }

  void Reference(const PatternNode& node) {
    const bool opened = node.kind != Kind::kCall && OpenCase(node.ignore_case);
    if (node.kind == Kind::kCall) {
      out_ += "\\g<" + node.text + ">";
    } else if (node.text.empty()) {
      out_ += "\\k<" + std::to_string(node.index) + ">";
    } else {
      out_ += "\\k<" + node.text + ">";
    }
    CloseCase(opened);
  }

  void Conditional(const PatternNode& node) {
    out_ += "(?(" + node.text + ")";
    for (size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out_ += "|";
      Node(node.children[i]);
    }
    out_ += ")";
  }

  void Alternatives(const PatternNode& node) {
    out_ += "(?:";
    for (size_t i = 0; i < node.children.size(); ++i) {
      if (i > 0) out_ += "|";
      Node(node.children[i]);
    }
    out_ += ")";
  }

  void Node(const PatternNode& node) {
    switch (node.kind) {
      case Kind::kEmpty:
        return;
      case Kind::kLiteral: {
        const bool opened = OpenCase(node.ignore_case);
        AppendOnigurumaCharacter(node.code, out_);
        CloseCase(opened);
        return;
      }
      case Kind::kAny:
        out_ += node.flag ? "(?m:.)" : ".";
        return;
      case Kind::kClass:
        out_ +=
            node.ignore_case ? "(?i:" + node.characters.oniguruma + ")" : node.characters.oniguruma;
        return;
      case Kind::kBeginLine:
        out_ += "^";
        return;
      case Kind::kEndLine:
        out_ += "$";
        return;
      case Kind::kBeginText:
        out_ += "\\A";
        return;
      case Kind::kEndText:
        out_ += "\\z";
        return;
      case Kind::kEndTextOrNewline:
        out_ += "\\Z";
        return;
      case Kind::kWordBoundary:
        out_ += node.flag ? "\\B" : "\\b";
        return;
      case Kind::kAsciiWordBoundary:
        out_ += node.flag
                    ? "(?:(?<=[0-9A-Z_a-z])(?=[0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?![0-9A-Z_a-z]))"
                    : "(?:(?<=[0-9A-Z_a-z])(?![0-9A-Z_a-z])|(?<![0-9A-Z_a-z])(?=[0-9A-Z_a-z]))";
        return;
      case Kind::kSearchStart:
        out_ += "\\G";
        return;
      case Kind::kKeep:
        out_ += "\\K";
        return;
      case Kind::kLinebreak:
        out_ += "\\R";
        return;
      case Kind::kGrapheme:
        out_ += "\\X";
        return;
      case Kind::kSequence:
        Children(node);
        return;
      case Kind::kAlternatives:
        Alternatives(node);
        return;
      case Kind::kCapture:
        out_ += node.text.empty() ? "(" : "(?<" + node.text + ">";
        Node(node.children[0]);
        out_ += ")";
        return;
      case Kind::kGroup:
        Wrapped("(?:", node);
        return;
      case Kind::kAtomic:
        Wrapped("(?>", node);
        return;
      case Kind::kLookahead:
        Wrapped(node.flag ? "(?!" : "(?=", node);
        return;
      case Kind::kLookbehind:
        Lookbehind(node);
        return;
      case Kind::kRepeat:
        Repeat(node);
        return;
      case Kind::kBackreference:
      case Kind::kCall:
        Reference(node);
        return;
      case Kind::kConditional:
        Conditional(node);
        return;
    }
  }

  // Alternatives of different lengths must stand at the top of a look-behind.
  void Lookbehind(const PatternNode& node) {
    out_ += node.flag ? "(?<!" : "(?<=";
    const PatternNode& body = node.children[0];
    if (body.kind == Kind::kAlternatives) {
      for (size_t i = 0; i < body.children.size(); ++i) {
        if (i > 0) out_ += "|";
        Node(body.children[i]);
      }
    } else {
      Node(body);
    }
    out_ += ")";
  }

  std::string out_;
  bool folds_ = false;
};

}  // namespace

OnigurumaPattern WriteForOniguruma(const PatternNode& root) {
  return OnigurumaWriter().Write(root);
}

}  // namespace tailrace::text
