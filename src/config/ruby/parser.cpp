// SPDX-License-Identifier: Apache-2.0
#include "config/ruby/parser.h"

#include <algorithm>
#include <utility>

#include "config/ruby/lexer.h"
#include "config/ruby/methods.h"
#include "config/ruby/node_factory.h"
#include "config/ruby/operators.h"
#include "config/ruby/regexp.h"

namespace tailrace::config::ruby {
namespace {

constexpr int kMaxDepth = 1000;

class Parser : private NodeFactory {
 public:
  Parser(std::string_view source, const std::vector<std::string>& variables)
      : NodeFactory(variables), lex_(source) {}

  Parsed Run(bool embedded) {
    Parsed parsed;
    parsed.root = ParseStatements({});
    lex_.SkipLines();
    if (embedded ? lex_.Peek() != '}' : !lex_.AtEnd()) {
      if (lex_.AtEnd()) throw SyntaxError{"the expression is not closed with '}'", lex_.offset()};
      Unexpected();
    }
    parsed.locals = local_count();
    parsed.end = lex_.offset();
    parsed.used_variables = TakeUsed();
    return parsed;
  }

 private:
  class Depth {
   public:
    explicit Depth(Parser* parser) : parser_(parser) {
      if (++parser_->depth_ > kMaxDepth) {
        throw SyntaxError{"the expression is nested too deeply", parser_->lex_.offset()};
      }
    }
    ~Depth() { --parser_->depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    Parser* parser_;
  };

  [[noreturn]] void Unexpected() {
    if (lex_.AtEnd()) throw SyntaxError{"the expression ends too early", lex_.offset()};
    throw SyntaxError{"'" + lex_.NextToken() + "' is not understood here", lex_.offset()};
  }

  void Expect(std::string_view token) {
    lex_.SkipLines();
    if (!lex_.Take(token)) {
      if (lex_.AtEnd()) throw SyntaxError{"expected '" + std::string(token) + "'", lex_.offset()};
      throw SyntaxError{
          "expected '" + std::string(token) + "' but found '" + lex_.NextToken() + "'",
          lex_.offset()};
    }
  }

  // Statements up to one of the words (which is left), a closing bracket or the end.
  NodePtr ParseStatements(const std::vector<std::string_view>& until) {
    const Depth depth(this);
    auto sequence = Make(NodeKind::kSequence, lex_.offset());
    while (true) {
      lex_.SkipStatementEnds();
      const bool word = std::any_of(until.begin(), until.end(),
                                    [&](std::string_view w) { return lex_.PeekWord(w); });
      if (word || lex_.AtEnd() || lex_.Peek() == '}' || lex_.Peek() == ')') break;
      sequence->children.push_back(ParseStatement());
      if (!lex_.AtStatementEnd()) break;
    }
    if (sequence->children.size() == 1) return std::move(sequence->children[0]);
    return sequence;
  }

  NodePtr ParseStatement() {
    NodePtr node = ParseNot();
    while (true) {
      const size_t offset = lex_.offset();
      if (lex_.TakeWord("and")) {
        node = Pair(NodeKind::kAnd, offset, std::move(node), ParseNot());
      } else if (lex_.TakeWord("or")) {
        node = Pair(NodeKind::kOr, offset, std::move(node), ParseNot());
      } else if (lex_.TakeWord("if")) {
        node = Conditional(offset, ParseNot(), std::move(node), nullptr);
      } else if (lex_.TakeWord("unless")) {
        node = Conditional(offset, ParseNot(), nullptr, std::move(node));
      } else if (lex_.TakeWord("rescue")) {
        node = Pair(NodeKind::kRescue, offset, std::move(node), ParseExpression());
      } else {
        return node;
      }
    }
  }

  NodePtr ParseNot() {
    const size_t offset = lex_.offset();
    if (!lex_.TakeWord("not")) return ParseExpression();
    auto node = Make(NodeKind::kNot, offset);
    node->children.push_back(ParseNot());
    return node;
  }

  // An expression, or an assignment.
  NodePtr ParseExpression() {
    const Depth depth(this);
    lex_.SkipLines();
    const size_t begin = lex_.offset();
    const std::string name = lex_.PeekIdentifier();
    if (!name.empty() && !lex_.IsKeyword(name) && lex_.IsAssignmentAfter(name.size())) {
      if (name[0] == '@') {
        throw SyntaxError{"'" + name + "' cannot be assigned here, only in prepare_value", begin};
      }
      lex_.Seek(begin + name.size());
      lex_.Take("=");
      auto node = Make(NodeKind::kAssign, begin);
      NodePtr value = ParseExpression();
      node->slot = Declare(name);
      node->children.push_back(std::move(value));
      return node;
    }
    NodePtr node = ParseTernary();
    if (node->kind == NodeKind::kCall && node->name == "[]" && node->children.size() == 2 &&
        lex_.TakeAssignment()) {
      auto assign = Make(NodeKind::kAssignIndex, node->offset);
      assign->children = std::move(node->children);
      assign->children.push_back(ParseExpression());
      return assign;
    }
    return node;
  }

  NodePtr ParseTernary() {
    NodePtr node = ParseRange();
    const size_t offset = lex_.offset();
    if (!lex_.Take("?")) return node;
    NodePtr yes = ParseTernary();
    Expect(":");
    return Conditional(offset, std::move(node), std::move(yes), ParseTernary());
  }

  NodePtr ParseRange() {
    NodePtr node = ParseOr();
    const size_t offset = lex_.offset();
    const bool exclusive = lex_.Take("...");
    if (!exclusive && !lex_.Take("..")) return node;
    NodePtr last;
    if (lex_.Peek() != ']' && lex_.Peek() != ')') last = ParseOr();
    auto range = Pair(NodeKind::kRange, offset, std::move(node), std::move(last));
    range->flag = exclusive;
    return range;
  }

  NodePtr ParseOr() {
    NodePtr node = ParseAnd();
    for (size_t offset = lex_.offset(); lex_.Take("||"); offset = lex_.offset()) {
      node = Pair(NodeKind::kOr, offset, std::move(node), ParseAnd());
    }
    return node;
  }

  NodePtr ParseAnd() {
    NodePtr node = ParseBinary(0);
    for (size_t offset = lex_.offset(); lex_.Take("&&"); offset = lex_.offset()) {
      node = Pair(NodeKind::kAnd, offset, std::move(node), ParseBinary(0));
    }
    return node;
  }

  NodePtr ParseBinary(size_t level) {
    if (level == kLevels.size()) return ParseUnary();
    const Depth depth(this);
    NodePtr node = ParseBinary(level + 1);
    while (true) {
      const size_t offset = lex_.offset();
      const std::string_view found = lex_.TakeOperator(kLevels[level].operators);
      if (found.empty()) return node;
      NodePtr right = ParseBinary(level + 1);
      if (found == "!=" || found == "!~") {
        auto equal = Call(found == "!=" ? "==" : "=~", offset, std::move(node));
        equal->children.push_back(std::move(right));
        node = Make(NodeKind::kNot, offset);
        node->children.push_back(std::move(equal));
      } else {
        node = Call(std::string(found), offset, std::move(node));
        node->children.push_back(std::move(right));
      }
    }
  }

  NodePtr ParseUnary() {
    const Depth depth(this);
    lex_.SkipLines();
    const size_t offset = lex_.offset();
    if (lex_.Take("!")) {
      auto node = Make(NodeKind::kNot, offset);
      node->children.push_back(ParseUnary());
      return node;
    }
    if (!lex_.AtNumber() && lex_.Take("-")) {
      return Call("-@", offset, ParseUnary());
    }
    NodePtr node = ParsePostfix(ParsePrimary());
    const size_t power = lex_.offset();
    if (lex_.Take("**")) {
      node = Call("**", power, std::move(node));
      node->children.push_back(ParseUnary());
    }
    return node;
  }

  NodePtr ParsePostfix(NodePtr node) {
    while (true) {
      const size_t offset = lex_.offset();
      if (lex_.TakeAttached("[")) {
        node = Call("[]", offset, std::move(node));
        ParseArguments("]", node.get());
        continue;
      }
      if (lex_.TakeAttached("::")) {
        const std::string name = lex_.TakeIdentifier();
        if (node->kind != NodeKind::kModule || name.empty()) Unexpected();
        if (!IsUpper(name[0])) {
          node = ParseCall(name, offset, std::move(node));
          continue;
        }
        node->name += "::" + name;
        CheckModule(*node);
        continue;
      }
      const bool safe = lex_.TakeSafeNavigation();
      if (!safe && !lex_.TakeDot()) return node;
      lex_.SkipLines();
      const size_t name_offset = lex_.offset();
      const std::string name = lex_.TakeIdentifier();
      if (name.empty()) Unexpected();
      node = ParseCall(name, name_offset, std::move(node));
      node->flag = safe;
    }
  }

  NodePtr ParseCall(const std::string& name, size_t offset, NodePtr receiver) {
    if (!IsKnownMethod(name)) {
      throw SyntaxError{"the method '" + name + "' is not supported", offset};
    }
    NodePtr node = Call(name, offset, std::move(receiver));
    if (lex_.TakeAttached("(")) ParseArguments(")", node.get());
    ParseBlock(node.get());
    return node;
  }

  // Arguments up to `close`; key: value pairs at the end become one hash.
  void ParseArguments(std::string_view close, Node* call) {
    NodePtr pairs;
    while (true) {
      lex_.SkipLines();
      if (lex_.Take(close)) break;
      if (lex_.Take("&")) {
        ParseBlockArgument(call);
      } else if (NodePtr key = TakeLabel()) {
        if (!pairs) pairs = Make(NodeKind::kHash, lex_.offset());
        pairs->children.push_back(std::move(key));
        pairs->children.push_back(ParseExpression());
      } else {
        NodePtr argument = ParseArgument();
        if (lex_.Take("=>")) {
          if (!pairs) pairs = Make(NodeKind::kHash, lex_.offset());
          pairs->children.push_back(std::move(argument));
          pairs->children.push_back(ParseExpression());
        } else {
          call->children.push_back(std::move(argument));
        }
      }
      lex_.SkipLines();
      if (lex_.Take(",")) continue;
      Expect(close);
      break;
    }
    if (pairs) call->children.push_back(std::move(pairs));
  }

  NodePtr ParseArgument() {
    if (lex_.Peek() == '*') {
      throw SyntaxError{"a splat argument ('*') is not supported", lex_.offset()};
    }
    return ParseNot();
  }

  void ParseBlockArgument(Node* call) {
    const size_t offset = lex_.offset();
    if (!lex_.Take(":")) throw SyntaxError{"only &:method is supported here", offset};
    auto block = std::make_unique<Block>();
    block->method = lex_.TakeIdentifier();
    if (!IsKnownMethod(block->method)) {
      throw SyntaxError{"the method '" + block->method + "' is not supported", offset};
    }
    call->block = std::move(block);
  }

  void ParseBlock(Node* call) {
    const bool braces = lex_.TakeBlockBrace();
    if (!braces && !lex_.TakeWord("do")) return;
    auto block = std::make_unique<Block>();
    OpenScope();
    lex_.SkipLines();
    if (lex_.Take("|")) {
      while (!lex_.Take("|")) {
        const std::string name = lex_.TakeIdentifier();
        if (name.empty()) Unexpected();
        block->params.push_back(DeclareInScope(name));
        if (!lex_.Take(",") && lex_.Peek() != '|') Unexpected();
      }
    }
    block->body = ParseStatements({"end"});
    CloseScope();
    if (braces) {
      Expect("}");
    } else if (!lex_.TakeWord("end")) {
      Expect("end");
    }
    call->block = std::move(block);
  }

  // name: or "name": as a key.
  NodePtr TakeLabel() {
    const size_t offset = lex_.offset();
    const std::string name = lex_.TakeLabel();
    if (name.empty()) return nullptr;
    return Constant(Symbol{name}, offset);
  }

  NodePtr ParsePrimary() {
    const Depth depth(this);
    lex_.SkipLines();
    const size_t offset = lex_.offset();
    const char c = lex_.Peek();
    switch (c) {
      case '\'':
        return Constant(lex_.TakeSingleQuoted(), offset);
      case '"':
        return ParseDoubleQuoted(offset);
      case '[':
        return ParseArray(offset);
      case '{':
        return ParseHash(offset);
      case '(': {
        lex_.Take("(");
        NodePtr node = ParseStatements({});
        Expect(")");
        return node;
      }
      case '/':
        return ParseRegexp(offset, '/');
      case '%':
        return ParsePercent(offset);
      case '$':
        return ParseGlobal(offset);
      case ':':
        return ParseSymbol(offset);
      default:
        break;
    }
    if (lex_.AtNumber()) return Constant(lex_.TakeNumber(), offset);
    const std::string name = lex_.TakeIdentifier();
    if (name.empty()) Unexpected();
    return ParseName(name, offset);
  }

  NodePtr ParseDoubleQuoted(size_t offset) {
    lex_.Take("\"");
    return ParseTextParts(offset, NodeKind::kText, '"', '"');
  }

  // Text with "#{}" up to `close`; `open` nests.
  NodePtr ParseTextParts(size_t offset, NodeKind kind, char open, char close) {
    auto node = Make(kind, offset);
    int nesting = 0;
    while (true) {
      auto part = lex_.TakeTextPart(open, close, kind == NodeKind::kRegexp, &nesting);
      if (!part.text.empty()) node->children.push_back(Constant(std::move(part.text), offset));
      if (part.closed) break;
      node->children.push_back(ParseStatements({}));
      lex_.SkipLines();
      if (!lex_.TakeRaw('}')) Unexpected();
    }
    const bool plain = node->children.size() == 1 &&
                       node->children[0]->kind == NodeKind::kConstant && kind == NodeKind::kText;
    if (plain) return std::move(node->children[0]);
    if (kind == NodeKind::kText && node->children.empty()) return Constant("", offset);
    return node;
  }

  NodePtr ParseRegexp(size_t offset, char close) {
    const char open = lex_.Peek();
    lex_.Seek(lex_.offset() + 1);
    NodePtr node = ParseTextParts(offset, NodeKind::kRegexp, open, close);
    node->name = lex_.TakeRegexpOptions();
    const bool plain = node->children.empty() || (node->children.size() == 1 &&
                                                  node->children[0]->kind == NodeKind::kConstant);
    if (!plain) return node;
    const std::string source = node->children.empty() ? "" : node->children[0]->value.text();
    auto compiled = RubyRegexp::Compile(source, node->name);
    if (!compiled) throw SyntaxError{compiled.error().message, offset};
    return Constant(Value(std::move(*compiled)), offset);
  }

  // %w[a b], %q(..), %Q(..), %(..), %r{..}
  NodePtr ParsePercent(size_t offset) {
    const std::string kind = lex_.TakePercentKind();
    const char open = lex_.Peek();
    const char close = Lexer::ClosingOf(open);
    if (kind == "r") return ParseRegexp(offset, close);
    lex_.Seek(lex_.offset() + 1);
    if (kind == "" || kind == "Q") return ParseTextParts(offset, NodeKind::kText, open, close);
    const std::string text = lex_.TakeRawUntil(open, close);
    if (kind == "q") return Constant(text, offset);
    Array words;
    size_t begin = 0;
    while ((begin = text.find_first_not_of(" \t\r\n", begin)) != std::string::npos) {
      const size_t end = std::min(text.find_first_of(" \t\r\n", begin), text.size());
      const std::string word = text.substr(begin, end - begin);
      words.push_back(kind == "i" ? Value(Symbol{word}) : Value(word));
      begin = end;
    }
    auto array = Make(NodeKind::kArray, offset);
    for (auto& word : words) array->children.push_back(Constant(std::move(word), offset));
    return array;
  }

  NodePtr ParseGlobal(size_t offset) {
    const char digit = lex_.PeekAt(1);
    if (digit < '1' || digit > '9') {
      throw SyntaxError{"global variables other than $1 to $9 are not supported", offset};
    }
    lex_.Seek(offset + 2);
    auto node = Make(NodeKind::kGroup, offset);
    node->slot = static_cast<uint32_t>(digit - '0');
    return node;
  }

  NodePtr ParseSymbol(size_t offset) {
    lex_.Take(":");
    if (lex_.Peek() == '"' || lex_.Peek() == '\'') {
      NodePtr text = ParsePrimary();
      if (text->kind != NodeKind::kConstant) {
        throw SyntaxError{"a symbol with #{} is not supported", offset};
      }
      return Constant(Symbol{text->value.text()}, offset);
    }
    std::string name = lex_.TakeIdentifier();
    for (const auto& level : kLevels) {  // :+
      if (name.empty()) name = lex_.TakeOperator(level.operators);
    }
    if (name.empty()) Unexpected();
    return Constant(Symbol{std::move(name)}, offset);
  }

  NodePtr ParseArray(size_t offset) {
    lex_.Take("[");
    auto node = Make(NodeKind::kArray, offset);
    ParseArguments("]", node.get());
    return node;
  }

  NodePtr ParseHash(size_t offset) {
    lex_.Take("{");
    auto node = Make(NodeKind::kHash, offset);
    while (true) {
      lex_.SkipLines();
      if (lex_.Take("}")) return node;
      if (NodePtr key = TakeLabel()) {
        node->children.push_back(std::move(key));
      } else {
        node->children.push_back(ParseTernary());
        Expect("=>");
      }
      node->children.push_back(ParseExpression());
      lex_.SkipLines();
      if (lex_.Take(",")) continue;
      Expect("}");
      return node;
    }
  }

  NodePtr ParseName(const std::string& name, size_t offset) {
    if (name == "nil") return Constant(Value(), offset);
    if (name == "true") return Constant(true, offset);
    if (name == "false") return Constant(false, offset);
    if (name == "if" || name == "unless") return ParseIf(name == "unless", offset);
    if (name == "case") return ParseCase(offset);
    if (name == "use_nil") return Make(NodeKind::kUseNil, offset);
    if (name == "use_default") return Make(NodeKind::kUseDefault, offset);
    if (name == "not" && lex_.TakeAttached("(")) {
      auto negated = Make(NodeKind::kNot, offset);
      negated->children.push_back(ParseStatements({}));
      Expect(")");
      return negated;
    }
    if (lex_.IsKeyword(name)) throw SyntaxError{"'" + name + "' is not supported", offset};
    if (NodePtr variable = FindVariable(name, offset)) return variable;
    if (name[0] == '@') throw SyntaxError{"'" + name + "' has no value here", offset};
    if (IsUpper(name[0])) return ParseConstant(name, offset);
    if (!IsKernelFunction(name)) {
      throw SyntaxError{"'" + name + "' is not a known variable or function", offset};
    }
    return ParseKernelCall(name, offset);
  }

  NodePtr ParseConstant(const std::string& name, size_t offset) {
    if (lex_.PeekAttached('(') && IsKernelFunction(name)) return ParseKernelCall(name, offset);
    auto node = Make(NodeKind::kModule, offset);
    node->name = name;
    if (!lex_.PeekScope()) CheckModule(*node);
    return node;
  }

  static void CheckModule(const Node& node) {
    if (!IsKnownModule(node.name)) {
      throw SyntaxError{"'" + node.name + "' is not supported", node.offset};
    }
  }

  // Kernel functions may be called without parentheses: raise 'text', require 'json'.
  NodePtr ParseKernelCall(const std::string& name, size_t offset) {
    NodePtr node = Call(name, offset, nullptr);
    if (lex_.TakeAttached("(")) {
      ParseArguments(")", node.get());
    } else if (lex_.AtCommandArgument()) {
      do {
        node->children.push_back(ParseTernary());
      } while (lex_.Take(","));
    }
    return node;
  }

  NodePtr ParseIf(bool unless, size_t offset) {
    NodePtr condition = ParseNot();
    lex_.TakeWord("then");
    NodePtr yes = ParseStatements({"elsif", "else", "end"});
    NodePtr no;
    const size_t next = lex_.offset();
    if (lex_.TakeWord("elsif")) {
      no = ParseIf(false, next);
    } else {
      if (lex_.TakeWord("else")) no = ParseStatements({"end"});
      if (!lex_.TakeWord("end")) Expect("end");
    }
    if (unless) std::swap(yes, no);
    return Conditional(offset, std::move(condition), std::move(yes), std::move(no));
  }

  NodePtr ParseCase(size_t offset) {
    auto node = Make(NodeKind::kCase, offset);
    NodePtr subject;
    if (!lex_.AtStatementEnd()) subject = ParseNot();
    node->children.push_back(std::move(subject));
    lex_.SkipStatementEnds();
    while (lex_.TakeWord("when")) {
      auto& patterns = node->groups.emplace_back();
      do {
        patterns.push_back(ParseTernary());
      } while (lex_.Take(","));
      lex_.SkipStatementEnds();
      lex_.TakeWord("then");
      node->children.push_back(ParseStatements({"when", "else", "end"}));
    }
    NodePtr otherwise;
    if (lex_.TakeWord("else")) otherwise = ParseStatements({"end"});
    node->children.push_back(std::move(otherwise));
    if (!lex_.TakeWord("end")) Expect("end");
    return node;
  }

  static bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

  Lexer lex_;
  int depth_ = 0;
};

}  // namespace

Parsed Parse(std::string_view source, const std::vector<std::string>& variables, bool embedded) {
  return Parser(source, variables).Run(embedded);
}

}  // namespace tailrace::config::ruby
