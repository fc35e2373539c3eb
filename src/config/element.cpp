// SPDX-License-Identifier: Apache-2.0
#include "config/element.h"

#include <algorithm>
#include <utility>

namespace tailrace::config {

const Attribute* Element::Find(std::string_view key) const {
  for (const auto& attribute : attrs) {
    if (attribute.key == key) return &attribute;
  }
  return nullptr;
}

std::string_view Element::Text(std::string_view key) const {
  const Attribute* attribute = Find(key);
  if (attribute == nullptr || attribute->kind == ValueKind::kNil ||
      attribute->kind == ValueKind::kDefault) {
    return {};
  }
  return attribute->text;
}

std::string_view Element::Type() const {
  return Find("@type") != nullptr ? Text("@type") : Text("type");
}

bool Element::Set(Attribute attribute) {
  auto same = [&](const Attribute& other) { return other.key == attribute.key; };
  auto found = std::find_if(attrs.begin(), attrs.end(), same);
  if (found == attrs.end()) {
    attrs.push_back(std::move(attribute));
    return false;
  }
  *found = std::move(attribute);
  return true;
}

std::vector<const Element*> Element::Sections(std::string_view section) const {
  std::vector<const Element*> found;
  for (const auto& element : elements) {
    if (element.name == section) found.push_back(&element);
  }
  return found;
}

std::string Element::Head() const {
  return arg.empty() ? "<" + name + ">" : "<" + name + " " + arg + ">";
}

}  // namespace tailrace::config
