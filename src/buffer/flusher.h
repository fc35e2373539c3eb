// SPDX-License-Identifier: Apache-2.0
#pragma once
// The flush threads of one buffered output: they take chunks from the workers, deliver them, retry
// what failed, and hand every chunk back with its outcome. Retry, back-off and giving up live here
// and in no output.
//
// Threads: each (worker, flush thread) pair has one ring there and one back, so no chunk passes a
// lock. A flush thread whose destination fails waits alone; the others go on. Submit() and Take()
// are for the worker named by their argument, the rest is for the main thread.

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "buffer/options.h"
#include "buffer/spool.h"
#include "runtime/event_fd.h"
#include "runtime/ring.h"
#include "tailrace/health.h"
#include "tailrace/metrics.h"
#include "tailrace/plugin.h"

namespace tailrace::buffer {

class Flusher {
 public:
  Flusher(std::string id, std::string type, std::shared_ptr<BufferedOutput> output,
          BufferOptions options, int workers);
  ~Flusher();

  // Before Start(): chunks go by way of the disk.
  void UseDisk(ChunkPaths paths, Backup backup);
  // Null where chunks are kept in memory.
  Spool* spool() { return spool_.get(); }
  // Before Start(): what is given up goes to another output.
  void set_has_secondary() { has_secondary_ = true; }
  bool has_secondary() const { return has_secondary_; }

  const BufferOptions& options() const { return options_; }
  BufferedOutput& output() const { return *output_; }
  const std::string& id() const { return id_; }
  const std::string& type() const { return type_; }  // @type of the output

  Status Start();
  // Who is woken when chunks come back for this worker. Before Start().
  void SetWake(int worker, const EventFd* wake) { wakes_[static_cast<size_t>(worker)] = wake; }

  // Hands a chunk over. False, chunk untouched, if every flush thread has its hands full.
  bool Submit(int worker, ChunkPtr& chunk);
  // True if Submit() would take a chunk now.
  bool CanSubmit(int worker) const;
  // A chunk that came back, or false.
  bool Take(int worker, ChunkPtr& chunk);
  // Any thread.
  void WakeWorker(int worker) const;
  bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

  // Bytes in this output's chunks, staged or under way, of all workers.
  std::atomic<size_t>& bytes() { return bytes_; }

  // From now on every chunk is tried once; what fails comes back unsent, and so does all that the
  // same thread has behind it.
  void Stop();
  // Ends deliveries under way; everything comes back unsent.
  void Abort();
  // No chunk will come any more: the threads end. Returns when they have.
  void Finish();

 private:
  // How many chunks one flush thread may have from one worker: one being sent, one ready, and room
  // for chunks that wait for a retry of a few events.
  static constexpr size_t kChunksPerLane = 4;

  struct Thread;
  void Run(Thread& thread);
  void Fetch(Thread& thread);
  // Delivers one chunk. Afterwards it is handed back, or waits in thread.waiting.
  void Deliver(Thread& thread, ChunkPtr chunk, size_t worker);
  void Failed(Thread& thread, Chunk& chunk, const Delivery& delivery, bool whole);
  bool GiveUp(const Chunk& chunk, int64_t now_ns) const;
  double RetryWait(uint32_t failures, Thread& thread) const;
  void HandBack(Thread& thread, ChunkPtr chunk, size_t worker);

  std::string id_;
  std::string type_;
  std::shared_ptr<BufferedOutput> output_;
  BufferOptions options_;
  int workers_;
  bool has_secondary_ = false;
  std::vector<const EventFd*> wakes_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::atomic<size_t> bytes_{0};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> finished_{false};
  std::atomic<bool> aborted_{false};

  // Fluentd's names; written by several flush threads, per chunk.
  std::shared_ptr<Cell> write_count_, rollback_count_, retry_count_, num_errors_, flush_time_ms_,
      slow_flush_count_, delivered_, delivered_bytes_;
  std::shared_ptr<void> gauges_;
  std::shared_ptr<HealthCondition> delivering_;
  std::unique_ptr<Spool> spool_;
};

}  // namespace tailrace::buffer
