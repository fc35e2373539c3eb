// SPDX-License-Identifier: Apache-2.0
#include "route/pipeline.h"

#include <algorithm>
#include <limits>

#include "event/json.h"
#include "observe/recent_drops.h"

namespace tailrace::route {
namespace {

// Where the row began; null where events have no place.
Segment* SegmentOf(const Batch& batch, const Row& row) {
  return row.segment < batch.segments().size() ? batch.segments()[row.segment].get() : nullptr;
}

}  // namespace

// --- NodeContext ---------------------------------------------------------------------------------

void NodeContext::Drop(Batch& batch, Row& row, const char* reason) {
  row.dropped = true;
  pipeline_.CountDropped(reason, batch, row);
}

void NodeContext::MoveToError(Batch& batch, Row& row, std::string_view why) {
  pipeline_.Error(router_, batch, row, why);
  row.dropped = true;
}

void NodeContext::CopyToError(Batch& batch, const Row& row, std::string_view why) {
  pipeline_.made_->Add();
  pipeline_.Error(router_, batch, row, why);
}

void NodeContext::Joined(Batch& batch, Row& row) {
  row.dropped = true;
  pipeline_.joined_->Add();
  if (Segment* segment = SegmentOf(batch, row)) segment->Joined(1);
}

void NodeContext::Forward(Batch& batch) { pipeline_.RunAfter(router_, filter_, batch); }

void NodeContext::EmitTo(std::string_view label, Batch& batch) {
  Router* router = label.empty() ? &router_ : pipeline_.FindRouter(label);
  if (router != nullptr) {
    pipeline_.Run(*router, batch);
  } else {
    pipeline_.CountAllDropped("no_such_label", batch);
  }
}

std::unique_ptr<Batch> NodeContext::NewBatch() { return pipeline_.NewBatch(); }
void NodeContext::Recycle(std::unique_ptr<Batch> batch) { pipeline_.Recycle(std::move(batch)); }

// --- Pipeline ------------------------------------------------------------------------------------

Pipeline::Pipeline(int worker) : worker_(worker) {
  Metrics& metrics = Metrics::Global();
  read_ = metrics.Counter("tailrace_events_read_total", "Events that inputs emitted.");
  made_ = metrics.Counter("tailrace_events_made_total",
                          "Events that plugins made or copied beside those that were read.");
  joined_ = metrics.Counter("tailrace_events_joined_total",
                            "Events whose content went on within another event.");
}

Pipeline::~Pipeline() = default;

Router& Pipeline::AddRouter(std::string label) {
  routers_.push_back(std::make_unique<Router>(std::move(label)));
  return *routers_.back();
}

Router* Pipeline::FindRouter(std::string_view label) {
  if (label == "@ROOT") label = "";
  for (const auto& router : routers_) {
    if (router->label() == label) return router.get();
  }
  return nullptr;
}

void Pipeline::AddFilter(Router& router, text::TagMatcher pattern, std::unique_ptr<Filter> filter,
                         std::string id) {
  auto node = std::make_unique<FilterNode>();
  node->filter = std::move(filter);
  node->id = std::move(id);
  node->context = std::make_unique<NodeContext>(*this, router, node.get());
  router.AddFilter(std::move(pattern), node.get());
  filters_.push_back(std::move(node));
}

void Pipeline::AddOutput(Router& router, text::TagMatcher pattern, std::unique_ptr<Output> output,
                         std::string id) {
  auto node = std::make_unique<OutputNode>();
  node->output = std::move(output);
  node->id = std::move(id);
  node->context = std::make_unique<NodeContext>(*this, router, nullptr);
  router.AddOutput(std::move(pattern), node.get());
  outputs_.push_back(std::move(node));
}

uint64_t Pipeline::Emit(Router& router, Batch& batch) {
  const uint64_t events = batch.live_rows();
  read_->Add(events);
  Run(router, batch);
  return events;
}

void Pipeline::Run(Router& router, Batch& batch, size_t first_filter) {
  if (depth_ >= kDepthMax) {
    CountAllDropped("routing_loop", batch);
    return;
  }
  ++depth_;
  const Route& route = router.Find(batch.origin()->tag);
  for (size_t i = first_filter; i < route.filters.size(); ++i) {
    if (batch.rows().empty()) break;
    FilterNode& node = *route.filters[i];
    node.filter->Apply(batch, *node.context);
  }
  if (batch.live_rows() > 0) {
    if (route.output != nullptr) {
      route.output->output->Emit(batch, *route.output->context);
    } else {
      NoMatch(batch);
    }
  }
  --depth_;
}

void Pipeline::RunAfter(Router& router, const FilterNode* filter, Batch& batch) {
  const Route& route = router.Find(batch.origin()->tag);
  const auto found = std::find(route.filters.begin(), route.filters.end(), filter);
  const auto next = found == route.filters.end() ? 0 : found - route.filters.begin() + 1;
  Run(router, batch, static_cast<size_t>(next));
}

bool Pipeline::Writable(Router& router, const Origin& origin) {
  const Route& route = router.Find(origin.tag);
  for (const FilterNode* node : route.filters) {
    if (!node->filter->Ready(origin)) return false;
  }
  return route.output == nullptr || route.output->output->Writable(origin);
}

namespace {

template <typename Nodes, typename Call>
void TickDue(Nodes& nodes, int64_t now_ns, bool woken, Call&& call) {
  for (const auto& node : nodes) {
    const double interval = call.Interval(*node);
    if (interval <= 0 || (!woken && now_ns < node->next_tick_ns)) continue;
    node->next_tick_ns = now_ns + static_cast<int64_t>(interval * 1e9);
    call.Tick(*node);
  }
}

struct FilterTick {
  static double Interval(const FilterNode& node) { return node.filter->tick_interval(); }
  static void Tick(FilterNode& node) { node.filter->Tick(*node.context); }
};

struct OutputTick {
  static double Interval(const OutputNode& node) { return node.output->tick_interval(); }
  static void Tick(OutputNode& node) { node.output->Tick(*node.context); }
};

}  // namespace

void Pipeline::Tick(int64_t now_ns, bool woken) {
  TickDue(filters_, now_ns, false, FilterTick{});
  TickDue(outputs_, now_ns, woken, OutputTick{});
}

double Pipeline::tick_interval() const {
  double interval = std::numeric_limits<double>::infinity();
  for (const auto& node : filters_) {
    if (const double each = node->filter->tick_interval(); each > 0) {
      interval = std::min(interval, each);
    }
  }
  for (const auto& node : outputs_) {
    if (const double each = node->output->tick_interval(); each > 0) {
      interval = std::min(interval, each);
    }
  }
  return interval;
}

// In file order: what a filter lets go passes those behind it while they still hold events.
void Pipeline::FlushFilters() {
  for (const auto& node : filters_) node->filter->Flush(*node->context);
}

void Pipeline::FlushOutputs() {
  for (const auto& node : outputs_) node->output->Flush(*node->context);
}

Cell& Pipeline::Dropped(std::string_view reason) {
  auto found = dropped_.find(reason);
  if (found == dropped_.end()) {
    found = dropped_
                .emplace(std::string(reason),
                         Metrics::Global().Counter("tailrace_events_dropped_total",
                                                   "Events that left other than by delivery.",
                                                   {{"reason", std::string(reason)}}))
                .first;
  }
  return *found->second;
}

void Pipeline::CountDropped(const char* reason, const Batch& batch, const Row& row) {
  Dropped(reason).Add();
  if (Segment* segment = SegmentOf(batch, row)) segment->Dropped(reason, 1);
}

void Pipeline::CountAllDropped(const char* reason, const Batch& batch) {
  for (const Row& row : batch.rows()) {
    if (!row.dropped) CountDropped(reason, batch, row);
  }
}

void Pipeline::NoMatch(Batch& batch) {
  if (no_match_sink_) {
    no_match_sink_(batch);
    return;
  }
  const size_t events = batch.live_rows();
  CountAllDropped("no_match", batch);
  // Fluentd's back-off: at counts 1, 2, 4 …, then every 512.
  ++no_match_;
  if ((no_match_ & (no_match_ - 1)) == 0 || no_match_ % 512 == 0) {
    LogWarn("no patterns matched", {{"tag", batch.origin()->tag}, {"events", events}});
  }
}

void Pipeline::Error(Router& router, Batch& batch, const Row& row, std::string_view why) {
  Router* errors = FindRouter("@ERROR");
  if (errors == nullptr || errors == &router) {
    if (error_sink_) {
      error_sink_(batch, row, why);
      return;
    }
    CountDropped("error", batch, row);
    DumpError(batch, row, why);
    return;
  }
  if (uint64_t suppressed = 0; error_limit_.Allow(&suppressed)) {
    LogWarn("send an error event to @ERROR", {{"error", why},
                                              {"tag", batch.origin() ? batch.origin()->tag : ""},
                                              {"time", row.time.sec},
                                              {"suppressed", suppressed}});
  }
  auto copy = NewBatch();
  copy->set_origin(batch.origin());
  copy->CopyRow(batch, row).dropped = false;
  Run(*errors, *copy);
  Recycle(std::move(copy));
}

void Pipeline::DumpError(const Batch& batch, const Row& row, std::string_view why) {
  uint64_t suppressed = 0;
  if (!error_limit_.Allow(&suppressed)) return;
  ByteBuffer record;
  json::AppendObject(batch, row, record);
  constexpr size_t kShown = 2048;
  observe::RecentDrops::Global().Add(batch.origin() ? batch.origin()->tag : "", why, record.view());
  LogWarn("dump an error event: it is counted as dropped, for there is no <label @ERROR>",
          {{"error", why},
           {"tag", batch.origin() ? batch.origin()->tag : ""},
           {"time", row.time.sec},
           {"suppressed", suppressed},
           {"record", record.view().substr(0, kShown)}});
}

std::unique_ptr<Batch> Pipeline::NewBatch() {
  if (spare_.empty()) return std::make_unique<Batch>();
  auto batch = std::move(spare_.back());
  spare_.pop_back();
  return batch;
}

void Pipeline::Recycle(std::unique_ptr<Batch> batch) {
  batch->Reset();
  if (spare_.size() < kSpareBatches) spare_.push_back(std::move(batch));
}

}  // namespace tailrace::route
