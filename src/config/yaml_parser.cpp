// SPDX-License-Identifier: Apache-2.0
#include "config/yaml_parser.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "config/value.h"
#include "config/yaml_scalar.h"

namespace tailrace::config {
namespace {

constexpr int kMaxNodes = 200'000;  // anchors can make a small file very large
constexpr int kMaxDepth = 100;

struct YamlError {
  YAML::Mark mark;
  std::string message;
  std::string suggestion;
};

struct Entry {
  std::string key;
  YAML::Node key_node;
  YAML::Node value;
};
using Entries = std::vector<Entry>;

class Parser {
 public:
  Parser(std::shared_ptr<const SourceFile> file, RubyEvaluator* evaluator, Includer* includer,
         Problems* problems)
      : file_(std::move(file)),
        evaluator_(*evaluator),
        includer_(*includer),
        problems_(*problems) {}

  void Run(bool included, Element* into) {
    try {
      const YAML::Node root = YAML::Load(file_->text);
      if (included && root.IsSequence()) {
        BuildItems(root, into, 0);
      } else if (root.IsMap()) {
        BuildRoot(root, into);
      } else {
        throw YamlError{root.Mark(), "the configuration must be a map",
                        "write 'config:' and a list"};
      }
    } catch (const YAML::Exception& error) {
      problems_.Error(At(error.mark), "invalid YAML: " + error.msg);
    } catch (YamlError& error) {
      Report(std::move(error));
    }
  }

 private:
  Location At(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, static_cast<uint32_t>(mark.line + 1), static_cast<uint32_t>(mark.column + 1)};
  }

  void Report(YamlError error) {
    problems_.Error(At(error.mark), std::move(error.message), std::move(error.suggestion));
  }

  void Count(const YAML::Node& node, int depth) {
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) {
      throw YamlError{node.Mark(), "the file unfolds to too many values", {}};
    }
  }

  static void Put(Entries* entries, Entry entry) {
    for (auto& known : *entries) {
      if (known.key == entry.key) {
        known = std::move(entry);
        return;
      }
    }
    entries->push_back(std::move(entry));
  }

  // The pairs of a map: merge keys ("<<") unfolded, of equal keys the last value.
  Entries EntriesOf(const YAML::Node& map, int depth) {
    Entries entries;
    for (const auto& pair : map) {
      Count(pair.second, depth);
      if (pair.first.IsScalar() && pair.first.Scalar() == "<<" && pair.first.Tag() == "?") {
        Merge(pair.second, &entries, depth + 1);
        continue;
      }
      if (!pair.first.IsScalar()) {
        throw YamlError{pair.first.Mark(), "a key must be a text", {}};
      }
      Put(&entries, {pair.first.Scalar(), pair.first, pair.second});
    }
    return entries;
  }

  void Merge(const YAML::Node& from, Entries* into, int depth) {
    if (from.IsMap()) {
      for (auto& entry : EntriesOf(from, depth)) Put(into, std::move(entry));
    } else if (from.IsSequence()) {
      for (size_t i = from.size(); i > 0; --i) Merge(from[i - 1], into, depth + 1);
    } else {
      throw YamlError{from.Mark(), "'<<' needs a map", {}};
    }
  }

  void BuildRoot(const YAML::Node& root, Element* into) {
    const Entries entries = EntriesOf(root, 0);
    for (const auto& entry : entries) {
      if (entry.key == "system" && !entry.value.IsNull()) {
        Add(into, BuildSection("system", entry, 1));
      }
    }
    for (const auto& entry : entries) {
      if (entry.key == "config") {
        BuildItems(entry.value, into, 1);
      } else if (entry.key != "system" && !entry.key.starts_with("x-")) {
        problems_.Warning(At(entry.key_node.Mark()),
                          "unknown key '" + entry.key + "' has no effect",
                          "the root has 'system' and 'config'");
      }
    }
  }

  static void Add(Element* into, Element element) { into->elements.push_back(std::move(element)); }

  // The list under `config`.
  void BuildItems(const YAML::Node& list, Element* into, int depth) {
    Count(list, depth);
    if (list.IsNull()) return;
    if (list.Tag() == "!include") {
      includer_.IncludeYaml(list.Scalar(), At(list.Mark()), into);
      return;
    }
    if (!list.IsSequence()) {
      throw YamlError{list.Mark(), "'config' must be a list", "begin each section with '- '"};
    }
    for (const auto& item : list) {
      try {
        BuildItem(item, into, depth + 1);
      } catch (YamlError& error) {
        Report(std::move(error));
      }
    }
  }

  void BuildItem(const YAML::Node& item, Element* into, int depth) {
    Count(item, depth);
    if (item.Tag() == "!include") {
      includer_.IncludeYaml(item.Scalar(), At(item.Mark()), into);
      return;
    }
    if (!item.IsMap()) {
      throw YamlError{item.Mark(), "expected a section", "write '- source:', '- match:' ..."};
    }
    static constexpr std::array<std::string_view, 5> kSections = {"label", "source", "filter",
                                                                  "match", "worker"};
    const Entries entries = EntriesOf(item, depth);
    for (const auto section : kSections) {
      for (const auto& entry : entries) {
        if (entry.key == section && !entry.value.IsNull()) BuildTop(entry, into, depth + 1);
      }
    }
    for (const auto& entry : entries) {
      if (std::find(kSections.begin(), kSections.end(), entry.key) != kSections.end()) continue;
      const auto near =
          Nearest(entry.key, std::vector<std::string_view>(kSections.begin(), kSections.end()));
      problems_.Warning(At(entry.key_node.Mark()),
                        "unknown section '" + entry.key + "' has no effect",
                        near.empty() ? "" : "did you mean '" + std::string(near) + "'?");
    }
  }

  void BuildTop(const Entry& entry, Element* into, int depth) {
    if (!entry.value.IsMap()) {
      throw YamlError{entry.value.Mark(), "'" + entry.key + "' must be a map of parameters", {}};
    }
    if (entry.key == "label" || entry.key == "worker") {
      Add(into, BuildGroup(entry, depth));
    } else {
      Add(into, BuildSection(entry.key, entry, depth));
    }
  }

  // <label> and <worker>: an argument and sections of their own.
  Element BuildGroup(const Entry& entry, int depth) {
    Element element;
    element.name = entry.key;
    element.location = At(entry.key_node.Mark());
    const std::string_view name = entry.key == "label" ? "$name" : "$arg";
    bool has_config = false;
    for (const auto& part : EntriesOf(entry.value, depth)) {
      if (part.key == name) {
        SetArgument(&element, part.value, depth);
      } else if (part.key == "config") {
        has_config = true;
        BuildItems(part.value, &element, depth + 1);
      } else {
        problems_.Warning(At(part.key_node.Mark()), "unknown key '" + part.key + "' has no effect");
      }
    }
    if (!has_config) {
      throw YamlError{entry.key_node.Mark(), "'" + entry.key + "' needs a 'config' list", {}};
    }
    return element;
  }

  void SetArgument(Element* element, const YAML::Node& node, int depth) {
    const Value value = ToValue(node, depth + 1);
    element->arg_location = At(node.Mark());
    if (!value.IsArray()) {
      element->arg = ToText(value);
      return;
    }
    for (const auto& item : value.array()) {
      element->arg += (element->arg.empty() ? "" : ",") + ToText(item);
    }
  }

  Element BuildSection(const std::string& name, const Entry& entry, int depth) {
    if (!entry.value.IsMap()) {
      throw YamlError{entry.value.Mark(), "'" + entry.key + "' must be a map of parameters", {}};
    }
    return BuildSection(name, entry.key_node.Mark(), entry.value, true, depth);
  }

  // `in_map`: the section is the value of a key, and not an item of a list, whose $arg stays a
  // parameter as in Fluentd.
  Element BuildSection(const std::string& name, const YAML::Mark& mark, const YAML::Node& map,
                       bool in_map, int depth) {
    Element element;
    element.name = name;
    element.location = At(mark);
    const Entries entries = EntriesOf(map, depth);
    static constexpr std::array<std::string_view, 4> kReserved = {"$type", "$label", "$id",
                                                                  "$log_level"};
    for (const auto reserved : kReserved) {
      for (const auto& entry : entries) {
        if (entry.key == reserved && !entry.value.IsNull()) {
          SetParameter(&element, "@" + std::string(reserved.substr(1)), entry, depth);
        }
      }
    }
    const std::string_view argument = name == "filter" || name == "match" ? "$tag" : "$arg";
    for (const auto& entry : entries) {
      if (std::find(kReserved.begin(), kReserved.end(), entry.key) != kReserved.end()) continue;
      if (entry.key == argument && in_map) {
        SetArgument(&element, entry.value, depth);
      } else {
        BuildEntry(&element, entry, depth + 1);
      }
    }
    return element;
  }

  void BuildEntry(Element* element, const Entry& entry, int depth) {
    const YAML::Node& value = entry.value;
    const bool tagged = value.Tag().starts_with("!fluent/");
    if (value.IsMap() && !tagged) {
      Add(element, BuildSection(entry.key, entry, depth));
    } else if (value.IsSequence() && !tagged && value.size() > 0 && value[0].IsMap()) {
      for (const auto& item : value) {
        if (!item.IsMap()) throw YamlError{item.Mark(), "expected a section, as before it", {}};
        Add(element, BuildSection(entry.key, item.Mark(), item, false, depth));
      }
    } else {
      SetParameter(element, entry.key, entry, depth);
    }
  }

  void SetParameter(Element* element, const std::string& key, const Entry& entry, int depth) {
    Attribute attribute;
    attribute.key = key;
    attribute.key_location = At(entry.key_node.Mark());
    attribute.value_location = At(entry.value.Mark());
    const Value value = ToValue(entry.value, depth);
    if (value.IsNil()) {
      attribute.kind = ValueKind::kNil;
    } else if (value.IsText() || value.Is<Symbol>()) {
      attribute.text = ToText(value);
      attribute.quoted = entry.value.Tag() == "!";
    } else {
      attribute.kind = ValueKind::kTyped;
      attribute.text = ToJson(value);
    }
    element->Set(std::move(attribute));
  }

  Value ToValue(const YAML::Node& node, int depth) {
    Count(node, depth);
    if (node.Tag() == "!fluent/json") return ToJson(PlainValue(node, depth));
    if (node.Tag() == "!fluent/s") return EvaluateText(node);
    return PlainValue(node, depth);
  }

  Value PlainValue(const YAML::Node& node, int depth) {
    if (node.IsScalar()) {
      const std::string& tag = node.Tag();
      const bool plain = tag == "?" || tag.empty();
      return plain ? YamlScalar(node.Scalar()) : Value(node.Scalar());
    }
    if (node.IsSequence()) {
      Array items;
      for (const auto& item : node) items.push_back(ToValue(item, depth + 1));
      return Value::MakeArray(std::move(items));
    }
    if (!node.IsMap()) return {};
    Value hash = Value::MakeHash();
    for (const auto& entry : EntriesOf(node, depth)) {
      hash.hash().Set(entry.key, ToValue(entry.value, depth + 1));
    }
    return hash;
  }

  // !fluent/s: the text between the double quotes of a Ruby string.
  Value EvaluateText(const YAML::Node& node) {
    const auto result = evaluator_.EvaluateText(node.Scalar());
    switch (result.outcome) {
      case RubyEvaluator::Outcome::kText:
        return result.text;
      case RubyEvaluator::Outcome::kNil:
        return "";
      case RubyEvaluator::Outcome::kDefault:
        return ":default";
      case RubyEvaluator::Outcome::kError:
        break;
    }
    throw YamlError{node.Mark(), result.error, {}};
  }

  std::shared_ptr<const SourceFile> file_;
  RubyEvaluator& evaluator_;
  Includer& includer_;
  Problems& problems_;
  int nodes_ = 0;
};

}  // namespace

void ParseYaml(std::shared_ptr<const SourceFile> file, bool included, RubyEvaluator* evaluator,
               Includer* includer, Problems* problems, Element* into) {
  Parser(std::move(file), evaluator, includer, problems).Run(included, into);
}

}  // namespace tailrace::config
