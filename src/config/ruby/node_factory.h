// SPDX-License-Identifier: Apache-2.0
#pragma once
// Makes the nodes of a syntax tree and knows which names are variables where. Internal to
// config/ruby/.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "config/ruby/ast.h"
#include "config/ruby/parser.h"

namespace tailrace::config::ruby {

class NodeFactory {
 public:
  explicit NodeFactory(const std::vector<std::string>& variables)
      : variables_(variables), used_(variables.size()) {}

  NodePtr Make(NodeKind kind, size_t offset) {
    if (++node_count_ > kMaxNodes) throw SyntaxError{"the expression is too long", offset};
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->offset = offset;
    return node;
  }

  NodePtr Constant(Value value, size_t offset) {
    auto node = Make(NodeKind::kConstant, offset);
    node->value = std::move(value);
    return node;
  }

  NodePtr Pair(NodeKind kind, size_t offset, NodePtr left, NodePtr right) {
    auto node = Make(kind, offset);
    node->children.push_back(std::move(left));
    node->children.push_back(std::move(right));
    return node;
  }

  NodePtr Conditional(size_t offset, NodePtr condition, NodePtr yes, NodePtr no) {
    auto node = Pair(NodeKind::kIf, offset, std::move(condition), std::move(yes));
    node->children.push_back(std::move(no));
    return node;
  }

  NodePtr Call(std::string name, size_t offset, NodePtr receiver) {
    auto node = Make(NodeKind::kCall, offset);
    node->name = std::move(name);
    node->children.push_back(std::move(receiver));
    return node;
  }

  // A local variable or a variable of the environment; null if there is none of this name.
  NodePtr FindVariable(const std::string& name, size_t offset) {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      for (const auto& [known, slot] : *scope) {
        if (known != name) continue;
        auto node = Make(NodeKind::kLocal, offset);
        node->slot = slot;
        return node;
      }
    }
    const auto found = std::find(variables_.begin(), variables_.end(), name);
    if (found == variables_.end()) return nullptr;
    auto node = Make(NodeKind::kVariable, offset);
    node->slot = static_cast<uint32_t>(found - variables_.begin());
    used_[node->slot] = true;
    return node;
  }

  uint32_t Declare(const std::string& name) {
    for (const auto& scope : scopes_) {
      for (const auto& [known, slot] : scope) {
        if (known == name) return slot;
      }
    }
    return DeclareInScope(name);
  }

  uint32_t DeclareInScope(const std::string& name) {
    scopes_.back().emplace_back(name, local_count_);
    return local_count_++;
  }

  void OpenScope() { scopes_.emplace_back(); }
  void CloseScope() { scopes_.pop_back(); }
  uint32_t local_count() const { return local_count_; }
  std::vector<bool> TakeUsed() { return std::move(used_); }

 private:
  static constexpr size_t kMaxNodes = 3000;  // a long chain is a deep tree

  const std::vector<std::string>& variables_;
  std::vector<bool> used_;
  std::vector<std::vector<std::pair<std::string, uint32_t>>> scopes_{1};
  uint32_t local_count_ = 0;
  size_t node_count_ = 0;
};

}  // namespace tailrace::config::ruby
