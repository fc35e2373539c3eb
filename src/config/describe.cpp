// SPDX-License-Identifier: Apache-2.0
#include "config/describe.h"

#include "config/casts.h"
#include "config/element.h"
#include "config/problems.h"
#include "config/value.h"

namespace tailrace::config {
namespace {

using params::ParamSpec;
using params::SectionSpec;
using params::Spec;

std::string Bounds(const ParamOptions& options) {
  auto text = [](double bound) {
    const std::string number = FloatText(bound);
    return number.ends_with(".0") ? number.substr(0, number.size() - 2) : number;
  };
  std::string out;
  if (options.min) out = "at least " + text(*options.min);
  if (options.max) out += (out.empty() ? "" : ", ") + ("at most " + text(*options.max));
  return out;
}

const void* Member(const void* params, size_t offset) {
  return static_cast<const char*>(params) + offset;
}

std::string DefaultText(const ParamSpec& param, const std::string& json) {
  Value value;
  ParseJson(json, &value);
  if (value.IsNil() || param.options.required) return "";
  if (param.type.name == "size" && value.Is<int64_t>()) return SizeText(value.Get<int64_t>());
  if (param.type.name == "time") {
    return SecondsText(value.Is<double>() ? value.Get<double>()
                                          : static_cast<double>(value.Get<int64_t>()));
  }
  if (!value.IsText()) return json;
  return param.type.name == "string" ? json : value.text();
}

ParamDescription DescribeParam(const ParamSpec& param, const Spec& spec) {
  ParamDescription out;
  out.name = param.name;
  out.type = param.type.name;
  out.sentence = param.sentence;
  out.required = param.options.required;
  out.secret = param.options.secret || param.type.secret;
  out.deprecated = param.options.deprecated;
  out.unused = param.options.unused;
  out.bounds = Bounds(param.options);
  for (const auto& entry : param.type.names) out.values.emplace_back(entry.first);
  for (const auto alias : param.options.aliases) out.aliases.emplace_back(alias);
  param.type.encode(Member(spec.defaults.get(), param.offset), &out.default_json);
  if (out.secret) {
    out.default_json = "null";
  } else {
    out.default_value = DefaultText(param, out.default_json);
  }
  return out;
}

std::string Facts(const ParamDescription& param) {
  std::string out = param.type;
  for (size_t i = 0; i < param.values.size(); ++i) {
    out += (i == 0 ? ": " : ", ") + param.values[i];
  }
  if (param.required) out += "; required";
  if (!param.default_value.empty()) out += "; default " + param.default_value;
  if (!param.bounds.empty()) out += "; " + param.bounds;
  if (param.secret) out += "; secret";
  for (const auto& alias : param.aliases) out += "; also written " + alias;
  if (!param.deprecated.empty()) out += "; deprecated: " + param.deprecated;
  if (!param.unused.empty()) out += "; no effect: " + param.unused;
  return out;
}

void AppendText(const Description& description, const std::string& indent, std::string* out) {
  if (description.argument) {
    *out += indent + "(argument) " + description.argument->name + " (" +
            Facts(*description.argument) + ")\n" + indent + "    " +
            description.argument->sentence + "\n";
  }
  for (const auto& param : description.params) {
    *out +=
        indent + param.name + " (" + Facts(param) + ")\n" + indent + "    " + param.sentence + "\n";
  }
  if (description.free_keys) *out += indent + "(any other key)\n";
  for (const auto& section : description.sections) {
    *out += indent + "<" + section.name + ">" + (section.required ? " (required)" : "") + "\n" +
            indent + "    " + section.sentence + "\n";
    if (section.inside) AppendText(*section.inside, indent + "  ", out);
  }
}

std::string Cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

std::string Code(const std::string& text) { return text.empty() ? "" : "`" + Cell(text) + "`"; }

void AppendRow(const ParamDescription& param, std::string* out) {
  std::string sentence = param.sentence;
  for (size_t i = 0; i < param.values.size(); ++i) {
    sentence += (i == 0 ? " One of `" : ", `") + param.values[i] + "`";
  }
  if (!param.values.empty()) sentence += ".";
  if (!param.bounds.empty()) sentence += " Must be " + param.bounds + ".";
  for (const auto& alias : param.aliases) sentence += " Also written `" + alias + "`.";
  if (!param.deprecated.empty()) sentence += " Deprecated: " + param.deprecated + ".";
  if (!param.unused.empty()) sentence += " **No effect**: " + param.unused + ".";
  *out += "| `" + Cell(param.name) + "` | " + param.type + " | " +
          (param.required ? "*required*" : Code(param.default_value)) + " | " + Cell(sentence) +
          " |\n";
}

void AppendMarkdown(const Description& description, int level, std::string* out) {
  if (!description.params.empty() || description.argument) {
    *out += "| Parameter | Type | Default | |\n| --- | --- | --- | --- |\n";
    if (description.argument) AppendRow(*description.argument, out);
    for (const auto& param : description.params) AppendRow(param, out);
    *out += "\n";
  }
  if (description.free_keys) *out += "Any other key is taken as it is.\n\n";
  for (const auto& section : description.sections) {
    *out +=
        std::string(static_cast<size_t>(level), '#') + " `<" + section.name + ">`\n\n" +
        section.sentence + (section.required ? " Required." : "") +
        (section.many ? " May stand more than once." : "") +
        (section.default_type.empty() ? ""
                                      : " `@type` defaults to `" + section.default_type + "`.") +
        "\n\n";
    if (section.inside) AppendMarkdown(*section.inside, level + 1, out);
  }
}

void AppendSections(const SectionSpec& section, const void* params, const RawJson& raw,
                    std::string* out) {
  const void* member = Member(params, section.offset);
  const size_t count = section.size(member);
  const bool list = section.options.many;
  if (list) *out += '[';
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) *out += ',';
    const void* one = section.at(member, i);
    if (section.spec != nullptr) {
      *out += EffectiveJson(section.spec(), one, raw);
    } else {
      *out += raw ? raw(*static_cast<const Element*>(one)) : "{}";
    }
  }
  if (list) *out += ']';
  if (!list && count == 0) *out += "null";
}

void AppendFreeParams(const Spec& spec, const void* params, std::string* out) {
  if (!spec.free_params) return;
  for (const auto& [key, text] :
       *static_cast<const FreeParams*>(Member(params, *spec.free_params))) {
    if (out->back() != '{') *out += ',';
    AppendJsonText(key, out);
    *out += ':';
    if (text) {
      AppendJsonText(LooksSecret(key) ? "xxxxxx" : *text, out);
    } else {
      *out += "null";
    }
  }
}

}  // namespace

Description Describe(const Spec& spec) {
  Description out;
  out.free_keys = spec.pass_through;
  if (spec.argument) {
    out.argument = std::make_unique<ParamDescription>(DescribeParam(*spec.argument, spec));
  }
  for (const auto& param : spec.params) {
    if (param.options.hidden || !param.options.obsoleted.empty()) continue;
    out.params.push_back(DescribeParam(param, spec));
  }
  for (const auto& section : spec.sections) {
    SectionDescription inside;
    inside.name = section.name;
    inside.sentence = section.sentence;
    inside.default_type = section.options.default_type;
    inside.required = section.options.required;
    inside.many = section.options.many;
    inside.plugin = section.spec == nullptr;
    if (!inside.plugin) {
      inside.inside = std::make_shared<const Description>(Describe(section.spec()));
    }
    out.sections.push_back(std::move(inside));
  }
  return out;
}

std::string DescribeText(const Spec& spec) {
  std::string out;
  AppendText(Describe(spec), "", &out);
  return out;
}

std::string DescribeMarkdown(const Spec& spec, int heading_level) {
  std::string out;
  AppendMarkdown(Describe(spec), heading_level, &out);
  return out;
}

std::string EffectiveJson(const Spec& spec, const void* params, const RawJson& raw) {
  std::string out = "{";
  auto begin = [&](std::string_view name) {
    if (out.back() != '{') out += ',';
    AppendJsonText(name, &out);
    out += ':';
  };
  auto append = [&](const ParamSpec& param) {
    const void* member = Member(params, param.offset);
    begin(param.name);
    const bool nil = param.type.is_nil != nullptr && param.type.is_nil(member);
    if (!nil && (param.options.secret || param.type.secret || LooksSecret(param.name))) {
      out += "\"xxxxxx\"";
    } else {
      param.type.encode(member, &out);
    }
  };
  if (spec.argument) append(*spec.argument);
  for (const auto& param : spec.params) {
    if (param.options.obsoleted.empty() && !param.options.hidden) append(param);
  }
  AppendFreeParams(spec, params, &out);
  for (const auto& section : spec.sections) {
    begin(section.name);
    AppendSections(section, params, raw, &out);
  }
  return out + "}";
}

}  // namespace tailrace::config
