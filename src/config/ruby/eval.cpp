// SPDX-License-Identifier: Apache-2.0
// Walks the tree.
#include <utility>

#include "config/ruby/methods.h"
#include "config/ruby/regexp.h"
#include "config/ruby/time.h"

namespace tailrace::config::ruby {

TimeValue Frame::Now() const { return host_.now ? host_.now() : ClockTime(); }

bool Frame::Eval(const Node& node, Value* out) {
  switch (node.kind) {
    case NodeKind::kConstant:
      *out = node.value;
      return true;
    case NodeKind::kVariable:
      *out = variables_[node.slot];
      return true;
    case NodeKind::kLocal:
      *out = locals_[node.slot];
      return true;
    case NodeKind::kModule:
      *out = Module{node.name};
      return true;
    case NodeKind::kRegexp:
      return EvalRegexp(node, out);
    case NodeKind::kArray:
      return EvalArray(node, out);
    case NodeKind::kHash:
      return EvalHash(node, out);
    case NodeKind::kRange:
      return EvalRange(node, out);
    case NodeKind::kCall:
      return EvalCall(node, out);
    case NodeKind::kAssignIndex:
      return EvalAssignIndex(node, out);
    case NodeKind::kCase:
      return EvalCase(node, out);
    case NodeKind::kSequence:
      return EvalSequence(node, out);
    case NodeKind::kRescue:
      return EvalRescue(node, out);
    case NodeKind::kUseNil:
      outcome_ = Outcome::kNil;
      return false;
    case NodeKind::kUseDefault:
      outcome_ = Outcome::kDefault;
      return false;
    case NodeKind::kText: {
      std::string text;
      if (!EvalText(node, &text)) return false;
      *out = std::move(text);
      return true;
    }
    case NodeKind::kAssign:
      if (!Eval(*node.children[0], out)) return false;
      locals_[node.slot] = *out;
      return true;
    case NodeKind::kAnd:
      return Eval(*node.children[0], out) && (!out->Truthy() || Eval(*node.children[1], out));
    case NodeKind::kOr:
      return Eval(*node.children[0], out) && (out->Truthy() || Eval(*node.children[1], out));
    case NodeKind::kNot:
      if (!Eval(*node.children[0], out)) return false;
      *out = !out->Truthy();
      return true;
    case NodeKind::kIf: {
      if (!Eval(*node.children[0], out)) return false;
      const NodePtr& branch = node.children[out->Truthy() ? 1 : 2];
      *out = Value();
      return !branch || Eval(*branch, out);
    }
    case NodeKind::kGroup: {
      const auto text = match_ ? match_->Group(node.slot) : std::nullopt;
      *out = text ? Value(*text) : Value();
      return true;
    }
  }
  return Raise("an unknown construct");
}

bool Frame::EvalText(const Node& node, std::string* out) {
  for (const auto& part : node.children) {
    Value value;
    if (!Eval(*part, &value)) return false;
    *out += ToText(value);
    if (out->size() > kMaxText) return Raise("the text grows too long");
  }
  return true;
}

bool Frame::EvalRegexp(const Node& node, Value* out) {
  std::string source;
  for (const auto& part : node.children) {
    Value value;
    if (!Eval(*part, &value)) return false;
    source += ToText(value);
  }
  auto compiled = RubyRegexp::Compile(source, node.name);
  if (!compiled) return Raise(compiled.error().message);
  *out = Value(std::move(*compiled));
  return true;
}

bool Frame::EvalArray(const Node& node, Value* out) {
  Array items(node.children.size());
  for (size_t i = 0; i < items.size(); ++i) {
    if (!Eval(*node.children[i], &items[i])) return false;
  }
  *out = Value::MakeArray(std::move(items));
  return true;
}

bool Frame::EvalHash(const Node& node, Value* out) {
  Value hash = Value::MakeHash();
  for (size_t i = 0; i + 1 < node.children.size(); i += 2) {
    Value key;
    Value value;
    if (!Eval(*node.children[i], &key) || !Eval(*node.children[i + 1], &value)) return false;
    hash.hash().Set(std::move(key), std::move(value));
  }
  *out = std::move(hash);
  return true;
}

bool Frame::EvalRange(const Node& node, Value* out) {
  RangeValue range;
  range.exclusive = node.flag;
  Value first;
  Value last;
  if (!Eval(*node.children[0], &first)) return false;
  if (node.children[1] && !Eval(*node.children[1], &last)) return false;
  if (!first.Is<int64_t>() || (!last.IsNil() && !last.Is<int64_t>())) {
    return Raise("only ranges of integers are supported");
  }
  range.first = first.Get<int64_t>();
  if (last.IsNil()) {
    range.exclusive = false;
  } else {
    range.last = last.Get<int64_t>();
  }
  *out = range;
  return true;
}

bool Frame::EvalCall(const Node& node, Value* out) {
  Value self;
  const bool kernel = !node.children[0];
  if (!kernel && !Eval(*node.children[0], &self)) return false;
  if (node.flag && self.IsNil()) {
    *out = Value();
    return true;
  }
  std::vector<Value> args(node.children.size() - 1);
  for (size_t i = 0; i < args.size(); ++i) {
    if (!Eval(*node.children[i + 1], &args[i])) return false;
  }
  *out = Value();
  const Call call{*this, node.name, self, args, node.block.get(), out};
  if (!kernel) return Dispatch(call);
  for (const auto& entry : KernelFunctions()) {
    if (entry.name == node.name) return entry.method(call);
  }
  return Raise("undefined function '" + node.name + "'");
}

bool Frame::EvalAssignIndex(const Node& node, Value* out) {
  Value self;
  Value index;
  if (!Eval(*node.children[0], &self) || !Eval(*node.children[1], &index) ||
      !Eval(*node.children[2], out)) {
    return false;
  }
  if (self.IsHash()) {
    self.hash().Set(std::move(index), *out);
    return true;
  }
  if (!self.IsArray() || !index.Is<int64_t>()) {
    return Raise("cannot assign an element of " + std::string(self.ClassName()));
  }
  auto& items = self.array();
  int64_t at = index.Get<int64_t>();
  if (at < 0) at += std::ssize(items);
  if (at < 0 || at >= static_cast<int64_t>(kMaxItems)) return Raise("the index is out of range");
  if (at >= std::ssize(items)) items.resize(static_cast<size_t>(at) + 1);
  items[static_cast<size_t>(at)] = *out;
  return true;
}

bool Frame::EvalCase(const Node& node, Value* out) {
  Value subject;
  if (node.children[0] && !Eval(*node.children[0], &subject)) return false;
  for (size_t i = 0; i < node.groups.size(); ++i) {
    for (const auto& pattern : node.groups[i]) {
      Value value;
      if (!Eval(*pattern, &value)) return false;
      const bool matches = node.children[0] ? CaseEquals(*this, value, subject) : value.Truthy();
      if (matches) return Eval(*node.children[i + 1], out);
    }
  }
  *out = Value();
  return !node.children.back() || Eval(*node.children.back(), out);
}

bool Frame::EvalSequence(const Node& node, Value* out) {
  *out = Value();
  for (const auto& statement : node.children) {
    if (!Eval(*statement, out)) return false;
  }
  return true;
}

bool Frame::EvalRescue(const Node& node, Value* out) {
  if (Eval(*node.children[0], out)) return true;
  if (outcome_ != Outcome::kRaised) return false;
  outcome_ = Outcome::kValue;
  error_.clear();
  return Eval(*node.children[1], out);
}

bool Frame::CallBlock(const Block& block, std::span<const Value> values, Value* out) {
  if (!block.body) {  // &:method
    if (values.empty()) return Raise("a block without an argument");
    const Call call{*this, block.method, values[0], values.subspan(1), nullptr, out};
    return Dispatch(call);
  }
  // One array for several parameters is taken apart.
  const Array* parts = nullptr;
  if (values.size() == 1 && block.params.size() > 1 && values[0].IsArray()) {
    parts = &values[0].array();
  }
  for (size_t i = 0; i < block.params.size(); ++i) {
    Value& local = locals_[block.params[i]];
    if (parts != nullptr) {
      local = i < parts->size() ? (*parts)[i] : Value();
    } else {
      local = i < values.size() ? values[i] : Value();
    }
  }
  return Eval(*block.body, out);
}

}  // namespace tailrace::config::ruby
