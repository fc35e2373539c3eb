// SPDX-License-Identifier: Apache-2.0
#include "config/tree_json.h"

#include <algorithm>

#include "config/problems.h"
#include "config/value.h"
#include "tailrace/params.h"

namespace tailrace::config {
namespace {

void AppendValue(const Attribute& attribute, std::string* out) {
  switch (attribute.kind) {
    case ValueKind::kText:
      AppendJsonText(attribute.text, out);
      break;
    case ValueKind::kNil:
      *out += "null";
      break;
    case ValueKind::kDefault:
      *out += "{\"$default\":true}";
      break;
    case ValueKind::kTyped:
      *out += attribute.text;
      break;
  }
}

void AppendTree(const Element& element, std::string* out) {
  *out += "{\"name\":";
  AppendJsonText(element.name, out);
  *out += ",\"arg\":";
  AppendJsonText(element.arg, out);
  *out += ",\"attrs\":{";
  for (size_t i = 0; i < element.attrs.size(); ++i) {
    if (i > 0) *out += ',';
    AppendJsonText(element.attrs[i].key, out);
    *out += ':';
    AppendValue(element.attrs[i], out);
  }
  *out += "},\"elements\":[";
  for (size_t i = 0; i < element.elements.size(); ++i) {
    if (i > 0) *out += ',';
    AppendTree(element.elements[i], out);
  }
  *out += "]}";
}

const params::ParamSpec* FindParam(const params::Spec* spec, std::string_view key) {
  if (spec == nullptr) return nullptr;
  for (const auto& param : spec->params) {
    const auto& aliases = param.options.aliases;
    if (param.name == key || std::find(aliases.begin(), aliases.end(), key) != aliases.end()) {
      return &param;
    }
  }
  return nullptr;
}

// As Fluentd quotes the values of parameters that it knows to be strings.
std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\'':
        out += "\\'";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        out.push_back(c);
    }
  }
  return out + "\"";
}

std::string ShownValue(const Attribute& attribute, const params::ParamSpec* param) {
  const bool secret = param != nullptr ? param->options.secret || param->type.secret : false;
  if (secret || LooksSecret(attribute.key)) return "xxxxxx";
  switch (attribute.kind) {
    case ValueKind::kNil:
      return "";
    case ValueKind::kDefault:
      return "default";
    case ValueKind::kTyped:
      return attribute.text;
    case ValueKind::kText:
      break;
  }
  return param != nullptr && param->type.name == "string" ? Quoted(attribute.text) : attribute.text;
}

// The known table of a section: its own, or the one that its parent's table has for it.
const params::Spec* ChildSpec(const params::Spec* parent, const Element& child) {
  if (parent == nullptr) return nullptr;
  for (const auto& section : parent->sections) {
    if (section.name == child.name && section.spec != nullptr) return &section.spec();
  }
  return nullptr;
}

void AppendMasked(const Element& element, const params::Spec* parent_spec,
                  const SpecFinder& spec_of, std::vector<const Element*>* parents,
                  std::string* out) {
  const std::string indent(2 * parents->size(), ' ');
  const params::Spec* spec = ChildSpec(parent_spec, element);
  if (spec == nullptr && spec_of) spec = spec_of(element, *parents);
  *out += indent + element.Head() + "\n";
  for (const auto& attribute : element.attrs) {
    *out += indent + "  " + attribute.key + " " +
            ShownValue(attribute, FindParam(spec, attribute.key)) + "\n";
  }
  parents->push_back(&element);
  for (const auto& child : element.elements) AppendMasked(child, spec, spec_of, parents, out);
  parents->pop_back();
  *out += indent + "</" + element.name + ">\n";
}

}  // namespace

std::string ToJson(const Element& element) {
  std::string out;
  AppendTree(element, &out);
  return out;
}

std::string ToMaskedText(const Element& root, const SpecFinder& spec_of) {
  std::string out;
  std::vector<const Element*> parents;
  AppendMasked(root, nullptr, spec_of, &parents, &out);
  return out;
}

}  // namespace tailrace::config
