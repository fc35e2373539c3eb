// SPDX-License-Identifier: Apache-2.0
#include "buffer/flusher.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <deque>

#include "tailrace/log.h"
#include "tailrace/steady_clock.h"

namespace tailrace::buffer {
namespace {

constexpr int64_t kNanos = 1'000'000'000;

// "2024-01-15 10:30:00 +0000", as Fluentd's log shows next_retry_time.
std::string WallTimeAfter(double seconds) {
  const time_t when = static_cast<time_t>(static_cast<double>(time(nullptr)) + seconds);
  tm parts{};
  localtime_r(&when, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S %z", &parts)};
}

void Reject(Chunk& chunk, const Delivery::Refusal& refusal) {
  chunk.rejected.push_back({std::string(chunk.event(refusal.index)), refusal.reason,
                            chunk.HoldOf(refusal.index), refusal.retag,
                            chunk.time_of(refusal.index), chunk.origin_of(refusal.index)});
}

}  // namespace

struct Flusher::Thread {
  struct Lane {
    Ring<ChunkPtr> out{kChunksPerLane};
    Ring<ChunkPtr> back{kChunksPerLane};
    std::atomic<size_t> chunks{0};  // handed over and not yet handed back
  };
  struct Waiting {
    ChunkPtr chunk;
    size_t worker = 0;
  };

  int index = 0;
  std::vector<std::unique_ptr<Lane>> lanes;  // one per worker
  EventFd wake;
  std::unique_ptr<Sender> sender;
  std::deque<Waiting> waiting;
  int64_t paused_until_ns = 0;  // the destination failed: nothing is tried before
  bool failed_at_stop = false;  // the destination failed while the agent stops
  std::minstd_rand random{std::random_device{}()};
  std::thread thread;
};

Flusher::Flusher(std::string id, std::string type, std::shared_ptr<BufferedOutput> output,
                 BufferOptions options, int workers)
    : id_(std::move(id)),
      type_(std::move(type)),
      output_(std::move(output)),
      options_(std::move(options)),
      workers_(workers),
      wakes_(static_cast<size_t>(workers) + 1, nullptr) {
  // The spool of a file buffer is one more worker to the flush threads.
  const int lanes = workers + (options_.on_disk() ? 1 : 0);
  for (int i = 0; i < options_.flush_thread_count; ++i) {
    auto thread = std::make_unique<Thread>();
    thread->index = i;
    for (int lane = 0; lane < lanes; ++lane) {
      thread->lanes.push_back(std::make_unique<Thread::Lane>());
    }
    threads_.push_back(std::move(thread));
  }
  const MetricLabels labels = {{"plugin_id", id_}, {"type", type_}};
  auto counter = [&labels](const char* name, const char* help) {
    return Metrics::Global().Counter(name, help, labels);
  };
  write_count_ = counter("fluentd_output_status_write_count", "Deliveries tried.");
  rollback_count_ = counter("fluentd_output_status_rollback_count", "Deliveries that failed.");
  retry_count_ = counter("fluentd_output_status_retry_count", "Deliveries tried again.");
  num_errors_ = counter("fluentd_output_status_num_errors", "Errors while delivering.");
  flush_time_ms_ =
      counter("fluentd_output_status_flush_time_count", "Milliseconds spent delivering.");
  slow_flush_count_ = counter("fluentd_output_status_slow_flush_count",
                              "Deliveries slower than slow_flush_log_threshold.");
  delivered_ = counter("tailrace_output_delivered_events_total",
                       "Events that the destination acknowledged.");
  delivered_bytes_ = counter("tailrace_output_delivered_bytes_total",
                             "Rendered bytes that the destination acknowledged.");
  delivering_ = Health::Global().Add("output " + id_);
  gauges_ = Metrics::Global().Callback([this, labels](std::vector<Sample>& samples) {
    size_t chunks = spool_ ? spool_->queue_length() : 0;
    for (const auto& thread : threads_) {
      for (const auto& lane : thread->lanes) chunks += lane->chunks.load();
    }
    const auto bytes = static_cast<double>(bytes_.load());
    const auto limit = static_cast<double>(options_.total_limit_size);
    auto gauge = [&](const char* name, const char* help, double value) {
      samples.push_back({name, help, MetricType::kGauge, labels, value});
    };
    gauge("fluentd_output_status_buffer_queue_length", "Chunks handed to flush threads.",
          static_cast<double>(chunks));
    gauge("fluentd_output_status_buffer_total_bytes", "Bytes in chunks.", bytes);
    // The older names, with the labels that they had.
    const MetricLabels older = {{"plugin_id", id_}, {"plugin_category", "output"}, {"type", type_}};
    const auto status = [&](const char* name, const char* help, double value) {
      samples.push_back({name, help, MetricType::kGauge, older, value});
    };
    status("fluentd_status_buffer_queue_length", "Chunks handed to flush threads.",
           static_cast<double>(chunks));
    status("fluentd_status_buffer_total_bytes", "Bytes in chunks.", bytes);
    status("fluentd_status_retry_count", "Deliveries tried again.",
           static_cast<double>(retry_count_->value()));
    gauge("fluentd_output_status_buffer_available_space_ratio", "Free part of the buffer, percent.",
          limit > 0 ? std::max(0.0, 100 * (1 - bytes / limit)) : 0);
  });
}

Flusher::~Flusher() {
  Abort();
  Finish();
}

void Flusher::UseDisk(ChunkPaths paths, Backup backup) {
  spool_ = std::make_unique<Spool>(*this, std::move(paths), std::move(backup), type_, workers_);
  wakes_.back() = &spool_->wake();
}

Status Flusher::Start() {
  if (Status status = output_->Start(); !status) return status;
  for (const auto& thread : threads_) {
    thread->sender = output_->NewSender();
    thread->thread = std::thread([this, &thread = *thread] { Run(thread); });
    pthread_setname_np(thread->thread.native_handle(),
                       ("flush-" + std::to_string(thread->index)).c_str());
  }
  if (spool_) spool_->Start();
  return {};
}

bool Flusher::CanSubmit(int worker) const {
  if (spool_ && worker < workers_) return spool_->CanSubmit(worker);
  return std::any_of(threads_.begin(), threads_.end(), [worker](const auto& thread) {
    return thread->lanes[static_cast<size_t>(worker)]->chunks.load(std::memory_order_relaxed) <
           kChunksPerLane;
  });
}

bool Flusher::Submit(int worker, ChunkPtr& chunk) {
  if (spool_ && worker < workers_) return spool_->Submit(worker, chunk);
  const auto w = static_cast<size_t>(worker);
  Thread* best = nullptr;
  size_t fewest = kChunksPerLane;
  for (const auto& thread : threads_) {
    const size_t chunks = thread->lanes[w]->chunks.load(std::memory_order_relaxed);
    if (chunks < fewest) {
      fewest = chunks;
      best = thread.get();
    }
  }
  if (best == nullptr) return false;
  best->lanes[w]->chunks.fetch_add(1, std::memory_order_relaxed);
  // Cannot be full: a lane never has more chunks than its ring has slots.
  best->lanes[w]->out.TryPush(chunk);
  best->wake.Notify();
  return true;
}

bool Flusher::Take(int worker, ChunkPtr& chunk) {
  if (spool_ && worker < workers_) return spool_->Take(worker, chunk);
  for (const auto& thread : threads_) {
    Thread::Lane& lane = *thread->lanes[static_cast<size_t>(worker)];
    if (lane.back.TryPop(chunk)) {
      lane.chunks.fetch_sub(1, std::memory_order_relaxed);
      return true;
    }
  }
  return false;
}

void Flusher::Stop() {
  stopping_ = true;
  for (const auto& thread : threads_) thread->wake.Notify();
  if (spool_) spool_->Wake();
}

void Flusher::Abort() {
  aborted_ = true;
  stopping_ = true;
  for (const auto& thread : threads_) {
    if (thread->sender) thread->sender->Abort();
    thread->wake.Notify();
  }
  if (spool_) spool_->Wake();
}

void Flusher::Finish() {
  if (spool_) spool_->Finish();
  finished_ = true;
  for (const auto& thread : threads_) {
    thread->wake.Notify();
    if (thread->thread.joinable()) thread->thread.join();
  }
}

void Flusher::Fetch(Thread& thread) {
  for (size_t worker = 0; worker < thread.lanes.size(); ++worker) {
    ChunkPtr chunk;
    while (thread.lanes[worker]->out.TryPop(chunk)) {
      thread.waiting.push_back({std::move(chunk), worker});
    }
  }
}

void Flusher::Run(Thread& thread) {
  thread.sender->Prepare();
  while (true) {
    const bool finished = finished_.load();  // before the fetch: what came earlier is seen
    Fetch(thread);
    if (thread.waiting.empty()) {
      if (finished) return;
      thread.wake.Wait(std::chrono::milliseconds(-1));
      continue;
    }
    const int64_t now = SteadyNanos();
    auto due = std::min_element(
        thread.waiting.begin(), thread.waiting.end(),
        [](const auto& a, const auto& b) { return a.chunk->retry_at_ns < b.chunk->retry_at_ns; });
    const int64_t at = std::max(thread.paused_until_ns, due->chunk->retry_at_ns);
    if (at > now && !stopping_) {
      thread.wake.Wait(std::chrono::milliseconds((at - now) / 1'000'000 + 1));
      continue;
    }
    ChunkPtr chunk = std::move(due->chunk);
    const size_t worker = due->worker;
    thread.waiting.erase(due);
    if (aborted_ || (stopping_ && thread.failed_at_stop)) {
      chunk->outcome = Chunk::Outcome::kUnsent;
      HandBack(thread, std::move(chunk), worker);
      continue;
    }
    Deliver(thread, std::move(chunk), worker);
  }
}

void Flusher::Deliver(Thread& thread, ChunkPtr chunk, size_t worker) {
  const int64_t begin = SteadyNanos();
  if (chunk->failures > 0) retry_count_->AddShared();
  write_count_->AddShared();
  Delivery delivery = thread.sender->Deliver(*chunk);
  const double seconds = static_cast<double>(SteadyNanos() - begin) / kNanos;
  flush_time_ms_->AddShared(static_cast<uint64_t>(seconds * 1000));
  if (seconds > options_.slow_flush_log_threshold) {
    slow_flush_count_->AddShared();
    LogWarn("buffer flush took longer time than slow_flush_log_threshold:",
            {{"elapsed_time", seconds},
             {"slow_flush_log_threshold", options_.slow_flush_log_threshold},
             {"plugin_id", id_}});
  }
  const size_t size_before = chunk->body.size();
  switch (delivery.code) {
    case Delivery::Code::kDone:
    case Delivery::Code::kPartial: {
      if (chunk->failures > 0 && delivery.retry.empty()) {
        LogInfo("retry succeeded.", {{"chunk_id", chunk->id_hex()}, {"plugin_id", id_}});
      }
      for (const Delivery::Refusal& refusal : delivery.rejected) Reject(*chunk, refusal);
      delivered_->AddShared(chunk->events() - delivery.retry.size() - delivery.rejected.size());
      if (!delivery.retry.empty()) {
        chunk->Keep(delivery.retry);
        bytes_.fetch_sub(size_before - chunk->body.size());
        Failed(thread, *chunk, delivery, false);
        delivered_bytes_->AddShared(size_before - chunk->body.size());
        break;
      }
      delivered_bytes_->AddShared(size_before);
      delivering_->Good();
      chunk->outcome = Chunk::Outcome::kDelivered;
      HandBack(thread, std::move(chunk), worker);
      return;
    }
    case Delivery::Code::kReject:
      num_errors_->AddShared();
      for (uint32_t i = 0; i < chunk->events(); ++i) Reject(*chunk, {i, delivery.why});
      chunk->outcome = Chunk::Outcome::kDelivered;
      HandBack(thread, std::move(chunk), worker);
      return;
    case Delivery::Code::kRetry:
      Failed(thread, *chunk, delivery, true);
      break;
  }
  const int64_t now = SteadyNanos();
  if (stopping_) {
    thread.failed_at_stop = true;
    chunk->outcome = Chunk::Outcome::kUnsent;
    chunk->why = delivery.why;
    HandBack(thread, std::move(chunk), worker);
  } else if (GiveUp(*chunk, now)) {
    chunk->outcome = Chunk::Outcome::kGivenUp;
    chunk->why = delivery.why;
    HandBack(thread, std::move(chunk), worker);
  } else {
    thread.waiting.push_back({std::move(chunk), worker});
  }
}

void Flusher::Failed(Thread& thread, Chunk& chunk, const Delivery& delivery, bool whole) {
  const int64_t now = SteadyNanos();
  rollback_count_->AddShared();
  num_errors_->AddShared();
  if (whole) delivering_->Bad(delivery.why);
  ++chunk.failures;
  if (chunk.first_failure_ns == 0) chunk.first_failure_ns = now;
  const double wait = std::max(delivery.not_before, RetryWait(chunk.failures, thread));
  chunk.retry_at_ns = now + static_cast<int64_t>(wait * kNanos);
  // A destination that refused the whole request is spared by this thread; one that took most of
  // the events goes on getting others.
  if (whole) thread.paused_until_ns = chunk.retry_at_ns;
  LogWarn(stopping_ ? "failed to flush the buffer, and the agent stops: what is read again at the "
                      "next start is not lost."
                    : "failed to flush the buffer.",
          {{"retry_times", chunk.failures},
           {"next_retry_time", WallTimeAfter(wait)},
           {"chunk", chunk.id_hex()},
           {"events", chunk.events()},
           {"error", delivery.why},
           {"plugin_id", id_}});
}

bool Flusher::GiveUp(const Chunk& chunk, int64_t now_ns) const {
  const RetryOptions& retry = options_.retry;
  if (retry.forever) return false;
  if (retry.max_times && chunk.failures > *retry.max_times) return true;
  return static_cast<double>(chunk.retry_at_ns - chunk.first_failure_ns) / kNanos > retry.timeout &&
         now_ns >= chunk.first_failure_ns;
}

double Flusher::RetryWait(uint32_t failures, Thread& thread) const {
  const RetryOptions& retry = options_.retry;
  double wait = retry.wait;
  if (!retry.periodic) wait *= std::pow(retry.base, std::min(failures - 1, 60u));
  if (retry.max_interval) wait = std::min(wait, *retry.max_interval);
  if (retry.randomize) {
    std::uniform_real_distribution<double> spread(-0.125, 0.125);
    wait += wait * spread(thread.random);
  }
  return wait;
}

void Flusher::HandBack(Thread& thread, ChunkPtr chunk, size_t worker) {
  // Cannot be full, for the same reason as in Submit().
  thread.lanes[worker]->back.TryPush(chunk);
  WakeWorker(static_cast<int>(worker));
}

void Flusher::WakeWorker(int worker) const {
  const EventFd* wake = wakes_[static_cast<size_t>(worker)];
  if (wake != nullptr) wake->Notify();
}

}  // namespace tailrace::buffer
