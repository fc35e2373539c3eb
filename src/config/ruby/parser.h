// SPDX-License-Identifier: Apache-2.0
#pragma once
// Source -> syntax tree. Internal to config/ruby/.

#include <string>
#include <string_view>
#include <vector>

#include "config/ruby/ast.h"

namespace tailrace::config::ruby {

// Thrown by the parser, caught in Program::Compile.
struct SyntaxError {
  std::string message;
  size_t offset = 0;
};

struct Parsed {
  NodePtr root;
  uint32_t locals = 0;  // how many slots local variables need
  size_t end = 0;       // offset behind what was parsed
  std::vector<bool> used_variables;
};

// `embedded`: the source ends before the "}" that closes it, else at its end.
Parsed Parse(std::string_view source, const std::vector<std::string>& variables, bool embedded);

}  // namespace tailrace::config::ruby
