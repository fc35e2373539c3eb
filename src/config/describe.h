// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a parameter table says, for people: `tailrace plugins NAME`, the reference pages, and the
// effective values of `tailrace config --effective`.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tailrace/params.h"

namespace tailrace::config {

struct ParamDescription {
  std::string name;
  std::string type;           // "size", "array of string", "enum"
  std::string default_value;  // "8 MiB (8388608 bytes)"; empty if there is none
  std::string default_json;   // the same as --effective shows it; "null" for nil
  std::string sentence;
  std::vector<std::string> values{};  // of an enum
  std::vector<std::string> aliases{};
  std::string bounds;  // "at least 1, at most 60"
  std::string deprecated;
  std::string unused;  // why it has no effect
  bool required = false;
  bool secret = false;
};

struct Description;
struct SectionDescription {
  std::string name;
  std::string sentence;
  std::string default_type;  // of a section that is a plugin of its own
  bool required = false;
  bool many = false;
  bool plugin = false;                        // its parameters are those of its @type
  std::shared_ptr<const Description> inside;  // null for plugins
};

struct Description {
  std::unique_ptr<ParamDescription> argument;
  std::vector<ParamDescription> params;
  std::vector<SectionDescription> sections;
  bool free_keys = false;
};

// Without hidden and obsoleted parameters.
Description Describe(const params::Spec& spec);
// Lines of text, indented by two blanks for each level.
std::string DescribeText(const params::Spec& spec);
// A Markdown table of the parameters, then one for each section under a heading of this level.
std::string DescribeMarkdown(const params::Spec& spec, int heading_level);

// All parameters of a loaded struct as one JSON object: sizes in bytes, times in seconds, secrets
// masked, sections as objects or arrays of objects. Raw sections are left to their plugins:
// `raw` (may be empty) gives their JSON.
using RawJson = std::function<std::string(const Element& section)>;
std::string EffectiveJson(const params::Spec& spec, const void* params, const RawJson& raw = {});

template <class P>
std::string EffectiveJson(const P& params, const RawJson& raw = {}) {
  return EffectiveJson(P::schema().spec(), &params, raw);
}

}  // namespace tailrace::config
