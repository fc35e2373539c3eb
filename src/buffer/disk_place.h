// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the file buffer of an output lies, by its own `path` or below <system> root_dir.

#include <map>
#include <string>

#include "buffer/flusher.h"

namespace tailrace::buffer {

struct DiskPlace {
  std::string root_dir;  // of <system>; empty if there is none
  std::string plugin_id;
  bool has_id = false;  // the output has an @id: only then its directory below root_dir has a name
};

// Gives the flusher its chunk files and its backup directory; does nothing for memory buffers.
// `taken` are the paths in use and who uses them. Returns what is wrong, empty if nothing is.
std::string PlaceOnDisk(const DiskPlace& place, std::map<std::string, std::string>& taken,
                        Flusher& flusher);

}  // namespace tailrace::buffer
