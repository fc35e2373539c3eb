// SPDX-License-Identifier: Apache-2.0
#pragma once
// One worker's pipeline: its inputs, filters and outputs, joined by routers. A batch that an input
// emits runs to completion here, on the worker's thread, without a lock or a queue.
//
// Counts every event once: read = delivered + dropped(reason) + in flight, where events that
// plugins make, copy or join are counted as such (docs/architecture.md, "The ledger").

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "route/router.h"
#include "tailrace/log.h"
#include "tailrace/metrics.h"
#include "tailrace/plugin.h"

namespace tailrace::route {

class Pipeline;

// What a plugin sees of the pipeline while it works.
class NodeContext final : public EventContext {
 public:
  NodeContext(Pipeline& pipeline, Router& router, FilterNode* filter)
      : pipeline_(pipeline), router_(router), filter_(filter) {}

  void Drop(Batch& batch, Row& row, const char* reason) override;
  void MoveToError(Batch& batch, Row& row, std::string_view why) override;
  void CopyToError(Batch& batch, const Row& row, std::string_view why) override;
  void Joined(Batch& batch, Row& row) override;
  void Forward(Batch& batch) override;
  void EmitTo(std::string_view label, Batch& batch) override;
  std::unique_ptr<Batch> NewBatch() override;
  void Recycle(std::unique_ptr<Batch> batch) override;

 private:
  Pipeline& pipeline_;
  Router& router_;
  FilterNode* filter_;  // null for outputs
};

struct FilterNode {
  std::unique_ptr<Filter> filter;
  std::string id;
  std::unique_ptr<NodeContext> context;
  int64_t next_tick_ns = 0;
};

struct OutputNode {
  std::unique_ptr<Output> output;
  std::string id;
  std::unique_ptr<NodeContext> context;
  int64_t next_tick_ns = 0;
};

class Pipeline {
 public:
  // Sees events that go to @ERROR where the configuration has no such label.
  using ErrorSink = std::function<void(Batch&, const Row&, std::string_view why)>;
  using NoMatchSink = std::function<void(Batch&)>;

  explicit Pipeline(int worker);
  ~Pipeline();

  // --- While it is built ---
  Router& AddRouter(std::string label);
  // Null if there is none.
  Router* FindRouter(std::string_view label);
  void AddFilter(Router& router, text::TagMatcher pattern, std::unique_ptr<Filter> filter,
                 std::string id);
  void AddOutput(Router& router, text::TagMatcher pattern, std::unique_ptr<Output> output,
                 std::string id);
  void set_error_sink(ErrorSink sink) { error_sink_ = std::move(sink); }
  void set_no_match_sink(NoMatchSink sink) { no_match_sink_ = std::move(sink); }

  // --- Worker thread ---
  // An input's events: counted as read, then run. Returns how many they were.
  uint64_t Emit(Router& router, Batch& batch);
  void Run(Router& router, Batch& batch, size_t first_filter = 0);
  // What follows `filter` on the way of this batch.
  void RunAfter(Router& router, const FilterNode* filter, Batch& batch);
  bool Writable(Router& router, const Origin& origin);
  // Calls the plugins whose tick is due (all of them if `woken`).
  void Tick(int64_t now_ns, bool woken);
  // Seconds between ticks that the plugins ask for.
  double tick_interval() const;
  void FlushFilters();
  void FlushOutputs();

  // Counts the row as dropped, here and in the books of its source.
  void CountDropped(const char* reason, const Batch& batch, const Row& row);
  // Events that an input read and could not emit.
  void CountReadAndDropped(std::string_view reason, uint64_t events) {
    read_->Add(events);
    Dropped(reason).Add(events);
  }
  void Error(Router& router, Batch& batch, const Row& row, std::string_view why);
  std::unique_ptr<Batch> NewBatch();
  void Recycle(std::unique_ptr<Batch> batch);

 private:
  friend class NodeContext;
  static constexpr size_t kSpareBatches = 4;
  // Relabel and tag rewriting can make a circle; an event that goes round this often is dropped.
  static constexpr int kDepthMax = 64;

  Cell& Dropped(std::string_view reason);
  void CountAllDropped(const char* reason, const Batch& batch);
  void NoMatch(Batch& batch);
  void DumpError(const Batch& batch, const Row& row, std::string_view why);

  int worker_;
  std::vector<std::unique_ptr<Router>> routers_;
  std::vector<std::unique_ptr<FilterNode>> filters_;
  std::vector<std::unique_ptr<OutputNode>> outputs_;
  std::vector<std::unique_ptr<Batch>> spare_;
  ErrorSink error_sink_;
  NoMatchSink no_match_sink_;
  int depth_ = 0;
  uint64_t no_match_ = 0;
  LogLimit error_limit_;
  std::map<std::string, std::shared_ptr<Cell>, std::less<>> dropped_;
  std::shared_ptr<Cell> read_, made_, joined_;
};

}  // namespace tailrace::route
