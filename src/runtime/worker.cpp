// SPDX-License-Identifier: Apache-2.0
#include "runtime/worker.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <cmath>

#include "tailrace/log.h"
#include "tailrace/steady_clock.h"

namespace tailrace::runtime {

// What one input works with.
class Worker::InputHost final : public InputRuntime, public Emitter {
 public:
  InputHost(boost::asio::io_context& loop, route::Pipeline& pipeline, InputNode& node)
      : loop_(loop), pipeline_(pipeline), node_(node) {
    labels_ = {{"plugin_id", node.id}, {"type", node.type}};
    emitted_ = Metrics::Global().Counter("tailrace_input_events_total",
                                         "Events that an input emitted.", labels_);
  }

  boost::asio::io_context& loop() override { return loop_; }
  Emitter& emitter() override { return *this; }
  std::unique_ptr<Batch> NewBatch() override { return pipeline_.NewBatch(); }
  void Recycle(std::unique_ptr<Batch> batch) override { pipeline_.Recycle(std::move(batch)); }
  void CountDropped(std::string_view reason, uint64_t events) override {
    pipeline_.CountReadAndDropped(reason, events);
  }
  void CountLostBytes(std::string_view reason, uint64_t bytes) override {
    auto& cell = lost_[std::string(reason)];
    if (cell == nullptr) {
      MetricLabels labels = labels_;
      labels.emplace_back("reason", reason);
      cell = Metrics::Global().Counter("tailrace_input_lost_bytes_total",
                                       "Bytes that vanished before they could be read.", labels);
    }
    cell->Add(bytes);
  }

  void Emit(Batch& batch) override { emitted_->Add(pipeline_.Emit(*node_.router, batch)); }
  bool Writable(const Origin& origin) override { return pipeline_.Writable(*node_.router, origin); }

 private:
  boost::asio::io_context& loop_;
  route::Pipeline& pipeline_;
  InputNode& node_;
  MetricLabels labels_;
  std::shared_ptr<Cell> emitted_;
  std::map<std::string, std::shared_ptr<Cell>> lost_;
};

Worker::Worker(int index, WorkerPlan plan)
    : index_(index),
      plan_(std::move(plan)),
      heartbeat_(Health::Global().AddHeartbeat("worker " + std::to_string(index))) {}

Worker::~Worker() {
  Join();
  wake_descriptor_.release();  // wake_ closes it
}

void Worker::Start() {
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), ("worker-" + std::to_string(index_)).c_str());
}

void Worker::Stop() {
  boost::asio::post(loop_, [this] { BeginStop(); });
}

void Worker::FlushBuffers() {
  boost::asio::post(loop_, [this] { plan_.pipeline->FlushOutputs(); });
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::Run() {
  wake_descriptor_.assign(wake_.fd());
  WaitForWake();
  for (InputNode& node : plan_.inputs) {
    hosts_.push_back(std::make_unique<InputHost>(loop_, *plan_.pipeline, node));
    if (Status status = node.input->Start(*hosts_.back()); !status) {
      LogError("an input cannot start; the agent stops.",
               {{"plugin_id", node.id}, {"type", node.type}, {"error", status.error().message}});
      failed_ = true;
    }
  }
  if (failed_) {
    // The process is told by a signal to itself, as it would be by an operator.
    kill(getpid(), SIGTERM);
  }
  ScheduleTick();
  loop_.run();
}

void Worker::WaitForWake() {
  wake_descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                              [this](const boost::system::error_code& error) {
                                if (error) return;
                                wake_.Consume();
                                Tick(true);
                                WaitForWake();
                              });
}

void Worker::ScheduleTick() {
  double interval = plan_.pipeline->tick_interval();
  if (stopping_) interval = std::min(interval, 0.02);
  if (std::isinf(interval)) interval = 1;
  timer_.expires_after(std::chrono::nanoseconds(static_cast<int64_t>(interval * 1e9)));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    Tick(false);
    ScheduleTick();
  });
}

void Worker::Tick(bool woken) {
  const int64_t now = SteadyNanos();
  heartbeat_->Beat(now);
  plan_.pipeline->Tick(now, woken || stopping_);
  if (!stopping_) return;
  // What came back may have gone to other outputs (@ERROR, <secondary>).
  plan_.pipeline->FlushOutputs();
  if (!Settled()) return;
  for (InputNode& node : plan_.inputs) node.input->Close();
  loop_.stop();
}

void Worker::BeginStop() {
  if (stopping_) return;
  for (InputNode& node : plan_.inputs) node.input->Stop();
  plan_.pipeline->FlushFilters();
  plan_.pipeline->FlushOutputs();
  stopping_ = true;
  Tick(true);
  ScheduleTick();
}

bool Worker::Settled() const {
  return std::all_of(plan_.stages.begin(), plan_.stages.end(),
                     [](const buffer::Stage* stage) { return stage->Empty(); });
}

}  // namespace tailrace::runtime
