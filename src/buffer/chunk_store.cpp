// SPDX-License-Identifier: Apache-2.0
#include "buffer/chunk_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>

#include "buffer/chunk_id.h"
#include "tailrace/log.h"

namespace tailrace::buffer {
namespace {

// Fluentd's chunk_limit_size for files, the largest file that it writes, and room for a last event.
constexpr uint64_t kFileBytesMax = uint64_t{512} << 20;

// Enough to tell whose a chunk file is.
constexpr size_t kSniffBytes = 64 << 10;

constexpr mode_t kFileMode = 0644;
constexpr mode_t kDirectoryMode = 0755;

Codec CodecOf(Compress compress) {
  switch (compress) {
    case Compress::kGzip:
      return Codec::kGzip;
    case Compress::kZstd:
      return Codec::kZstd;
    case Compress::kText:
      break;
  }
  return Codec::kNone;
}

int64_t WallSeconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

ChunkStore::ChunkStore(const BufferOptions& options, ChunkPaths paths, Backup backup,
                       std::string output)
    : options_(options),
      paths_(std::move(paths)),
      backup_(std::move(backup)),
      output_(std::move(output)),
      writer_(CodecOf(options.compress)) {}

Result<bool> ChunkStore::Open() {
  const auto mode = static_cast<mode_t>(options_.dir_permission.value_or(uint32_t{kDirectoryMode}));
  if (Status made = MakeDirectory(paths_.directory(), mode); !made) {
    return tl::unexpected(made.error());
  }
  return lock_.TryLock(paths_.directory() + "/" + paths_.LockName());
}

// --- What earlier runs left ---------------------------------------------------------------------

ChunkStore::Found ChunkStore::Recover() {
  namespace fs = std::filesystem;
  Found found;
  std::vector<std::string> directories = {paths_.directory()};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(paths_.directory(), error)) {
    if (entry.path().filename().string().starts_with("worker") && entry.is_directory(error)) {
      directories.push_back(entry.path().string());
    }
  }
  for (const std::string& directory : directories) {
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      const std::string file_name = entry.path().filename().string();
      const auto name = paths_.Parse(file_name);
      if (name && entry.is_regular_file(error)) RecoverFile(directory, file_name, *name, found);
    }
  }
  const auto by_id = [](const auto& a, const auto& b) { return a.meta.id < b.meta.id; };
  const auto by_their_id = [&by_id](const auto& a, const auto& b) { return by_id(*a, *b); };
  std::sort(found.staged.begin(), found.staged.end(), by_their_id);
  std::sort(found.queued.begin(), found.queued.end(), by_their_id);
  std::sort(found.foreign.begin(), found.foreign.end(), by_id);
  return found;
}

void ChunkStore::RecoverFile(const std::string& directory, const std::string& file_name,
                             const ChunkPaths::Name& name, Found& found) {
  auto chunk = std::make_unique<StoredChunk>();
  chunk->directory = directory;
  chunk->name = file_name;
  chunk->meta.id = name.id;
  scratch_.Clear();
  Status read = ReadBeginInto(chunk->path(), kSniffBytes, scratch_);
  // One of ours has a frame there even if its first one is damaged.
  const bool own = read && (IsFrameFile(scratch_.view()) ||
                            FindFrame(scratch_.view(), 0) != std::string_view::npos);
  if (own && scratch_.size() == kSniffBytes) {
    scratch_.Clear();
    read = ReadFileInto(chunk->path(), kFileBytesMax, scratch_);
  }
  if (!read) {
    LogError("a chunk file cannot be read; it stays where it is and is tried at the next start.",
             {{"path", chunk->path()}, {"error", read.error().message}});
    return;
  }
  const std::string_view bytes = scratch_.view();
  if (own) {
    RecoverOwn(std::move(chunk), name.queued, bytes, found);
    return;
  }
  ForeignChunk foreign;
  foreign.path = chunk->path();
  foreign.queued = name.queued;
  if (bytes.empty()) {
    // Fluentd, too, leaves a file without content when it is killed between two steps.
    GiveUp(foreign.path, name.id, "the file is empty");
    return;
  }
  RecoverForeign(std::move(foreign), name, found);
}

void ChunkStore::RecoverOwn(StoredChunkPtr chunk, bool queued, std::string_view bytes,
                            Found& found) {
  const ChunkId id = chunk->meta.id;
  std::string_view meta_bytes;
  Chunk events;
  const FrameScan scan = ReadFrames(bytes, options_.decompression_size_limit, &meta_bytes, events);
  const auto meta = ParseMeta(meta_bytes);
  if (scan.events == 0) {
    // Killed before the first frame was complete: nothing of it was ever called safe.
    if (scan.damaged_events > 0 || scan.damaged_bytes > 0) {
      GiveUp(chunk->path(), id, "no frame of it is intact");
    } else {
      ::unlink(chunk->path().c_str());
    }
    return;
  }
  if (meta) chunk->meta = *meta;
  chunk->meta.id = id;
  if (!chunk->meta.output.empty() && chunk->meta.output != output_) {
    LogError(
        "a chunk was made for another type of output; it stays where it is, undelivered. Give this "
        "output another buffer path.",
        {{"path", chunk->path()}, {"made_for", chunk->meta.output}, {"output", output_}});
    return;
  }
  chunk->events = scan.events;
  chunk->bytes = bytes.size();
  chunk->raw_bytes = events.body.size();
  if (!queued) {
    auto file = DiskFile::OpenForAppend(chunk->path());
    if (file && scan.end < bytes.size()) {
      LogWarn("the torn end of a chunk file is cut off; it was never acknowledged.",
              {{"path", chunk->path()}, {"bytes", bytes.size() - scan.end}});
      if (file->Truncate(scan.end)) chunk->bytes = scan.end;
    }
    if (file) {
      chunk->file = std::move(*file);
      found.staged.push_back(std::move(chunk));
      return;
    }
  }
  found.queued.push_back(std::move(chunk));
}

void ChunkStore::RecoverForeign(ForeignChunk chunk, const ChunkPaths::Name& name, Found& found) {
  const std::string meta_path = chunk.path + ".meta";
  ByteBuffer text;
  std::error_code error;
  chunk.meta.id = name.id;
  if (!std::filesystem::exists(meta_path, error)) {
    // file_single and v0.12 say all in the name; a staged chunk of `file` always has metadata.
    if (!paths_.single() && !chunk.queued && name.key.empty()) {
      GiveUp(chunk.path, name.id, "its metadata is missing");
      return;
    }
    const bool by_field = paths_.single() && !options_.field_keys.empty();
    if (by_field) {
      chunk.meta.key.variables.emplace_back(options_.field_keys.front(), name.key);
    } else {
      chunk.meta.key.has_tag = !name.key.empty();
      chunk.meta.key.tag = name.key;
    }
    found.foreign.push_back(std::move(chunk));
    return;
  }
  const Status read = ReadFileInto(meta_path, 1 << 20, text);
  auto meta = read ? ParseMeta(text.view()) : std::nullopt;
  if (!meta) {
    GiveUp(chunk.path, name.id, "its metadata is damaged");
    ::unlink(meta_path.c_str());
    return;
  }
  chunk.meta = std::move(*meta);
  chunk.meta_path = meta_path;
  found.foreign.push_back(std::move(chunk));
}

void ChunkStore::GiveUp(const std::string& path, const ChunkId& id, std::string_view why) {
  ByteBuffer bytes;
  std::string kept;
  if (ReadFileInto(path, kFileBytesMax, bytes)) kept = backup_.Write(id, bytes.view());
  LogError("a chunk file cannot be used.",
           {{"path", path},
            {"why", why},
            {"next", kept.empty() ? backup_.enabled ? "it stays where it is" : "it is thrown away"
                                  : "it is moved to " + kept},
            {"plugin_id", backup_.plugin_id}});
  if (!kept.empty() || !backup_.enabled) {
    ::unlink(path.c_str());
    ::unlink((path + ".meta").c_str());
  }
}

// --- New chunks ---------------------------------------------------------------------------------

Result<StoredChunkPtr> ChunkStore::Create(int worker, const ChunkKey& key) {
  auto chunk = std::make_unique<StoredChunk>();
  chunk->directory = paths_.directory();
  chunk->worker = worker;
  chunk->meta.id = NewChunkId();
  chunk->meta.key = key;
  chunk->meta.created = chunk->meta.modified = WallSeconds();
  chunk->meta.output = output_;
  chunk->name = paths_.FileName(key, chunk->meta.id, false);
  auto file = DiskFile::Create(
      chunk->path(), static_cast<mode_t>(options_.file_permission.value_or(uint32_t{kFileMode})));
  if (!file) return tl::unexpected(file.error());
  chunk->file = std::move(*file);
  ByteBuffer meta;
  AppendMeta(chunk->meta, meta);
  scratch_.Clear();
  writer_.AppendMeta(meta.view(), scratch_);
  if (Status written = chunk->file.Append(scratch_.view()); !written) {
    ::unlink(chunk->path().c_str());
    return tl::unexpected(written.error());
  }
  chunk->bytes = chunk->file.size();
  directory_synced_ = false;
  return chunk;
}

Status ChunkStore::Append(StoredChunk& chunk, const Chunk& frame) {
  scratch_.Clear();
  if (Status packed = writer_.AppendEvents(frame, scratch_); !packed) return packed;
  if (Status written = chunk.file.Append(scratch_.view()); !written) return written;
  chunk.bytes = chunk.file.size();
  chunk.events += frame.events();
  chunk.raw_bytes += frame.body.size();
  chunk.dirty = true;
  return {};
}

Status ChunkStore::Sync(StoredChunk& chunk) {
  if (Status synced = chunk.file.Sync(); !synced) return synced;
  chunk.dirty = false;
  if (directory_synced_) return {};
  if (Status synced = SyncDirectory(paths_.directory()); !synced) return synced;
  directory_synced_ = true;
  return {};
}

Status ChunkStore::Queue(StoredChunk& chunk) {
  const std::string queued = paths_.FileName(chunk.meta.key, chunk.meta.id, true);
  if (::rename(chunk.path().c_str(), (chunk.directory + "/" + queued).c_str()) != 0) {
    return Fail(FileFailure("rename", chunk.path()));
  }
  chunk.name = queued;
  chunk.file.Close();
  return {};
}

Status ChunkStore::Load(const StoredChunk& chunk, Chunk& out) {
  scratch_.Clear();
  if (Status read = ReadFileInto(chunk.path(), kFileBytesMax, scratch_); !read) return read;
  std::string_view meta;
  const FrameScan scan = ReadFrames(scratch_.view(), options_.decompression_size_limit, &meta, out);
  if (scan.events < chunk.events) {
    const std::string kept = backup_.Write(chunk.meta.id, scratch_.view());
    LogError("a chunk file is damaged; what is intact of it is delivered.",
             {{"path", chunk.path()},
              {"events", scan.events},
              {"events_damaged", chunk.events - scan.events},
              {"copy", kept.empty() ? "none" : kept},
              {"plugin_id", backup_.plugin_id}});
  }
  out.id = chunk.meta.id;
  out.key = chunk.meta.key;
  out.created_ns = chunk.created_ns;
  // A large chunk's memory is not kept until the next one.
  if (scratch_.capacity() > (4u << 20)) scratch_.Free();
  return {};
}

void ChunkStore::Remove(const StoredChunk& chunk) {
  if (::unlink(chunk.path().c_str()) != 0 && errno != ENOENT) {
    LogError("a delivered chunk cannot be removed; it will be sent again at the next start.",
             {{"path", chunk.path()}, {"error", FileFailure("remove", chunk.path())}});
  }
}

void ChunkStore::MoveToBackup(const StoredChunk& chunk, std::string_view why) {
  GiveUp(chunk.path(), chunk.meta.id, why);
}

}  // namespace tailrace::buffer
