// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where chunks go that can be delivered by nobody: <root_dir>/backup/worker<N>/<plugin id>/
// <chunk id>.log, where root_dir is that of <system>, $FLUENT_BACKUP_DIR or /tmp/fluent, as in
// Fluentd. `disable_chunk_backup` switches it off: such chunks are then thrown away, counted.

#include <string>
#include <string_view>

#include "buffer/chunk_meta.h"

namespace tailrace::buffer {

struct Backup {
  bool enabled = true;
  std::string root;       // empty: $FLUENT_BACKUP_DIR, /tmp/fluent
  std::string plugin_id;  // characters that no file name should have become _
  int worker = 0;

  // Where the chunk of this id is kept, and nothing where backups are off.
  std::string PathOf(const ChunkId& id) const;
  // Copies the bytes there. Empty, after a line in the log, if that was impossible; else the path.
  std::string Write(const ChunkId& id, std::string_view bytes) const;
};

}  // namespace tailrace::buffer
