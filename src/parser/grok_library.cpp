// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "parser/grok.h"

namespace tailrace::parser {
namespace {

// Each file is one raw string literal, so that the library is part of the program.
constexpr std::string_view kLegacy[] = {
#include "../../parsers/grok/legacy/base.grok"
    ,
#include "../../parsers/grok/legacy/services.grok"
};
constexpr std::string_view kEcs[] = {
#include "../../parsers/grok/legacy/base.grok"
    ,
#include "../../parsers/grok/ecs-v1/services.grok"
};

bool NameCharacter(char c) {
  // [A-z0-9], as the plugin has it: with the six characters between Z and a.
  return (c >= 'A' && c <= 'z') || (c >= '0' && c <= '9');
}
bool FieldCharacter(char c) {
  return NameCharacter(c) || c == '@' || c == ':' || c == '.' || c == '-';
}

bool IsType(std::string_view type) {
  return type == "string" || type == "bool" || type == "integer" || type == "float" ||
         type == "time" || (type.starts_with("time:") && type.size() > 5) || type == "array" ||
         (type.starts_with("array:") && type.size() <= 7);
}

// %{name}, %{name:field}, %{name:field:type}.
struct Reference {
  std::string_view name;
  std::string_view field;
  std::string_view type;
  size_t begin = 0;
  size_t end = 0;
};

// The inside of %{...}; false if it is none.
bool ReadInside(std::string_view inside, Reference* out) {
  size_t name = 0;
  while (name < inside.size() && NameCharacter(inside[name])) ++name;
  if (name == 0) return false;
  out->name = inside.substr(0, name);
  out->field = out->type = {};
  if (name == inside.size()) return true;
  if (inside[name] != ':') return false;
  const std::string_view rest = inside.substr(name + 1);
  // The field is as short as can be so that a type may follow.
  for (size_t colon = rest.find(':', 1); colon != std::string_view::npos;
       colon = rest.find(':', colon + 1)) {
    if (!IsType(rest.substr(colon + 1))) continue;
    out->field = rest.substr(0, colon);
    out->type = rest.substr(colon + 1);
    return std::all_of(out->field.begin(), out->field.end(), FieldCharacter);
  }
  out->field = rest;
  return !rest.empty() && std::all_of(rest.begin(), rest.end(), FieldCharacter);
}

bool FindReference(std::string_view pattern, size_t from, Reference* out) {
  for (size_t at = pattern.find("%{", from); at != std::string_view::npos;
       at = pattern.find("%{", at + 2)) {
    const size_t close = pattern.find('}', at);
    if (close == std::string_view::npos) return false;
    if (!ReadInside(pattern.substr(at + 2, close - at - 2), out)) continue;
    out->begin = at;
    out->end = close + 1;
    return true;
  }
  return false;
}

// [source][address] is source.address.
std::string FieldName(std::string_view field) {
  if (!field.starts_with('[')) return std::string(field);
  std::string name;
  for (const char c : field) {
    if (c == ']') continue;
    if (c != '[') {
      name += c;
    } else if (!name.empty()) {
      name += '.';
    }
  }
  return name;
}

}  // namespace

GrokLibrary::GrokLibrary(GrokSeries series) {
  if (series == GrokSeries::kLegacy) {
    for (const std::string_view text : kLegacy) AddText(text);
  } else {
    for (const std::string_view text : kEcs) AddText(text);
  }
}

void GrokLibrary::AddText(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const size_t name = line.find_first_of(" \t");
    if (line.empty() || line[0] == '#' || name == std::string_view::npos) continue;
    const size_t pattern = line.find_first_not_of(" \t", name);
    if (pattern == std::string_view::npos) continue;
    patterns_[std::string(line.substr(0, name))] = std::string(line.substr(pattern));
  }
}

Status GrokLibrary::AddPath(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<fs::path> files;
  if (fs::is_directory(path, error)) {
    for (const auto& entry : fs::directory_iterator(path, error)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
  } else {
    files.emplace_back(path);
  }
  for (const fs::path& file : files) {
    std::ifstream in(file, std::ios::binary);
    if (!in) return Fail("cannot read the grok patterns of " + file.string());
    AddText(std::string(std::istreambuf_iterator<char>(in), {}));
  }
  return {};
}

Result<GrokLibrary::Expanded> GrokLibrary::Expand(std::string_view pattern) const {
  constexpr size_t kExpressionMax = 1 << 20;  // a pattern that contains itself never ends
  Expanded out;
  out.expression = std::string(pattern);
  Reference reference;
  size_t from = 0;
  while (FindReference(out.expression, from, &reference)) {
    const auto found = patterns_.find(std::string(reference.name));
    if (found == patterns_.end()) {
      return Fail("grok pattern not found: " + std::string(reference.name));
    }
    std::string replacement = "(?:" + found->second + ")";
    if (!reference.field.empty()) {
      const std::string field = FieldName(reference.field);
      auto known = std::find(out.fields.begin(), out.fields.end(), field);
      if (known == out.fields.end()) known = out.fields.insert(known, field);
      const auto number = static_cast<size_t>(known - out.fields.begin());
      replacement = "(?<g" + std::to_string(number) + ">" + found->second + ")";
      if (!reference.type.empty()) out.types.emplace_back(field, std::string(reference.type));
    }
    from = reference.begin;
    out.expression.replace(reference.begin, reference.end - reference.begin, replacement);
    if (out.expression.size() > kExpressionMax) {
      return Fail("grok pattern without end: " + std::string(pattern));
    }
  }
  return out;
}

}  // namespace tailrace::parser
