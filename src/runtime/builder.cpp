// SPDX-License-Identifier: Apache-2.0
#include "runtime/builder.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "buffer/disk_place.h"
#include "buffer/params.h"
#include "plugins.h"

namespace tailrace::runtime {
namespace {

constexpr std::string_view kKindNames[] = {"input", "parser", "filter", "formatter", "output"};

std::vector<std::string_view> TypesOf(PluginKind kind) {
  std::vector<std::string_view> types;
  for (const PluginEntry& entry : AllPlugins()) {
    if (entry.kind != kind) continue;
    types.push_back(entry.type);
    types.insert(types.end(), entry.aliases.begin(), entry.aliases.end());
  }
  return types;
}

// Whether the output of this section hands events to somebody else. Direct outputs pass them on
// within the pipeline, except stdout.
bool LeavesTheProcess(const config::Element& section) {
  const PluginEntry* entry = FindPlugin(PluginKind::kOutput, section.Type());
  return entry == nullptr || entry->buffered || entry->type == "stdout";
}

// Names a section by where it stands.
std::string KeyOf(const config::Element& section) {
  const config::Location& place = section.location;
  return (place.file ? place.file->name : std::string()) + ':' + std::to_string(place.line) + ':' +
         std::to_string(place.column);
}

const config::Location& Place(const config::Element& section, std::string_view key) {
  const config::Attribute* attribute = section.Find(key);
  return attribute != nullptr ? attribute->value_location : section.location;
}

}  // namespace

// What one plugin sees while it is constructed.
class Builder::Env final : public PluginEnv {
 public:
  Env(Builder& builder, const config::Element& element, const std::string& id)
      : builder_(builder),
        element_(element),
        id_(id),
        errors_before_(builder.problems().ErrorCount()) {}

  LoadContext& load() override { return builder_.load(); }
  bool failed() const override { return builder_.problems().ErrorCount() > errors_before_; }
  const config::Element& element() const override { return element_; }
  std::string_view Reserved(std::string_view key) const override { return element_.Text(key); }
  std::string_view ArgumentOf(const config::Element& section) const override { return section.arg; }
  std::string_view TextOf(const config::Element& section, std::string_view key) const override {
    return section.Text(key);
  }
  const std::string& id() const override { return id_; }
  const std::string& hostname() const override { return builder_.options_.hostname; }
  int worker() const override { return builder_.worker_; }
  int workers() const override { return builder_.options_.workers; }
  std::function<EventTime()> clock() const override { return builder_.options_.clock; }

  std::unique_ptr<Parser> MakeParser(const config::Element& section) override {
    return builder_.MakeParser(section);
  }
  std::unique_ptr<Formatter> MakeFormatter(const config::Element& section) override {
    return As<Formatter>(builder_.Make(PluginKind::kFormatter, section, ""));
  }
  std::unique_ptr<Output> MakeOutput(const config::Element& section) override {
    return builder_.MakeOutput(section);
  }
  void UseLabel(const std::string& label, const config::Element& where) override {
    builder_.label_uses_.emplace_back(label, Place(where, "@label"));
    if (builder_.worker_ == 0) builder_.notes_.Target(label);
  }
  std::function<bool(std::string_view, const Origin&)> writable() const override {
    route::Pipeline* pipeline = builder_.plan_->pipeline.get();
    return [pipeline, own = builder_.router_](std::string_view label, const Origin& origin) {
      route::Router* router = label.empty() ? own : pipeline->FindRouter(label);
      return router == nullptr || pipeline->Writable(*router, origin);
    };
  }
  void Problem(const config::Element& where, std::string_view key, std::string message) override {
    builder_.problems().Error(Place(where, key), std::move(message));
  }

 private:
  template <typename T>
  static std::unique_ptr<T> As(std::unique_ptr<Plugin> plugin) {
    // The table says which kind each type is, so the cast cannot fail.
    return std::unique_ptr<T>(static_cast<T*>(plugin.release()));
  }

  Builder& builder_;
  const config::Element& element_;
  const std::string& id_;
  size_t errors_before_;
};

Builder::Builder(const config::Element& root, BuildOptions options, config::Problems& problems)
    : root_(root),
      options_(std::move(options)),
      problems_(problems),
      load_{problems_, options_.strict_values, options_.strict_names},
      repeated_load_{repeated_, options_.strict_values, options_.strict_names} {}

Builder::~Builder() = default;

WorkerPlan Builder::Build(int worker) {
  worker_ = worker;
  WorkerPlan plan;
  plan.pipeline = std::make_unique<route::Pipeline>(worker);
  plan_ = &plan;
  // Routers first: plugins refer to labels that stand below them.
  route::Router& root = plan.pipeline->AddRouter("");
  const auto add_labels = [&plan](const config::Element& parent) {
    for (const config::Element* label : parent.Sections("label")) {
      if (plan.pipeline->FindRouter(label->arg) == nullptr) plan.pipeline->AddRouter(label->arg);
    }
  };
  add_labels(root_);
  for (const config::Element* section : root_.Sections("worker")) {
    if (InThisWorker(*section)) add_labels(*section);
  }
  BuildSections(root_, root, true);
  if (worker == 0) CheckLabels();
  plan_ = nullptr;
  return plan;
}

void Builder::BuildSections(const config::Element& parent, route::Router& router, bool root) {
  router_ = &router;
  for (const config::Element& section : parent.elements) {
    if (section.name == "source" && root) {
      if (options_.sources) BuildSource(section, router);
    } else if (section.name == "filter") {
      BuildFilter(section, router);
    } else if (section.name == "match") {
      BuildMatch(section, router);
    } else if (section.name == "label" && root) {
      BuildLabel(section);
      router_ = &router;
    } else if (section.name == "worker" && root) {
      if (InThisWorker(section)) BuildSections(section, router, true);
    } else if (!root || (section.name != "system" && section.name != "test")) {
      if (worker_ > 0) continue;
      const std::vector<std::string_view> known =
          root ? std::vector<std::string_view>{"source", "filter", "match",
                                               "label",  "worker", "system"}
               : std::vector<std::string_view>{"filter", "match"};
      const std::string_view nearest = config::Nearest(section.name, known);
      problems().Warning(
          section.location, "section <" + section.name + "> is not used",
          nearest.empty() ? std::string() : "did you mean <" + std::string(nearest) + ">?");
    }
  }
}

bool Builder::InThisWorker(const config::Element& section) {
  const std::string& arg = section.arg;
  int first = 0;
  const char* end = arg.data() + arg.size();
  auto [after, error] = std::from_chars(arg.data(), end, first);
  int last = first;
  if (error == std::errc() && after != end && *after == '-') {
    const auto range = std::from_chars(after + 1, end, last);
    after = range.ptr;
    error = range.ec;
  }
  if (error != std::errc() || after != end || last < first) {
    problems().Error(section.location, "<worker " + arg + "> needs a number or a range (0-3)");
    return false;
  }
  if (last >= options_.workers) {
    problems().Error(section.location,
                     "<worker " + arg + "> is beyond the last of " +
                         std::to_string(options_.workers) + " workers",
                     "set workers in <system>");
  }
  return worker_ >= first && worker_ <= last;
}

void Builder::BuildSource(const config::Element& section, route::Router& router) {
  auto made = Make(PluginKind::kInput, section, "");
  if (made == nullptr) return;
  route::Router* target = &router;
  if (const std::string label(section.Text("@label")); !label.empty()) {
    label_uses_.emplace_back(label, Place(section, "@label"));
    target = plan_->pipeline->FindRouter(label);
    if (target == nullptr) return;  // CheckLabels() reports it
  }
  InputNode node;
  node.input.reset(static_cast<Input*>(made.release()));
  node.id = IdOf(section);
  node.type = std::string(section.Type());
  node.router = target;
  plan_->inputs.push_back(std::move(node));
}

void Builder::BuildFilter(const config::Element& section, route::Router& router) {
  auto made = Make(PluginKind::kFilter, section, "");
  auto pattern = Pattern(section);
  if (made == nullptr || !pattern) return;
  std::unique_ptr<Filter> filter(static_cast<Filter*>(made.release()));
  plan_->pipeline->AddFilter(router, std::move(*pattern), std::move(filter), IdOf(section));
}

void Builder::BuildMatch(const config::Element& section, route::Router& router) {
  auto output = MakeOutput(section);
  auto pattern = Pattern(section);
  if (output == nullptr || !pattern) return;
  plan_->pipeline->AddOutput(router, std::move(*pattern), std::move(output), IdOf(section));
}

void Builder::BuildLabel(const config::Element& section) {
  if (section.arg.empty() || section.arg[0] != '@') {
    problems().Error(section.location, "a label needs a name that begins with @, as <label @NAME>");
  } else if (section.arg == "@ROOT") {
    problems().Error(section.location, "@ROOT is the top level and cannot be declared");
  }
  route::Router* router = plan_->pipeline->FindRouter(section.arg);
  if (router == nullptr) return;
  if (!router->empty()) {
    problems().Error(section.location, "label " + section.arg + " is declared twice",
                     "put its sections together");
  }
  BuildSections(section, *router, false);
}

std::optional<text::TagMatcher> Builder::Pattern(const config::Element& section) {
  auto matcher = text::TagMatcher::Compile(section.arg.empty() ? "**" : section.arg);
  if (!matcher) {
    problems().Error(section.arg_location.line > 0 ? section.arg_location : section.location,
                     matcher.error().message);
    return std::nullopt;
  }
  return std::move(*matcher);
}

const std::string& Builder::IdOf(const config::Element& section) {
  const std::string key = KeyOf(section);
  const auto found = ids_.find(key);
  if (found != ids_.end()) return found->second;
  std::string id(section.Text("@id"));
  if (id.empty()) {
    id = "object:" + std::to_string(ids_.size());
  } else if (const auto [other, fresh] = explicit_ids_.emplace(id, Place(section, "@id")); !fresh) {
    problems().Error(Place(section, "@id"), "duplicated plugin id '" + id + "'",
                     "it is used first in line " + std::to_string(other->second.line));
  }
  return ids_.emplace(key, std::move(id)).first->second;
}

const buffer::Flusher* Builder::FlusherOf(const config::Element& section) const {
  const auto found = flushers_.find(KeyOf(section));
  return found == flushers_.end() ? nullptr : found->second.get();
}

const std::string* Builder::KnownIdOf(const config::Element& section) const {
  const auto found = ids_.find(KeyOf(section));
  return found == ids_.end() ? nullptr : &found->second;
}

std::unique_ptr<Plugin> Builder::Make(PluginKind kind, const config::Element& section,
                                      std::string_view default_type) {
  // Parsers and formatters never had the old name of @type.
  const bool inner = kind == PluginKind::kParser || kind == PluginKind::kFormatter;
  std::string_view type = inner ? section.Text("@type") : section.Type();
  if (type.empty()) type = default_type;
  const std::string_view kind_name = kKindNames[static_cast<size_t>(kind)];
  if (type.empty()) {
    problems().Error(section.location, section.Head() + " has no @type");
    return nullptr;
  }
  const PluginEntry* entry = FindPlugin(kind, type);
  if (entry == nullptr) {
    const std::string_view nearest = config::Nearest(type, TypesOf(kind));
    problems().Error(
        Place(section, section.Find("@type") != nullptr ? "@type" : "type"),
        "unknown " + std::string(kind_name) + " plugin '" + std::string(type) + "'",
        nearest.empty() ? std::string() : "did you mean '" + std::string(nearest) + "'?");
    return nullptr;
  }
  Env env(*this, section, IdOf(section));
  // Every worker makes the same plugins; on its own, a parser or formatter stands nowhere.
  if (worker_ > 0 || router_ == nullptr) return entry->make(env);
  notes_.Enter(kind, *entry, section, IdOf(section), router_->label());
  auto made = entry->make(env);
  notes_.Leave(kind);
  return made;
}

std::unique_ptr<Parser> Builder::MakeParser(const config::Element& section) {
  // <pattern> of multi_format names its parser by `format`.
  config::Element named;
  const config::Element* made_from = &section;
  if (section.name != "parse" && section.Find("format") != nullptr) {
    named = section;
    std::erase_if(named.attrs, [](const config::Attribute& a) { return a.key == "format_name"; });
    for (config::Attribute& attribute : named.attrs) {
      if (attribute.key == "format") attribute.key = "@type";
    }
    made_from = &named;
  }
  auto made = Make(PluginKind::kParser, *made_from, "");
  return std::unique_ptr<Parser>(static_cast<Parser*>(made.release()));
}

std::unique_ptr<Formatter> Builder::MakeFormatter(const config::Element& section) {
  auto made = Make(PluginKind::kFormatter, section, "");
  return std::unique_ptr<Formatter>(static_cast<Formatter*>(made.release()));
}

std::unique_ptr<Output> Builder::MakeOutput(const config::Element& section) {
  const auto known = flushers_.find(KeyOf(section));
  if (known != flushers_.end()) return MakeStage(section, nullptr);
  if (options_.make_sink && LeavesTheProcess(section)) return options_.make_sink(section);
  auto made = Make(PluginKind::kOutput, section, "");
  if (made == nullptr) {
    // The plugin's own mistakes do not hide those of its <buffer>.
    if (!section.Sections("buffer").empty()) buffer::ResolveBuffer(section, {}, load());
    return nullptr;
  }
  if (dynamic_cast<BufferedOutput*>(made.get()) != nullptr) {
    return MakeStage(
        section, std::shared_ptr<BufferedOutput>(dynamic_cast<BufferedOutput*>(made.release())));
  }
  return std::unique_ptr<Output>(dynamic_cast<Output*>(made.release()));
}

std::unique_ptr<Output> Builder::MakeStage(const config::Element& section,
                                           std::shared_ptr<BufferedOutput> output) {
  std::shared_ptr<buffer::Flusher>& flusher = flushers_[KeyOf(section)];
  if (flusher == nullptr) {
    buffer::BufferOptions options =
        buffer::ResolveBuffer(section, output->buffer_defaults(), load());
    flusher =
        std::make_shared<buffer::Flusher>(IdOf(section), std::string(section.Type()),
                                          std::move(output), std::move(options), options_.workers);
    UseDisk(section, *flusher);
    flusher_list_.push_back(flusher);
  }
  std::unique_ptr<Output> secondary;
  if (const auto sections = section.Sections("secondary"); !sections.empty()) {
    secondary = MakeOutput(*sections.front());
    flusher->set_has_secondary();
  }
  Env env(*this, section, IdOf(section));
  auto encoder = flusher->output().NewEncoder(env);
  if (encoder == nullptr) return nullptr;
  auto stage =
      std::make_unique<buffer::Stage>(flusher, worker_, std::move(encoder), std::move(secondary));
  plan_->stages.push_back(stage.get());
  return stage;
}

void Builder::UseDisk(const config::Element& section, buffer::Flusher& flusher) {
  buffer::DiskPlace place;
  if (const auto system = root_.Sections("system"); !system.empty()) {
    place.root_dir = system.front()->Text("root_dir");
  }
  place.plugin_id = flusher.id();
  place.has_id = !section.Text("@id").empty();
  if (auto problem = buffer::PlaceOnDisk(place, buffer_paths_, flusher); !problem.empty()) {
    const auto own = section.Sections("buffer");
    problems().Error(own.empty() ? section.location : Place(*own.front(), "path"),
                     std::move(problem));
  }
}

void Builder::CheckLabels() {
  for (const auto& [label, location] : label_uses_) {
    used_labels_.insert(label);
    if (plan_->pipeline->FindRouter(label) != nullptr) continue;
    std::vector<std::string_view> known;
    for (const config::Element* section : root_.Sections("label")) known.push_back(section->arg);
    const std::string_view nearest = config::Nearest(label, known);
    problems().Error(location, "label " + label + " is not declared",
                     nearest.empty() ? "add a <label " + label + "> section"
                                     : "did you mean " + std::string(nearest) + "?");
  }
  for (const config::Element* section : root_.Sections("label")) {
    const std::string& name = section->arg;
    if (name == "@ERROR" || name == "@FLUENT_LOG" || used_labels_.contains(name)) continue;
    problems().Warning(section->location, "label " + name + " is not used by anything");
  }
}

}  // namespace tailrace::runtime
