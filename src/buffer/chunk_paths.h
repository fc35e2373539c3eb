// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where a file buffer keeps its chunks and what their names say; Fluentd's rules
// (https://docs.fluentd.org/buffer/file, https://docs.fluentd.org/buffer/file_single):
//
//   file         DIRECTORY/buffer.b<32 hex digits>.log    staged: still growing
//                DIRECTORY/buffer.q<32 hex digits>.log    queued: waits for its delivery
//   file_single  DIRECTORY/fsb.<tag or field>.b<32 hex digits>.buf
//
// A path with a * names the files themselves. The directories worker<N> that Fluentd adds for its
// several processes are read, but not used: here all workers share one process and its files.

#include <optional>
#include <string>
#include <string_view>

#include "buffer/chunk_meta.h"
#include "tailrace/result.h"

namespace tailrace::buffer {

class ChunkPaths {
 public:
  // `path` as <buffer> says it; whether it is a directory is looked up on the disk, as Fluentd
  // does. Fails if the path has more than one *.
  static Result<ChunkPaths> Create(std::string_view path, std::string_view suffix, bool single);

  struct Name {
    ChunkId id{};
    bool queued = false;
    std::string key;  // file_single: tag or field; v0.12: tag
  };

  // Without a trailing slash.
  const std::string& directory() const { return directory_; }
  // The name of a file, without its directory.
  std::string FileName(const ChunkKey& key, const ChunkId& id, bool queued) const;
  // What the name of a file says; nothing if it is none of ours or Fluentd's.
  std::optional<Name> Parse(std::string_view file_name) const;
  // A file that tells others that the directory is in use.
  std::string LockName() const { return prefix_ + "lock"; }
  bool single() const { return single_; }

 private:
  std::string directory_;
  std::string prefix_;  // what a name begins with, including the dot
  std::string suffix_;
  bool single_ = false;
};

// The text of a chunk's key in a file's name: all but letters, digits and -._~ as %XX.
std::string EncodeKey(std::string_view text);
std::string DecodeKey(std::string_view text);

std::string HexOf(const ChunkId& id);

}  // namespace tailrace::buffer
