// SPDX-License-Identifier: Apache-2.0
#include "runtime/plugin_notes.h"

#include <algorithm>
#include <array>

#include "event/json.h"
#include "tailrace/params.h"

namespace tailrace::runtime {
namespace {

// In the order of PluginKind; empty for what is not noted.
constexpr std::array<std::string_view, 5> kCategories = {"input", "", "filter", "", "output"};

std::string_view CategoryOf(PluginKind kind) { return kCategories[static_cast<size_t>(kind)]; }

bool IsSecret(const params::Spec& spec, std::string_view key) {
  return std::any_of(spec.params.begin(), spec.params.end(), [key](const params::ParamSpec& param) {
    if (!param.options.secret && !param.type.secret) return false;
    const auto& aliases = param.options.aliases;
    return param.name == key || std::find(aliases.begin(), aliases.end(), key) != aliases.end();
  });
}

// The parameters as written, as a JSON object.
std::string ConfigJson(const config::Element& section, const params::Spec& spec) {
  ByteBuffer out;
  out.Append('{');
  for (const config::Attribute& attribute : section.attrs) {
    if (out.size() > 1) out.Append(',');
    json::AppendString(attribute.key, out);
    out.Append(':');
    if (attribute.kind == config::ValueKind::kNil) {
      out.Append("null");
    } else {
      json::AppendString(IsSecret(spec, attribute.key) ? "xxxxxx" : attribute.text, out);
    }
  }
  out.Append('}');
  return std::string(out.view());
}

}  // namespace

void PluginNotes::Enter(PluginKind kind, const PluginEntry& entry, const config::Element& section,
                        const std::string& id, std::string_view label) {
  if (CategoryOf(kind).empty()) return;
  observe::PluginInfo info;
  info.id = id;
  info.category = CategoryOf(kind);
  info.type = section.Type();
  info.label = label;
  if (section.name == "match" || section.name == "filter") {
    info.pattern = section.arg.empty() ? "**" : section.arg;
  }
  if (!making_.empty()) {
    info.parent = plugins_[making_.back()].id;
  } else if (section.name == "secondary" && !plugins_.empty()) {
    info.parent = plugins_.back().id;  // made right after its output
  }
  info.buffered = entry.buffered;
  if (const std::string target(section.Text("@label")); !target.empty()) {
    info.targets.push_back(target);
  }
  info.config_json = ConfigJson(section, entry.spec());
  making_.push_back(plugins_.size());
  plugins_.push_back(std::move(info));
}

void PluginNotes::Leave(PluginKind kind) {
  if (!CategoryOf(kind).empty()) making_.pop_back();
}

void PluginNotes::Target(const std::string& label) {
  if (making_.empty()) return;
  auto& targets = plugins_[making_.back()].targets;
  if (std::find(targets.begin(), targets.end(), label) == targets.end()) targets.push_back(label);
}

}  // namespace tailrace::runtime
