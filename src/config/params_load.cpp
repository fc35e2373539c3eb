// SPDX-License-Identifier: Apache-2.0
// Fills a parameter struct from an element, and says everything that is wrong with it.
#include <algorithm>
#include <array>
#include <cmath>

#include "config/casts.h"
#include "config/element.h"
#include "config/problems.h"
#include "tailrace/params.h"

namespace tailrace::params {
namespace {

using config::Attribute;
using config::Element;
using config::Location;

// Every section may have these; `legacy` is how old configurations write them.
struct Reserved {
  std::string_view name;
  std::string_view legacy;
};
constexpr std::array<Reserved, 4> kReserved = {
    {{"@type", "type"}, {"@id", "id"}, {"@log_level", "log_level"}, {"@label", ""}}};

std::string Quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

std::string BoundText(double bound) {
  return bound == std::floor(bound) && std::abs(bound) < 1e15
             ? std::to_string(static_cast<int64_t>(bound))
             : config::FloatText(bound);
}

class Loader {
 public:
  Loader(const Spec& spec, const Element& element, void* params, LoadContext& context)
      : spec_(spec), element_(element), params_(params), context_(context) {}

  void Run() {
    const size_t errors_before = context_.problems.ErrorCount();
    LoadArgument();
    for (const auto& param : spec_.params) LoadParam(param);
    for (const auto& section : spec_.sections) LoadSections(section);
    if (spec_.pass_through) {
      KeepFreeParams();
    } else {
      ReportUnknownParams();
      ReportUnknownSections();
    }
    if (context_.problems.ErrorCount() != errors_before) return;
    for (const auto& check : spec_.checks) {
      std::string wrong = check.run(check.check, params_);
      if (!wrong.empty()) {
        context_.problems.Error(element_.location, wrong + " in " + element_.Head());
      }
    }
  }

 private:
  void* Member(size_t offset) const { return static_cast<char*>(params_) + offset; }
  const void* Default(size_t offset) const {
    return static_cast<const char*>(spec_.defaults.get()) + offset;
  }
  bool DefaultIsNil(const ParamSpec& param) const {
    return param.type.is_nil != nullptr && param.type.is_nil(Default(param.offset));
  }
  void Error(const Location& location, std::string message, std::string suggestion = {}) {
    context_.problems.Error(location, std::move(message), std::move(suggestion));
  }
  void Warning(const Location& location, std::string message, std::string suggestion = {}) {
    context_.problems.Warning(location, std::move(message), std::move(suggestion));
  }
  std::string Place() const { return " in " + element_.Head(); }

  const Attribute* FindAttribute(const ParamSpec& param) {
    const Attribute* found = element_.Find(param.name);
    for (std::string_view alias : param.options.aliases) {
      const Attribute* other = element_.Find(alias);
      if (other == nullptr) continue;
      if (found == nullptr) {
        found = other;
      } else {
        Warning(other->key_location, "parameter " + Quoted(alias) + " has no effect" + Place() +
                                         ", because " + Quoted(found->key) + " is given too");
      }
    }
    return found;
  }

  void LoadArgument() {
    if (!spec_.argument) return;
    const ParamSpec& param = *spec_.argument;
    if (element_.arg.empty()) {
      if (param.options.required) {
        Error(element_.location,
              element_.Head() + " needs an argument: " + std::string(param.sentence));
      }
      return;
    }
    const Location& location =
        element_.arg_location.line != 0 ? element_.arg_location : element_.location;
    Read(param, config::Value(element_.arg), location);
  }

  void LoadParam(const ParamSpec& param) {
    const Attribute* attribute = FindAttribute(param);
    if (attribute == nullptr) {
      if (param.options.required) {
        Error(element_.location,
              "required parameter " + Quoted(param.name) + " is missing" + Place());
      }
      return;
    }
    const Location& key = attribute->key_location;
    if (!param.options.obsoleted.empty()) {
      Error(key, "parameter " + Quoted(attribute->key) + Place() + " no longer exists",
            std::string(param.options.obsoleted));
      return;
    }
    if (!param.options.deprecated.empty()) {
      Warning(key, "parameter " + Quoted(attribute->key) + Place() + " is deprecated",
              std::string(param.options.deprecated));
    }
    if (!param.options.unused.empty()) {
      Warning(key, "parameter " + Quoted(attribute->key) + Place() + " has no effect",
              std::string(param.options.unused));
    }
    if (attribute->kind == config::ValueKind::kDefault) {
      if (param.options.required) {
        Error(attribute->value_location,
              "parameter " + Quoted(param.name) + Place() + " has no default to use");
      }
      return;
    }
    Read(param, config::AttributeValue(*attribute), attribute->value_location);
  }

  void Read(const ParamSpec& param, const config::Value& value, const Location& location) {
    void* member = Member(param.offset);
    const std::string name = Quoted(param.name);
    if (value.IsNil()) {
      if (DefaultIsNil(param)) {
        param.type.reset(member);
      } else {
        Error(location, "parameter " + name + Place() + " cannot be nil");
      }
      return;
    }
    Cast cast;
    cast.strict = context_.strict_config_value;
    const bool good = param.type.decode(value, member, cast);
    const bool secret = param.type.secret || param.options.secret;
    if (!good) {
      const std::string why = secret ? "the value is not valid" : cast.error;
      Error(location, "parameter " + name + Place() + ": " + why, EnumHint(param, value));
      return;
    }
    for (auto& remark : cast.remarks) {
      const std::string message =
          "parameter " + name + Place() + ": " + (secret ? "surprising value" : remark.message);
      if (context_.strict) {
        Error(location, message, std::move(remark.suggestion));
      } else {
        Warning(location, message, std::move(remark.suggestion));
      }
    }
    const bool nil = param.type.is_nil != nullptr && param.type.is_nil(member);
    if (nil && !DefaultIsNil(param)) {
      Error(location, "parameter " + name + Place() + " cannot be nil");
      return;
    }
    if (!nil) CheckBounds(param, location);
  }

  std::string EnumHint(const ParamSpec& param, const config::Value& value) const {
    if (param.type.names.empty()) return {};
    std::vector<std::string_view> names;
    for (const auto& entry : param.type.names) names.push_back(entry.first);
    const std::string text = config::ToText(value);
    const std::string_view near = config::Nearest(text, names);
    return near.empty() ? "" : "did you mean " + Quoted(near) + "?";
  }

  void CheckBounds(const ParamSpec& param, const Location& location) {
    if (param.type.number == nullptr) return;
    const double number = param.type.number(Member(param.offset));
    const auto& [min, max] = std::pair(param.options.min, param.options.max);
    const std::string what =
        "parameter " + Quoted(param.name) + Place() + " is " + BoundText(number);
    if (min && !(number >= *min))
      Error(location, what + ", but at least " + BoundText(*min) + " is needed");
    if (max && !(number <= *max))
      Error(location, what + ", but at most " + BoundText(*max) + " is allowed");
  }

  static bool IsCalled(std::string_view name, const SectionSpec& section) {
    const auto& aliases = section.options.aliases;
    return name == section.name || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
  }

  void LoadSections(const SectionSpec& section) {
    void* member = Member(section.offset);
    size_t count = 0;
    for (const auto& child : element_.elements) {
      if (!IsCalled(child.name, section)) continue;
      if (++count > 1 && !section.options.many) {
        Error(child.location, "section <" + child.name + "> may stand only once" + Place());
        continue;
      }
      AddSection(section, member, child);
    }
    if (count > 0) return;
    if (section.options.required) {
      Error(element_.location,
            "required section <" + std::string(section.name) + "> is missing" + Place());
    } else if (section.spec == nullptr && !section.options.default_type.empty()) {
      Element made;
      made.name = section.name;
      made.location = element_.location;
      AddSection(section, member, made);
    }
  }

  void AddSection(const SectionSpec& section, void* member, const Element& child) {
    if (section.spec != nullptr) {
      LoadInto(section.spec(), child, section.add(member, child), context_);
    } else if (section.options.default_type.empty() || !child.Type().empty()) {
      section.add(member, child);
    } else {
      Element typed = child;
      Attribute type;
      type.key = "@type";
      type.text = section.options.default_type;
      type.key_location = type.value_location = child.location;
      typed.Set(std::move(type));
      section.add(member, typed);
    }
  }

  bool KnowsParam(std::string_view key) const {
    return std::any_of(spec_.params.begin(), spec_.params.end(), [&](const ParamSpec& param) {
      const auto& aliases = param.options.aliases;
      return param.name == key || std::find(aliases.begin(), aliases.end(), key) != aliases.end();
    });
  }

  void KeepFreeParams() {
    if (!spec_.free_params) return;
    auto& kept = *static_cast<FreeParams*>(Member(*spec_.free_params));
    for (const auto& attribute : element_.attrs) {
      if (KnowsParam(attribute.key) || attribute.kind == config::ValueKind::kDefault) continue;
      const config::Value value = config::AttributeValue(attribute);
      kept.emplace_back(attribute.key,
                        value.IsNil() ? std::nullopt : std::optional(config::ToText(value)));
    }
  }

  void ReportUnknownParams() {
    std::vector<std::string_view> names;
    for (const auto& param : spec_.params) {
      if (!param.options.hidden) names.push_back(param.name);
    }
    for (const auto& reserved : kReserved) names.push_back(reserved.name);
    for (const auto& attribute : element_.attrs) {
      if (KnowsParam(attribute.key) || IsReserved(attribute)) continue;
      const std::string_view near = config::Nearest(attribute.key, names);
      Unknown(attribute.key_location, "unknown parameter " + Quoted(attribute.key) + Place(),
              near.empty() ? "it has no effect" : "did you mean " + Quoted(near) + "?");
    }
  }

  bool IsReserved(const Attribute& attribute) {
    for (const auto& reserved : kReserved) {
      if (attribute.key == reserved.name) return true;
      if (attribute.key != reserved.legacy) continue;
      Warning(attribute.key_location,
              "parameter " + Quoted(attribute.key) + Place() + " is an old name",
              "write " + Quoted(reserved.name));
      return true;
    }
    return false;
  }

  void ReportUnknownSections() {
    std::vector<std::string_view> names;
    for (const auto& section : spec_.sections) names.push_back(section.name);
    for (const auto& child : element_.elements) {
      auto called = [&](const SectionSpec& section) { return IsCalled(child.name, section); };
      if (std::any_of(spec_.sections.begin(), spec_.sections.end(), called)) continue;
      const std::string_view near = config::Nearest(child.name, names);
      Unknown(child.location, "unknown section <" + child.name + ">" + Place(),
              near.empty() ? "it has no effect" : "did you mean <" + std::string(near) + ">?");
    }
  }

  void Unknown(const Location& location, std::string message, std::string suggestion) {
    if (context_.strict) {
      Error(location, std::move(message), std::move(suggestion));
    } else {
      Warning(location, std::move(message), std::move(suggestion));
    }
  }

  const Spec& spec_;
  const Element& element_;
  void* params_;
  LoadContext& context_;
};

}  // namespace

void LoadInto(const Spec& spec, const Element& element, void* params, LoadContext& context) {
  Loader(spec, element, params, context).Run();
}

}  // namespace tailrace::params
