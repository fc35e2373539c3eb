// SPDX-License-Identifier: Apache-2.0
#pragma once
// From the element tree to pipelines: makes every plugin for each worker, joins them by labels and
// tags, and reports everything that is wrong. Nothing is opened, started or sent here, so `check`
// builds exactly what `run` builds.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "buffer/flusher.h"
#include "buffer/stage.h"
#include "config/element.h"
#include "config/problems.h"
#include "route/pipeline.h"
#include "runtime/plugin_notes.h"
#include "tailrace/params.h"
#include "tailrace/plugin.h"

namespace tailrace::runtime {

struct BuildOptions {
  int workers = 1;
  std::string hostname;
  std::function<EventTime()> clock;
  bool strict_values = false;
  bool strict_names = false;
  bool sources = true;  // false: <source> sections are left out (replay, filter)
  // Where set, stands in for every output that would leave the process, unknown ones included.
  std::function<std::unique_ptr<Output>(const config::Element& section)> make_sink;
};

struct InputNode {
  std::unique_ptr<Input> input;
  std::string id;
  std::string type;
  route::Router* router = nullptr;
};

// All that one worker runs.
struct WorkerPlan {
  std::unique_ptr<route::Pipeline> pipeline;
  std::vector<InputNode> inputs;
  std::vector<buffer::Stage*> stages;  // within the pipeline's outputs
};

class Builder {
 public:
  // `root` and `problems` must outlive the builder; the flushers and ids it holds must outlive the
  // plans.
  Builder(const config::Element& root, BuildOptions options, config::Problems& problems);
  ~Builder();

  // Workers are built in order, from 0.
  WorkerPlan Build(int worker);
  const std::vector<std::shared_ptr<buffer::Flusher>>& flushers() const { return flusher_list_; }
  // What was built, once worker 0 has been.
  const std::vector<observe::PluginInfo>& plugins() const { return notes_.plugins(); }

  // After Build(0): the flusher and the @id of a section (or of a copy of it); null if it has none.
  const buffer::Flusher* FlusherOf(const config::Element& section) const;
  const std::string* KnownIdOf(const config::Element& section) const;

  // One parser or formatter on its own, for the commands that try it out. Null after a problem.
  std::unique_ptr<Parser> MakeParser(const config::Element& section);
  std::unique_ptr<Formatter> MakeFormatter(const config::Element& section);

 private:
  class Env;
  friend class Env;

  void BuildSections(const config::Element& parent, route::Router& router, bool root);
  void BuildSource(const config::Element& section, route::Router& router);
  void BuildFilter(const config::Element& section, route::Router& router);
  void BuildMatch(const config::Element& section, route::Router& router);
  void BuildLabel(const config::Element& section);
  bool InThisWorker(const config::Element& section);
  std::unique_ptr<Plugin> Make(PluginKind kind, const config::Element& section,
                               std::string_view default_type);
  std::unique_ptr<Output> MakeOutput(const config::Element& section);
  std::unique_ptr<Output> MakeStage(const config::Element& section,
                                    std::shared_ptr<BufferedOutput> output);
  // Gives the output its directory, if its buffer is a file buffer.
  void UseDisk(const config::Element& section, buffer::Flusher& flusher);
  const std::string& IdOf(const config::Element& section);
  std::optional<text::TagMatcher> Pattern(const config::Element& section);
  void CheckLabels();
  config::Problems& problems() { return worker_ == 0 ? problems_ : repeated_; }
  LoadContext& load() { return worker_ == 0 ? load_ : repeated_load_; }

  const config::Element& root_;
  BuildOptions options_;
  config::Problems& problems_;
  LoadContext load_;
  // What is wrong is reported when worker 0 is built; the others would only repeat it.
  config::Problems repeated_;
  LoadContext repeated_load_;

  int worker_ = 0;
  WorkerPlan* plan_ = nullptr;
  route::Router* router_ = nullptr;  // where the plugin that is being made stands
  PluginNotes notes_;
  // Shared by workers, by the place of the section: each worker loads its own copy of sub-sections.
  // One flusher per <match>, <store> or <secondary> section.
  std::map<std::string, std::shared_ptr<buffer::Flusher>> flushers_;
  std::vector<std::shared_ptr<buffer::Flusher>> flusher_list_;
  std::map<std::string, std::string> buffer_paths_;  // of file buffers, and whose each is
  std::map<std::string, std::string> ids_;
  std::map<std::string, config::Location> explicit_ids_;
  std::vector<std::pair<std::string, config::Location>> label_uses_;
  std::set<std::string> used_labels_;
};

}  // namespace tailrace::runtime
