// SPDX-License-Identifier: Apache-2.0
#include "source_dir.h"

namespace tailrace {

std::string SourcePath(const std::string& path) {
  return std::string(TAILRACE_SOURCE_DIR) + "/" + path;
}

}  // namespace tailrace
