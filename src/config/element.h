// SPDX-License-Identifier: Apache-2.0
#pragma once
// The element tree: what a configuration file says after @include and embedded Ruby, before any
// plugin gives it meaning. Every part knows where it was written, so that whoever refuses it later
// can point at the place.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::config {

// One file as it was read. `name` is how problems call it (the path as given, or relative to the
// main file for an included one); `text` is kept to show the line that a problem is about.
struct SourceFile {
  std::string name;
  std::string text;
};

// A place in a file. Lines and columns count from 1, columns in bytes; line 0 means "no place".
struct Location {
  std::shared_ptr<const SourceFile> file;
  uint32_t line = 0;
  uint32_t column = 0;
};

enum class ValueKind : uint8_t {
  kText,     // `text` is the value
  kNil,      // "#{use_nil}", or null in YAML
  kDefault,  // "#{use_default}": as if the parameter were not written
  kTyped,    // a YAML number, boolean or list; `text` is its JSON
};

// One parameter of an element.
struct Attribute {
  std::string key;
  std::string text;
  ValueKind kind = ValueKind::kText;
  bool quoted = false;  // was written in single or double quotes
  Location key_location{};
  Location value_location{};
};

// A section with its parameters (in order of first appearance; a repeated key keeps its first
// place and its last value) and its sections in file order. The root is named ROOT.
// A plain value: copies are deep and independent.
struct Element {
  std::string name;
  std::string arg;
  std::vector<Attribute> attrs{};
  std::vector<Element> elements{};
  Location location{};      // of the opening "<"
  Location arg_location{};  // of the argument, when there is one

  // The parameter of this name, or null.
  const Attribute* Find(std::string_view key) const;
  // Its text; empty when it is absent, nil or default.
  std::string_view Text(std::string_view key) const;
  // The plugin type: `@type`, or `type` as configurations for old Fluentds have it.
  std::string_view Type() const;
  // Adds a parameter, or replaces the value of the one with the same key. Returns true if it was
  // replaced.
  bool Set(Attribute attribute);
  // The sections of this name, in order. Valid as long as this element is unchanged.
  std::vector<const Element*> Sections(std::string_view section) const;
  // How messages call this section: "<match a.**>".
  std::string Head() const;
};

}  // namespace tailrace::config
