// SPDX-License-Identifier: Apache-2.0
#pragma once
// The element tree for people and programs.

#include <functional>
#include <string>
#include <string_view>

#include "config/element.h"

namespace tailrace::params {
struct Spec;
}

namespace tailrace::config {

// {"name","arg","attrs":{..},"elements":[..]}: compact JSON, attribute values as text; null for
// nil,
// {"$default":true} for default; YAML's numbers, booleans and lists as they are. Shows secrets.
std::string ToJson(const Element& element);

// The parameter table of a section, or null where it is not known. `parents` are the sections
// around it, outermost first.
using SpecFinder = std::function<const params::Spec*(const Element& section,
                                                     const std::vector<const Element*>& parents)>;

// The configuration in Fluentd's own form (<ROOT>...</ROOT>), secrets as xxxxxx: parameters that
// the table calls secret, and any whose name says so.
std::string ToMaskedText(const Element& root, const SpecFinder& spec_of);

}  // namespace tailrace::config
