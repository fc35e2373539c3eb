// SPDX-License-Identifier: Apache-2.0
#pragma once
// What an unquoted YAML scalar is.

#include <string>

#include "config/value.h"

namespace tailrace::config {

// As Ruby's Psych decides it (YAML 1.1): yes and off are booleans, 0x1f and 1_000 integers, ~ and
// an empty text nil, :name a symbol. Times and dates stay text.
Value YamlScalar(const std::string& text);

}  // namespace tailrace::config
