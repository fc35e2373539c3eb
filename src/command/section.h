// SPDX-License-Identifier: Apache-2.0
#pragma once
// Finding the one section that a command tries out.

#include <string_view>

#include "config/element.h"

namespace tailrace::command {

// The first section of this name, at the top or as deep as need be; null if there is none.
inline const config::Element* FindSection(const config::Element& element, std::string_view name) {
  for (const config::Element& child : element.elements) {
    if (child.name == name) return &child;
  }
  for (const config::Element& child : element.elements) {
    if (const config::Element* found = FindSection(child, name)) return found;
  }
  return nullptr;
}

}  // namespace tailrace::command
