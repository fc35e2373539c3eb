// SPDX-License-Identifier: Apache-2.0
#pragma once
// The syntax tree of an expression. Internal to config/ruby/.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/value.h"

namespace tailrace::config::ruby {

struct Node;
using NodePtr = std::unique_ptr<Node>;

enum class NodeKind : uint8_t {
  kConstant,     // value
  kText,         // children joined as text ("a#{b}c")
  kRegexp,       // children joined, compiled when run; `name` has the options
  kArray,        // children
  kHash,         // children: key, value, key, value ...
  kRange,        // children: first, last (either may be nil); `flag`: without the last
  kVariable,     // slot: a variable of the environment
  kLocal,        // slot: a local variable or block parameter
  kAssign,       // slot, children: value
  kAssignIndex,  // children: receiver, index, value
  kModule,       // name: ENV, File, Time ...
  kCall,         // name, children: receiver (may be null) and arguments; block; `flag`: &.
  kAnd,
  kOr,
  kNot,
  kIf,        // children: condition, then, else (may be null)
  kCase,      // children: subject (may be null), then groups; see `groups`
  kRescue,    // children: body, what it gives if that raises
  kSequence,  // children
  kGroup,     // slot: $1 .. $9
  kUseNil,
  kUseDefault,
};

struct Block {
  std::vector<uint32_t> params;  // local slots
  NodePtr body;
  std::string method;  // &:method: no body
};

struct Node {
  NodeKind kind = NodeKind::kConstant;
  bool flag = false;
  uint32_t slot = 0;
  size_t offset = 0;  // in the source
  Value value;
  std::string name;
  std::vector<NodePtr> children;
  std::unique_ptr<Block> block;
  // kCase: the patterns of each `when`; children hold the subject, the bodies and the else.
  std::vector<std::vector<NodePtr>> groups;
};

}  // namespace tailrace::config::ruby
