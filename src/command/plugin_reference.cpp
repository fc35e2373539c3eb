// SPDX-License-Identifier: Apache-2.0
#include "command/plugin_reference.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <utility>

#include "buffer/params.h"
#include "command/command.h"
#include "command/event_json.h"
#include "config/describe.h"
#include "config/problems.h"
#include "event/inject.h"
#include "plugins.h"
#include "tailrace/params.h"
#include "text/charset.h"

namespace tailrace::command {
namespace {

namespace fs = std::filesystem;

struct Kind {
  PluginKind kind;
  std::string_view name;
  std::string_view section;  // where its plugins stand
};
constexpr Kind kKinds[] = {{PluginKind::kInput, "input", "<source>"},
                           {PluginKind::kParser, "parser", "<parse>"},
                           {PluginKind::kFilter, "filter", "<filter>"},
                           {PluginKind::kFormatter, "formatter", "<format>"},
                           {PluginKind::kOutput, "output", "<match>"}};

const Kind& KindOf(const PluginEntry& entry) {
  return *std::find_if(std::begin(kKinds), std::end(kKinds),
                       [&entry](const Kind& kind) { return kind.kind == entry.kind; });
}

// By kind, in the order that events flow, then by name.
std::vector<const PluginEntry*> Sorted() {
  std::vector<const PluginEntry*> entries;
  for (const PluginEntry& entry : AllPlugins()) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) {
    return std::pair(a->kind, a->type) < std::pair(b->kind, b->type);
  });
  return entries;
}

std::string PageName(const PluginEntry& entry) {
  return std::string(KindOf(entry).name) + "-" + entry.type + ".md";
}

std::string Listed(const std::vector<std::string>& words, std::string_view quote) {
  std::string out;
  for (const std::string& word : words) {
    if (!out.empty()) out += ", ";
    out.append(quote).append(word).append(quote);
  }
  return out;
}

// Bytes of an example that a page cannot show, as \\xNN.
std::string Shown(const std::string& bytes) {
  const bool is_text = text::IsValidUtf8(bytes);
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 || c == '\n' || c == '\t') && (is_text || byte < 0x80)) {
      out += c;
      continue;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += "\\x";
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string Indented(const std::string& text) {
  std::string out = "    ";
  for (const char c : Trimmed(Shown(text))) {
    out += c;
    if (c == '\n') out += "    ";
  }
  return out + '\n';
}

bool HasSection(const params::Spec& spec, std::string_view name) {
  return std::any_of(spec.sections.begin(), spec.sections.end(),
                     [name](const params::SectionSpec& section) { return section.name == name; });
}

// The sections that several plugins have, each described on its own page.
std::string SharedPage(std::string_view title, std::string_view sentence,
                       const params::Spec& spec) {
  std::string out = "# `<" + std::string(title) + ">`\n\n" + std::string(sentence) + "\n\n";
  out += config::DescribeMarkdown(spec, 2);
  return Trimmed(std::move(out)) + '\n';
}

std::string IndexPage() {
  std::string out =
      "# Reference\n\nMade from the plugins' own tables with `./dev reference`; `tailrace plugins "
      "NAME` prints the same in a terminal.\n\nSections that several plugins have: "
      "[`<buffer>`](buffer.md), [`<inject>`](inject.md), [`<extract>`](extract.md).\n";
  const Kind* last = nullptr;
  for (const PluginEntry* entry : Sorted()) {
    const Kind& kind = KindOf(*entry);
    if (&kind != last) {
      out += "\n## " + std::string(kind.name) + ": `" + std::string(kind.section) + "`\n\n";
      out += "| `@type` | |\n| --- | --- |\n";
      last = &kind;
    }
    out += "| [" + entry->type + "](" + PageName(*entry) + ") | " + entry->summary + " |\n";
  }
  return out;
}

// How tables mark a parameter that may be written and changes nothing.
bool HasNoEffect(const params::ParamSpec& param) {
  return !param.options.unused.empty() || param.sentence.starts_with("Accepted") ||
         param.sentence.starts_with("Has no ") ||
         param.options.deprecated.find("no effect") != std::string_view::npos;
}

// Hidden parameters too. `prefix` names the sections around: "rule.".
void AppendJson(const params::Spec& spec, const std::string& prefix, std::string& out) {
  for (const auto& param : spec.params) {
    if (!param.options.obsoleted.empty()) continue;
    if (out.back() != '[') out += ',';
    out += "{\"name\":";
    AppendQuoted(prefix + std::string(param.name), out);
    out += ",\"type\":";
    AppendQuoted(param.type.name, out);
    out += ",\"no_effect\":";
    out += HasNoEffect(param) ? "true" : "false";
    out += ",\"aliases\":[";
    for (const std::string_view alias : param.options.aliases) {
      if (out.back() != '[') out += ',';
      AppendQuoted(prefix + std::string(alias), out);
    }
    out += "]}";
  }
  for (const auto& section : spec.sections) {
    if (section.spec != nullptr) {
      AppendJson(section.spec(), prefix + std::string(section.name) + ".", out);
    }
  }
}

std::string Json() {
  std::string out = "[";
  const auto add = [&out](std::string_view kind, const std::vector<std::string>& types,
                          const params::Spec& spec) {
    if (out.back() != '[') out += ',';
    out += "{\"kind\":";
    AppendQuoted(kind, out);
    out += ",\"types\":[";
    for (const std::string& type : types) {
      if (out.back() != '[') out += ',';
      AppendQuoted(type, out);
    }
    out += "],\"params\":[";
    AppendJson(spec, "", out);
    out += "]}";
  };
  for (const PluginEntry* entry : Sorted()) {
    std::vector<std::string> types = {entry->type};
    types.insert(types.end(), entry->aliases.begin(), entry->aliases.end());
    add(KindOf(*entry).name, types, entry->spec());
  }
  add("section", {"buffer"}, buffer::BufferParams::schema().spec());
  add("section", {"inject"}, InjectParams::schema().spec());
  add("section", {"extract"}, ExtractParams::schema().spec());
  return out + "]";
}

// Writes the pages, and removes those of plugins that are no more.
int WriteReference(const fs::path& directory) {
  std::vector<std::pair<std::string, std::string>> pages;
  pages.emplace_back("README.md", IndexPage());
  pages.emplace_back(
      "buffer.md",
      SharedPage("buffer", "How an output stages, queues, flushes and retries. Stands within it.",
                 buffer::BufferParams::schema().spec()));
  pages.emplace_back("inject.md", SharedPage("inject", "Event data into the record.",
                                             InjectParams::schema().spec()));
  pages.emplace_back("extract.md", SharedPage("extract", "Event data out of the record.",
                                              ExtractParams::schema().spec()));
  for (const PluginEntry* entry : Sorted()) {
    pages.emplace_back(PageName(*entry), PluginPage(*entry));
  }
  std::error_code error;
  fs::create_directories(directory, error);
  for (const auto& file : fs::directory_iterator(directory, error)) {
    const std::string name = file.path().filename();
    const bool known = std::any_of(pages.begin(), pages.end(),
                                   [&name](const auto& page) { return page.first == name; });
    if (name.ends_with(".md") && !known) fs::remove(file.path(), error);
  }
  for (const auto& [name, text] : pages) {
    std::ofstream file(directory / name, std::ios::binary);
    file << text;
    if (!file.flush()) {
      std::fprintf(stderr, "tailrace plugins: %s cannot be written\n", (directory / name).c_str());
      return kEnvironment;
    }
  }
  return kOk;
}

int List() {
  const Kind* last = nullptr;
  for (const PluginEntry* entry : Sorted()) {
    const Kind& kind = KindOf(*entry);
    if (&kind != last) {
      std::printf("%s%s, in %s\n", last == nullptr ? "" : "\n", std::string(kind.name).c_str(),
                  std::string(kind.section).c_str());
      last = &kind;
    }
    std::printf("  %-20s %s\n", entry->type.c_str(), entry->summary.c_str());
  }
  return kOk;
}

int Show(const std::string& name) {
  bool found = false;
  for (const PluginEntry* entry : Sorted()) {
    const bool called =
        entry->type == name ||
        std::find(entry->aliases.begin(), entry->aliases.end(), name) != entry->aliases.end();
    if (!called) continue;
    std::printf("%s%s", found ? "\n" : "", PluginText(*entry).c_str());
    found = true;
  }
  if (name == "buffer" && !found) {
    std::fputs(config::DescribeText(buffer::BufferParams::schema().spec()).c_str(), stdout);
    return kOk;
  }
  if (found) return kOk;
  std::vector<std::string_view> types;
  for (const PluginEntry& entry : AllPlugins()) types.push_back(entry.type);
  const std::string_view nearest = config::Nearest(name, types);
  std::fprintf(stderr, "tailrace plugins: there is no plugin '%s'%s%s%s\n", name.c_str(),
               nearest.empty() ? "" : "; did you mean '", std::string(nearest).c_str(),
               nearest.empty() ? "" : "'?");
  return kWrong;
}

}  // namespace

std::string PluginText(const PluginEntry& entry) {
  std::string out =
      std::string(KindOf(entry).name) + " " + entry.type + "\n" + entry.summary + "\n";
  if (!entry.aliases.empty()) out += "Also called: " + Listed(entry.aliases, "") + "\n";
  out += "\n" + config::DescribeText(entry.spec());
  if (entry.buffered) out += "See also: tailrace plugins buffer\n";
  for (const Example& example : entry.examples) {
    out += "\nexample: " + example.title + "\n" + Indented(example.conf);
    if (!example.input.empty()) out += "  in\n" + Indented(example.input);
    if (!example.expected.empty()) out += "  out\n" + Indented(example.expected);
  }
  return out;
}

std::string PluginPage(const PluginEntry& entry) {
  std::string out =
      "# " + std::string(KindOf(entry).name) + " `" + entry.type + "`\n\n" + entry.summary + "\n\n";
  if (!entry.aliases.empty()) out += "Also called " + Listed(entry.aliases, "`") + ".\n\n";
  out += config::DescribeMarkdown(entry.spec(), 2);
  if (entry.buffered) out += "The parameters of `<buffer>`: [buffer](buffer.md).\n\n";
  for (const std::string_view shared : {"inject", "extract"}) {
    if (!HasSection(entry.spec(), shared)) continue;
    out += "The parameters of `<" + std::string(shared) + ">`: [" + std::string(shared) + "](" +
           std::string(shared) + ".md).\n\n";
  }
  for (const Example& example : entry.examples) {
    out += "## Example: " + example.title + "\n\n```\n" + Trimmed(example.conf) + "\n```\n\n";
    if (!example.input.empty()) out += "In:\n\n```\n" + Trimmed(Shown(example.input)) + "\n```\n\n";
    if (!example.expected.empty()) {
      out += "Out:\n\n```\n" + Trimmed(Shown(example.expected)) + "\n```\n\n";
    }
  }
  return Trimmed(std::move(out)) + '\n';
}

int Plugins(const std::vector<std::string>& args) {
  if (args.empty()) return List();
  if (args.size() == 1 && args[0] == "--json") {
    std::printf("%s\n", Json().c_str());
    return kOk;
  }
  if (args.size() == 2 && args[0] == "--reference") return WriteReference(args[1]);
  if (args.size() == 1 && !args[0].starts_with("-")) return Show(args[0]);
  std::fprintf(stderr, "usage: tailrace plugins [NAME | --json | --reference DIR]\n");
  return kUsage;
}

}  // namespace tailrace::command
