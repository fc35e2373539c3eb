// SPDX-License-Identifier: Apache-2.0
#pragma once
// The methods that expressions may call. Internal to config/ruby/.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/ruby/ast.h"
#include "config/ruby/program.h"

namespace tailrace::config::ruby {

// Names, for refusing the others when compiling.
bool IsKnownMethod(std::string_view name);     // of any object
bool IsKernelFunction(std::string_view name);  // called without a receiver
bool IsKnownModule(std::string_view name);

class Frame;

// One call under way.
struct Call {
  Frame& frame;
  std::string_view method;
  const Value& self;
  std::span<const Value> args;
  const Block* block;
  Value* out;

  bool Raise(std::string message) const;
  // Raises and returns false if the number of arguments is out of bounds.
  bool Needs(size_t min, size_t max) const;
  bool Give(Value value) const {
    *out = std::move(value);
    return true;
  }
  // Text of an argument; raises where it is no string.
  bool TextArg(size_t index, std::string_view* text) const;
  bool IntegerArg(size_t index, int64_t* value) const;
  int64_t IntegerOr(size_t index, int64_t otherwise) const;
  // Runs the block with these arguments. Raises where there is no block.
  bool Yield(std::span<const Value> values, Value* result) const;
  bool Yield(const Value& value, Value* result) const { return Yield({&value, 1}, result); }
};

// A method returns false after Raise().
using Method = bool (*)(const Call& call);
struct Entry {
  std::string_view name;
  Method method;
};

// The tables, one per class. Sorted by name is not required.
std::span<const Entry> StringMethods();
std::span<const Entry> PatternMethods();  // of strings too: those that use regular expressions
std::span<const Entry> NumberMethods();
std::span<const Entry> ArrayMethods();
std::span<const Entry> OrderMethods();  // of arrays, ranges and hashes: sort, sum ...
std::span<const Entry> HashMethods();
std::span<const Entry> TimeMethods();
std::span<const Entry> MatchMethods();
std::span<const Entry> ObjectMethods();  // of everything
std::span<const Entry> ModuleMethods();  // "File.join"
std::span<const Entry> KernelFunctions();

// Runs `call` with the table that fits call.self.
bool Dispatch(const Call& call);

// Everything that an expression's run needs.
class Frame {
 public:
  Frame(std::span<const Value> variables, uint32_t locals, const Host& host)
      : variables_(variables), locals_(locals), host_(host) {}

  bool Eval(const Node& node, Value* out);
  bool CallBlock(const Block& block, std::span<const Value> values, Value* out);
  bool Raise(std::string message) {
    error_ = std::move(message);
    outcome_ = Outcome::kRaised;
    return false;
  }
  Outcome outcome() const { return outcome_; }
  std::string& error() { return error_; }
  const Host& host() const { return host_; }
  TimeValue Now() const;
  void set_match(Value::MatchPtr match) { match_ = std::move(match); }

 private:
  bool EvalText(const Node& node, std::string* out);
  bool EvalRegexp(const Node& node, Value* out);
  bool EvalArray(const Node& node, Value* out);
  bool EvalHash(const Node& node, Value* out);
  bool EvalRange(const Node& node, Value* out);
  bool EvalCall(const Node& node, Value* out);
  bool EvalAssignIndex(const Node& node, Value* out);
  bool EvalCase(const Node& node, Value* out);
  bool EvalSequence(const Node& node, Value* out);
  bool EvalRescue(const Node& node, Value* out);

  std::span<const Value> variables_;
  std::vector<Value> locals_;
  const Host& host_;
  Value::MatchPtr match_;
  Outcome outcome_ = Outcome::kValue;
  std::string error_;
};

// Helpers that several tables share.
// The items that an enumeration goes over: a hash gives pairs.
bool Items(const Call& call, Array* items);
bool Compare(const Call& call, const Value& a, const Value& b, int* order);  // <=>, raises
bool CaseEquals(Frame& frame, const Value& pattern, const Value& value);     // ===
bool Search(Frame& frame, const Value& pattern, std::string_view text, size_t from,
            Value::MatchPtr* match);  // null match where there is none
bool IsBlankText(char c);
bool SubstringCall(const Call& call);  // text[...] with numbers, ranges and strings

// Texts that an expression may build at most, so that "a" * 10**9 does no harm.
inline constexpr size_t kMaxText = 16u << 20;
inline constexpr size_t kMaxItems = 1u << 20;

}  // namespace tailrace::config::ruby
