// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which files a tail source reads: its paths and patterns expanded, less what is excluded.

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "input/tail/source_file.h"
#include "input/tail/tail_params.h"
#include "tailrace/time.h"
#include "text/time_format.h"

namespace tailrace::tail {

struct FoundFile {
  std::string path;
  FileStat status;
};

struct Found {
  std::vector<FoundFile> files;       // in the order of the paths, each path once
  std::set<std::string> directories;  // where a change may change the files
};

class Discovery {
 public:
  // Fails on an unknown path_timezone.
  static Result<Discovery> Create(const TailParams& params);

  // Looks anew. A file that cannot be read is named in the log once, until it can be.
  Found Find(EventTime now);

 private:
  struct Path {
    std::string text;
    std::optional<text::TimeFormatter> formatter;  // only where there is something to format
  };

  explicit Discovery(const TailParams& params);
  static Result<std::vector<Path>> Compile(const std::vector<std::string>& paths,
                                           const TailParams& params);
  static std::string Expand(Path& path, EventTime now);
  bool IsPattern(const std::string& path) const;
  bool Readable(const std::string& path);
  void ReportUnreadable(const std::string& path, int error);

  GlobPolicy policy_;
  std::optional<double> recent_;  // seconds
  std::vector<Path> paths_;
  std::vector<Path> excluded_;
  std::set<std::string> reported_;
};

// The tag part that stands for a path: dots for slashes, without leading and repeated ones.
std::string PathAsTag(const std::string& path);
// The tag with its first * replaced.
std::string TagFor(const std::string& tag, const std::string& path);

}  // namespace tailrace::tail
