// SPDX-License-Identifier: Apache-2.0
#pragma once
// The chunk files of one file buffer on the disk: made, found again after a restart, read, removed.
// Knows the files and nothing of when they are due. Used by the spool's thread only.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "buffer/backup.h"
#include "buffer/chunk_meta.h"
#include "buffer/chunk_paths.h"
#include "buffer/disk_file.h"
#include "buffer/frames.h"
#include "buffer/options.h"
#include "tailrace/chunk.h"

namespace tailrace::buffer {

// One chunk file of ours.
struct StoredChunk {
  std::string directory;
  std::string name;  // changes when the chunk is queued
  int worker = 0;    // who settles what was refused of it
  ChunkMeta meta;
  DiskFile file;  // open while the chunk is staged
  uint64_t events = 0;
  uint64_t bytes = 0;      // in the file
  uint64_t raw_bytes = 0;  // of rendered events
  int64_t created_ns = 0;  // steady clock
  bool dirty = false;      // written since the last sync
  bool full = false;

  std::string path() const { return directory + "/" + name; }
};
using StoredChunkPtr = std::unique_ptr<StoredChunk>;

// A chunk file as Fluentd left it.
struct ForeignChunk {
  std::string path;       // of the events
  std::string meta_path;  // empty for file_single and v0.12
  ChunkMeta meta;
  bool queued = false;
};

class ChunkStore {
 public:
  // `output` is the @type of the output.
  ChunkStore(const BufferOptions& options, ChunkPaths paths, Backup backup, std::string output);

  // Makes the directory and takes the lock; false while somebody else has it.
  Result<bool> Open();

  struct Found {
    std::vector<StoredChunkPtr> staged;  // open, their torn ends cut off
    std::vector<StoredChunkPtr> queued;  // oldest first
    std::vector<ForeignChunk> foreign;   // oldest first
  };
  // What earlier runs left, of ours and of Fluentd's. What cannot be read goes to the backup.
  Found Recover();

  // A new staged chunk of `key`. Its name is durable when the chunk's first sync is.
  Result<StoredChunkPtr> Create(int worker, const ChunkKey& key);
  // Appends the events of `frame`; the file is as before if that fails.
  Status Append(StoredChunk& chunk, const Chunk& frame);
  Status Sync(StoredChunk& chunk);
  // From staged to queued.
  Status Queue(StoredChunk& chunk);
  // Reads the events into `out`, which is empty. Damaged places are passed over, kept in the
  // backup, and said in the log.
  Status Load(const StoredChunk& chunk, Chunk& out);
  void Remove(const StoredChunk& chunk);
  // Out of the buffer and into the backup directory.
  void MoveToBackup(const StoredChunk& chunk, std::string_view why);

 private:
  void RecoverFile(const std::string& directory, const std::string& file_name,
                   const ChunkPaths::Name& name, Found& found);
  void RecoverOwn(StoredChunkPtr chunk, bool queued, std::string_view bytes, Found& found);
  void RecoverForeign(ForeignChunk chunk, const ChunkPaths::Name& name, Found& found);
  void GiveUp(const std::string& path, const ChunkId& id, std::string_view why);

  const BufferOptions& options_;
  ChunkPaths paths_;
  Backup backup_;
  std::string output_;
  LockFile lock_;
  FrameWriter writer_;
  ByteBuffer scratch_;
  bool directory_synced_ = true;
};

}  // namespace tailrace::buffer
