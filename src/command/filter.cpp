// SPDX-License-Identifier: Apache-2.0
#include "command/filter.h"

#include <cstdio>
#include <iostream>

#include "command/agent_options.h"
#include "command/command.h"
#include "command/event_json.h"
#include "event/json.h"

namespace tailrace::command {

// Stands where a destination would stand.
class FilterSession::Sink final : public Output {
 public:
  Sink(FilterSession& session, std::string name) : session_(session), name_(std::move(name)) {}
  void Emit(Batch& batch, EventContext& /*context*/) override {
    for (const Row& row : batch.rows()) {
      if (!row.dropped) session_.Collect(batch, row, {}, name_);
    }
  }

 private:
  FilterSession& session_;
  std::string name_;
};

FilterSession::FilterSession(const config::Element& root, runtime::BuildOptions options,
                             const std::string& label, config::Problems& problems) {
  options.workers = 1;
  options.sources = false;
  options.make_sink = [this](const config::Element& section) {
    return std::make_unique<Sink>(*this, std::string(section.Text("name")));
  };
  builder_ = std::make_unique<runtime::Builder>(root, std::move(options), problems);
  plan_ = builder_->Build(0);
  plan_.pipeline->set_no_match_sink([this](Batch& batch) {
    for (const Row& row : batch.rows()) {
      if (!row.dropped) Collect(batch, row, {}, {});
    }
  });
  plan_.pipeline->set_error_sink([this](Batch& batch, const Row& row, std::string_view why) {
    Collect(batch, row, why.empty() ? "error" : why, {});
  });
  router_ = plan_.pipeline->FindRouter(label);
  if (router_ == nullptr) {
    problems.Error(root.location, "there is no label " + label);
  }
}

FilterSession::~FilterSession() = default;

void FilterSession::Collect(Batch& batch, const Row& row, std::string_view error,
                            const std::string& sink) {
  Event event;
  event.error = error;
  event.sink = sink;
  event.json = "{\"tag\":";
  AppendQuoted(batch.origin()->tag, event.json);
  event.json += ",\"time\":";
  AppendTime(row.time, event.json);
  event.json += ",\"record\":";
  AppendRecord(batch, row, scratch_, event.json);
  if (!error.empty()) {
    event.json += ",\"error\":";
    AppendQuoted(error, event.json);
  }
  event.json += '}';
  scratch_.Reset();
  events_.push_back(std::move(event));
}

Result<std::vector<FilterSession::Event>> FilterSession::Feed(std::string_view line) {
  auto batch = plan_.pipeline->NewBatch();
  char* padded = batch->arena().Allocate(line.size() + json::kPadding);
  std::memcpy(padded, line.data(), line.size());
  std::memset(padded + line.size(), ' ', json::kPadding);
  auto event = ReadEventJson({padded, line.size()}, *batch);
  if (!event) return tl::unexpected(event.error());
  auto origin = std::make_shared<Origin>();
  origin->tag = event->tag;
  batch->set_origin(std::move(origin));
  plan_.pipeline->Emit(*router_, *batch);
  plan_.pipeline->Recycle(std::move(batch));
  return std::exchange(events_, {});
}

std::vector<FilterSession::Event> FilterSession::Flush() {
  plan_.pipeline->FlushFilters();
  plan_.pipeline->FlushOutputs();
  return std::exchange(events_, {});
}

int Filter(const std::vector<std::string>& args) {
  auto options = ParseAgentOptions("filter", args);
  if (!options) return kUsage;
  config::Problems problems;
  config::Loaded loaded;
  LoadConfig(*options, &loaded, &problems);
  const SystemSettings system = ReadSystem(loaded.root, *options, problems);
  FilterSession session(loaded.root, BuildOptionsOf(*options, system), options->label, problems);
  std::fputs(config::Format(problems).c_str(), stderr);
  if (problems.HasErrors()) return kWrong;
  const auto print = [](const std::vector<FilterSession::Event>& events) {
    for (const FilterSession::Event& event : events) std::printf("%s\n", event.json.c_str());
  };
  int code = kOk;
  size_t number = 0;
  for (std::string line; std::getline(std::cin, line);) {
    ++number;
    if (line.empty()) continue;
    if (auto events = session.Feed(line)) {
      print(*events);
    } else {
      std::fprintf(stderr, "line %zu: %s\n", number, events.error().message.c_str());
      code = kWrong;
    }
  }
  print(session.Flush());
  return code;
}

}  // namespace tailrace::command
