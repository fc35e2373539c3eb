// SPDX-License-Identifier: Apache-2.0
#include "runtime/agent.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <thread>

#include "observe/topology.h"
#include "tailrace/log.h"
#include "tailrace/metrics.h"

namespace tailrace::runtime {
namespace {

constexpr std::array kHandled = {SIGTERM, SIGINT, SIGUSR1};

sigset_t HandledSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kHandled) sigaddset(&set, signal);
  return set;
}

}  // namespace

namespace {

// What the ledger says at the end: every event that was read, and where it went.
void LogLedger() {
  std::map<std::string, uint64_t> sums;
  std::string dropped;
  for (const Sample& sample : Metrics::Global().Collect()) {
    const auto value = static_cast<uint64_t>(sample.value);
    if (sample.name == "tailrace_events_dropped_total" && value > 0) {
      if (!dropped.empty()) dropped += ' ';
      dropped += sample.labels.front().second + ':' + std::to_string(value);
    }
    sums[sample.name] += value;
  }
  LogInfo("what became of all events",
          {{"read", sums["tailrace_events_read_total"]},
           {"made", sums["tailrace_events_made_total"]},
           {"joined", sums["tailrace_events_joined_total"]},
           {"delivered", sums["tailrace_output_delivered_events_total"]},
           {"dropped", sums["tailrace_events_dropped_total"]},
           {"dropped_by_reason", dropped.empty() ? "none" : dropped},
           {"lost_bytes", sums["tailrace_input_lost_bytes_total"]}});
}

}  // namespace

Agent::Agent(const config::Element& root, BuildOptions options, config::Problems& problems) {
  const int workers = options.workers;
  builder_ = std::make_unique<Builder>(root, std::move(options), problems);
  for (int i = 0; i < workers; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, builder_->Build(i)));
    if (problems.HasErrors()) return;
  }
  for (const auto& flusher : builder_->flushers()) {
    for (int i = 0; i < workers; ++i)
      flusher->SetWake(i, &workers_[static_cast<size_t>(i)]->wake());
  }
}

Agent::~Agent() {
  // Flush threads refer to the workers' wakes, chunks in the workers' stages to nothing of theirs.
  for (const auto& flusher : builder_->flushers()) {
    flusher->Abort();
    flusher->Finish();
  }
}

int Agent::Run() {
  // Blocked here, before any thread exists, so that only this thread ever sees these signals.
  const sigset_t signals = HandledSignals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  for (const auto& flusher : builder_->flushers()) {
    if (Status status = flusher->Start(); !status) {
      LogError("an output cannot start; the agent stops.",
               {{"plugin_id", flusher->id()}, {"error", status.error().message}});
      return 1;
    }
  }
  observe::Topology::Global().Set(builder_->plugins());
  for (const auto& worker : workers_) worker->Start();

  std::atomic<bool> ended{false};
  std::thread joiner([this, &ended] {
    for (const auto& worker : workers_) worker->Join();
    ended = true;
    kill(getpid(), SIGUSR1);
  });
  while (!ended) {
    int signal = 0;
    if (sigwait(&signals, &signal) == 0 && !ended) HandleSignal(signal);
  }
  joiner.join();
  for (const auto& flusher : builder_->flushers()) flusher->Finish();
  LogLedger();
  for (const auto& worker : workers_) {
    if (worker->failed()) return 1;
  }
  return 0;
}

void Agent::HandleSignal(int signal) {
  if (signal == SIGUSR1) {
    for (const auto& worker : workers_) worker->FlushBuffers();
    return;
  }
  if (++stops_ == 1) {
    LogInfo("stopping: what is buffered is delivered first; a second signal stops at once.");
    StopGracefully();
  } else {
    LogWarn("stopping at once: what is not delivered will be read again at the next start.");
    for (const auto& flusher : builder_->flushers()) flusher->Abort();
  }
}

void Agent::StopGracefully() {
  for (const auto& flusher : builder_->flushers()) flusher->Stop();
  for (const auto& worker : workers_) worker->Stop();
}

}  // namespace tailrace::runtime
