// SPDX-License-Identifier: Apache-2.0
#pragma once
// The file buffer of one output: a thread that takes what the workers' stages render, writes it to
// chunk files, hands the memory back when it is durable (which is when positions may move), and
// feeds the flush threads from the disk, oldest chunk first. What is buffered survives kill -9 and,
// with fsync, the machine; it is delivered after the next start.
//
// To the stages a spool is what the flush threads are otherwise: they hand over chunks, which here
// are small pieces of a chunk file, and take them back. To the flush threads it is one more worker.
//
// A disk that is full stops the taking over, nothing else: what could not be written stays in
// memory, the stages fill, the inputs wait, deliveries go on and make room, and writing goes on by
// itself. Nothing is dropped for it.
//
// Threads: Submit(), CanSubmit(), Take() and TakeNotice() for the worker that they name; the
// functions so marked for any thread; all else is the spool's own thread.

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "buffer/chunk_store.h"
#include "buffer/options.h"
#include "runtime/event_fd.h"
#include "runtime/ring.h"
#include "tailrace/chunk.h"
#include "tailrace/metrics.h"

namespace tailrace::buffer {

class Flusher;
using ChunkPtr = std::unique_ptr<Chunk>;

class Spool {
 public:
  // `flusher` owns the spool; `lane` is the spool's number among those that hand it chunks.
  Spool(Flusher& flusher, ChunkPaths paths, Backup backup, const std::string& output, int workers);
  ~Spool();

  void Start();
  // Called when no worker hands over any more. Returns when what was handed over is safe and what
  // was sent is settled.
  void Finish();
  // Any thread: something has changed (stopping, a chunk came back).
  void Wake() const { wake_.Notify(); }
  const EventFd& wake() const { return wake_; }

  // Takes a piece. False, piece untouched, if there is no room now.
  bool Submit(int worker, ChunkPtr& piece);
  bool CanSubmit(int worker) const;
  // A piece that is safe, or could not be made safe before the agent stopped.
  bool Take(int worker, ChunkPtr& piece);
  // A chunk from the disk that has refused events, or was given up: to be settled by the worker.
  // Its segments, once released, let the chunk file go.
  bool TakeNotice(int worker, ChunkPtr& chunk);

  // Any thread: queues all that is staged, once what has been handed over is safe.
  void RequestFlush();
  // Any thread: gives up the oldest queued chunk.
  void RequestDropOldest();
  // Any thread. Nothing is left to do while the agent stops.
  bool Drained() const;
  // Any thread.
  size_t queue_length() const { return queue_length_.load(std::memory_order_relaxed); }

 private:
  static constexpr size_t kPiecesPerLane = 1024;
  static constexpr size_t kLaneBytes = 8 << 20;
  static constexpr size_t kNoticesPerLane = 16;
  // What is in memory of chunks that are being sent, and how large a chunk file grows at the most.
  static constexpr size_t kSendingBytes = 32 << 20;
  static constexpr size_t kChunkBytes = 4 << 20;
  static constexpr size_t kUnsyncedBytes = 4 << 20;

  struct Lane;
  // A piece that is in a file or waits to be, and whose it is.
  struct Piece {
    ChunkPtr chunk;
    int worker = 0;
    StoredChunk* in = nullptr;
  };
  // Lets a chunk file go when the last event that was made of it is safe.
  class Hold;

  void Run();
  bool TryOpen();
  void Recover();
  // Pieces into files. False if there was nothing to take.
  void Intake();
  bool Write(Piece& piece);
  StoredChunk* FileFor(const Piece& piece);
  void Blocked(const std::string& why);
  void Unblocked();
  bool SyncDue(int64_t now_ns) const;
  void Sync(int64_t now_ns);
  // After a failed sync nobody knows what of the file is on the disk: its pieces are written anew.
  void WriteAnew(StoredChunk& chunk);
  void HandBack(Piece piece);
  void ReturnUnsent();
  void QueueDue(int64_t now_ns);
  bool Due(const StoredChunk& chunk, int64_t now_ns, double wall) const;

  // spool_delivery.cpp
  void DropOldest();
  void Dispatch();
  void Collect();
  void Settle(ChunkPtr chunk);
  void SendNotices();
  void ReleaseHolds();
  void Discard(StoredChunkPtr chunk);
  bool Idle() const;

  Flusher& flusher_;
  const BufferOptions& options_;
  ChunkStore store_;
  std::string lock_path_;
  int lane_;
  size_t chunk_bytes_;
  EventFd wake_;
  std::vector<std::unique_ptr<Lane>> lanes_;

  bool open_ = false;
  bool said_locked_ = false;
  std::deque<Piece> pending_;   // to be written first: a write or sync of it failed
  std::vector<Piece> written_;  // in a file, not synced
  size_t written_bytes_ = 0;
  int64_t sync_from_ns_ = 0;  // when the oldest of them was written
  int64_t sync_took_ns_ = 0;
  bool blocked_ = false;
  int64_t retry_write_ns_ = 0;
  std::vector<StoredChunkPtr> staged_;
  std::deque<StoredChunkPtr> queue_;
  std::map<ChunkId, StoredChunkPtr> sending_;
  size_t sending_bytes_ = 0;
  std::map<ChunkId, std::unique_ptr<Hold>> holds_;
  std::deque<Piece> notices_;
  bool failed_at_stop_ = false;

  std::atomic<uint64_t> flush_wanted_{1};
  uint64_t flush_seen_ = 1;
  std::atomic<uint64_t> drained_at_{0};  // the flush request after which all was done
  std::atomic<uint64_t> drops_wanted_{0};
  std::atomic<size_t> queue_length_{0};
  std::atomic<bool> finished_{false};
  std::shared_ptr<Cell> recovered_, dropped_, blocked_gauge_, stage_length_, stage_bytes_;
  std::thread thread_;
};

}  // namespace tailrace::buffer
