// SPDX-License-Identifier: Apache-2.0
#include "buffer/disk_place.h"

namespace tailrace::buffer {

std::string PlaceOnDisk(const DiskPlace& place, std::map<std::string, std::string>& taken,
                        Flusher& flusher) {
  const BufferOptions& options = flusher.options();
  if (!options.on_disk()) return {};
  std::string path = options.path;
  if (path.empty()) {
    if (place.root_dir.empty() || !place.has_id) {
      return "buffer path is not configured: give <buffer> a path, or <system> a root_dir and the "
             "output an @id";
    }
    path = place.root_dir + "/worker0/" + place.plugin_id + "/buffer";
  }
  const auto [other, fresh] = taken.emplace(path, place.plugin_id);
  if (!fresh) return "the output " + other->second + " has the same buffer path already: " + path;
  auto paths = ChunkPaths::Create(path, options.path_suffix, options.type == "file_single");
  if (!paths) return paths.error().message;
  Backup backup;
  backup.enabled = !options.disable_chunk_backup;
  backup.root = place.root_dir;
  backup.plugin_id = place.plugin_id;
  flusher.UseDisk(std::move(*paths), std::move(backup));
  return {};
}

}  // namespace tailrace::buffer
