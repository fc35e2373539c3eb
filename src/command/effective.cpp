// SPDX-License-Identifier: Apache-2.0
#include "command/effective.h"

#include <optional>
#include <utility>

#include "buffer/params.h"
#include "command/event_json.h"
#include "config/describe.h"
#include "event/inject.h"
#include "plugins.h"
#include "tailrace/params.h"

namespace tailrace::command {
namespace {

std::optional<PluginKind> KindOf(std::string_view section) {
  if (section == "source") return PluginKind::kInput;
  if (section == "filter") return PluginKind::kFilter;
  if (section == "match" || section == "store" || section == "secondary") {
    return PluginKind::kOutput;
  }
  if (section == "parse" || section == "pattern") return PluginKind::kParser;
  if (section == "format") return PluginKind::kFormatter;
  return std::nullopt;
}

class Effective {
 public:
  Effective(const config::Element& root, runtime::BuildOptions options, config::Problems& problems)
      : builder_(root, std::move(options), problems) {
    static_cast<void>(builder_.Build(0));  // reports what is wrong, and knows each output's buffer
  }

  std::string Tree(const config::Element& element) {
    std::string out = "{\"name\":";
    AppendQuoted(element.name, out);
    out += ",\"arg\":";
    AppendQuoted(element.arg, out);
    out += ",\"attrs\":";
    const bool holds_sections =
        element.name == "ROOT" || element.name == "label" || element.name == "worker";
    out += holds_sections ? "{}" : Section(element);
    out += ",\"elements\":[";
    if (holds_sections) {
      for (const config::Element& child : element.elements) {
        if (out.back() != '[') out += ',';
        out += Tree(child);
      }
    }
    return out + "]}";
  }

 private:
  // The parameters of a section as a JSON object.
  std::string Section(const config::Element& section) {
    if (section.name == "inject") return config::EffectiveJson(Load<InjectParams>(section, load_));
    const auto kind = KindOf(section.name);
    if (!kind) return Written(section);
    const std::string_view named = section.Text("@type");
    const std::string_view type = !named.empty()              ? named
                                  : section.name == "pattern" ? section.Text("format")
                                                              : section.Type();
    const PluginEntry* entry = FindPlugin(*kind, type);
    if (entry == nullptr) return Written(section);
    const buffer::Flusher* flusher = builder_.FlusherOf(section);
    std::string buffer = "{}";
    if (flusher != nullptr) buffer = Buffer(section, flusher->output().buffer_defaults());
    config::Element whole = section;
    if (flusher != nullptr && whole.Sections("buffer").empty()) {
      whole.elements.emplace_back().name = "buffer";  // its defaults count all the same
    }
    const params::Spec& spec = entry->spec();
    const std::shared_ptr<void> params = spec.make();
    params::LoadInto(spec, whole, params.get(), load_);
    std::string out = Head(section, type);
    AppendMembers(config::EffectiveJson(spec, params.get(),
                                        [&](const config::Element& inner) {
                                          return inner.name == "buffer" ? buffer : Section(inner);
                                        }),
                  out);
    return out + "}";
  }

  std::string Head(const config::Element& section, std::string_view type) const {
    std::string out = "{\"@type\":";
    AppendQuoted(type, out);
    if (const std::string* id = builder_.KnownIdOf(section);
        id != nullptr && !section.Text("@id").empty()) {
      out += ",\"@id\":";
      AppendQuoted(*id, out);
    }
    for (const std::string_view reserved : {"@label", "@log_level"}) {
      if (section.Text(reserved).empty()) continue;
      out += ",\"" + std::string(reserved) + "\":";
      AppendQuoted(section.Text(reserved), out);
    }
    return out;
  }

  std::string Buffer(const config::Element& section,
                     const BufferedOutput::BufferDefaults& defaults) {
    const buffer::BufferParams params = buffer::LoadBuffer(section, defaults, load_);
    std::string out = "{\"@type\":";
    AppendQuoted(params.type, out);
    AppendMembers(config::EffectiveJson(params), out);
    return out + "}";
  }

  // Adds the members of a JSON object to one that is open.
  static void AppendMembers(std::string_view object, std::string& out) {
    if (object.size() > 2) out += ',' + std::string(object.substr(1, object.size() - 2));
  }

  // A section that no table describes, as it is written.
  static std::string Written(const config::Element& section) {
    std::string out = "{";
    for (const config::Attribute& attribute : section.attrs) {
      if (out.size() > 1) out += ',';
      AppendQuoted(attribute.key, out);
      out += ':';
      if (attribute.kind == config::ValueKind::kNil) {
        out += "null";
      } else {
        AppendQuoted(config::LooksSecret(attribute.key) ? "xxxxxx" : attribute.text, out);
      }
    }
    return out + "}";
  }

  runtime::Builder builder_;
  // What loading says here has been said by the builder.
  config::Problems repeated_;
  LoadContext load_{repeated_};
};

}  // namespace

std::string EffectiveConfig(const config::Element& root, runtime::BuildOptions options,
                            config::Problems& problems) {
  return Effective(root, std::move(options), problems).Tree(root);
}

}  // namespace tailrace::command
