// SPDX-License-Identifier: Apache-2.0
#pragma once
// Operators and how tightly they bind. Internal to config/ruby/.

#include <array>
#include <string_view>

namespace tailrace::config::ruby {

// Binary operators that are methods, from the loosest to the tightest.
struct OperatorLevel {
  std::array<std::string_view, 6> operators;
};
inline constexpr std::array<OperatorLevel, 7> kLevels = {{{{"<=>", "===", "==", "=~", "!=", "!~"}},
                                                          {{"<=", ">=", "<", ">"}},
                                                          {{"|", "^"}},
                                                          {{"&"}},
                                                          {{"<<", ">>"}},
                                                          {{"+", "-"}},
                                                          {{"*", "/", "%"}}}};

}  // namespace tailrace::config::ruby
