// SPDX-License-Identifier: Apache-2.0
#include "buffer/backup.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "buffer/chunk_paths.h"
#include "buffer/disk_file.h"
#include "tailrace/log.h"

namespace tailrace::buffer {

std::string Backup::PathOf(const ChunkId& id) const {
  if (!enabled) return {};
  std::string base = root;
  if (base.empty()) {
    const char* from_environment = std::getenv("FLUENT_BACKUP_DIR");
    base = from_environment != nullptr ? from_environment : "/tmp/fluent";
  }
  std::string safe_id = plugin_id;
  std::replace_if(
      safe_id.begin(), safe_id.end(),
      [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_' && c != '.'; },
      '_');
  return base + "/backup/worker" + std::to_string(worker) + "/" + safe_id + "/" + HexOf(id) +
         ".log";
}

std::string Backup::Write(const ChunkId& id, std::string_view bytes) const {
  const std::string path = PathOf(id);
  if (path.empty()) return {};
  Status status = MakeDirectory(path.substr(0, path.rfind('/')), 0755);
  if (status) {
    auto file = DiskFile::Create(path, 0644);
    status = file ? file->Append(bytes) : Fail(file.error().message);
    if (status) status = file->Sync();
  }
  if (status) return path;
  LogError("a chunk cannot be written to the backup directory.",
           {{"path", path}, {"bytes", bytes.size()}, {"error", status.error().message}});
  return {};
}

}  // namespace tailrace::buffer
