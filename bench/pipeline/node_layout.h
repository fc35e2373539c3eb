// SPDX-License-Identifier: Apache-2.0
#pragma once
// Makes a folder shaped like a Kubernetes node's /var/log, with the pods that the API server would
// list for it:
//
//   pods/NAMESPACE_POD_UID/CONTAINER/0.log                     the log files
//   containers/POD_NAMESPACE_CONTAINER-ID.log                  links to them
//   pods.json                                                  a v1 PodList
//
// nginx logs lie in nginx/access-N.log, as on a virtual machine.

#include <cstdint>
#include <string>
#include <vector>

#include "log_lines.h"

namespace tailrace::bench {

struct LogFile {
  std::string path;  // the file itself, absolute
  std::string link;  // the link in containers/, empty for nginx
  std::string name_space;
  std::string pod;
  std::string uid;
  std::string container;
  std::string container_id;
};

// Creates folders, empty files, links and pods.json below `root`. Throws std::runtime_error.
std::vector<LogFile> MakeNode(const std::string& root, Kind kind, std::uint32_t files,
                              std::uint64_t seed);

// Writes `text` to `path` in one step: a reader sees all of it or nothing.
void WriteFileAtOnce(const std::string& path, const std::string& text);

}  // namespace tailrace::bench
