// SPDX-License-Identifier: Apache-2.0
#pragma once
// The part of Ruby that configurations use, compiled once and run as often as needed: "#{...}" in a
// configuration file, ${...} of record_transformer and record_modifier.
//
// Understood: literals (numbers, text with "#{}", symbols, arrays, hashes, regular expressions,
// ranges), local variables, operators, ternary, if/unless/case, && || and or not, rescue as a
// modifier, safe navigation, method chains with blocks of one expression, $1, and the usual methods
// of String, Integer, Float, Array, Hash, Time, MatchData, ENV, File, Dir, Socket, JSON, Digest,
// Base64, SecureRandom and IPAddr (docs/ruby.md lists them). Whatever else is met is refused when
// compiled, with its place and name. Nothing runs commands or changes files.
//
// A Program belongs to one thread (its regular expressions keep scratch space).

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/value.h"

namespace tailrace::config::ruby {

struct CompileError {
  std::string message;  // names the construct: "the method 'system' is not supported"
  size_t offset = 0;    // in the source
  uint32_t line = 1;    // within the source, from 1
  uint32_t column = 1;
};

// What an expression can reach of the world.
struct Host {
  std::string hostname;
  // Unset: the environment of the process.
  std::optional<std::map<std::string, std::string>> environment;
  std::function<TimeValue()> now;  // unset: the clock
};

enum class Outcome : uint8_t {
  kValue,
  kNil,      // use_nil was reached
  kDefault,  // use_default was reached
  kRaised,   // Ruby would have raised an exception
};

struct Node;

class Program {
 public:
  // `variables` are the names of what Run() will be given, in order ("record", "tag" ...).
  static tl::expected<Program, CompileError> Compile(std::string_view source,
                                                     const std::vector<std::string>& variables);
  // An expression at the beginning of `rest` that ends before the brace that closes it. Sets
  // `length` to its bytes.
  static tl::expected<Program, CompileError> CompileEmbedded(
      std::string_view rest, const std::vector<std::string>& variables, size_t* length);

  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  // Runs with these values for the variables. Arrays and hashes among them may be changed by the
  // expression. On kRaised `error` says what was wrong.
  Outcome Run(std::span<const Value> variables, const Host& host, Value* result,
              std::string* error) const;

  // True if the expression mentions the variable of this index.
  bool Uses(size_t variable) const;

 private:
  struct Code;
  explicit Program(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace tailrace::config::ruby
