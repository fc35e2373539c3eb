// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is counted for each file, and how it is shown: Fluentd's fluentd_tail_file_* (as its
// prometheus plugin names them) and tailrace_tail_*. Bytes written = read + unread; read =
// acknowledged + in flight; lost bytes are counted by reason.
//
// Threads: one worker writes the cells, the scraper reads them; the list is locked.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tailrace/metrics.h"

namespace tailrace::tail {

struct FileNumbers {
  explicit FileNumbers(std::string of) : path(std::move(of)) {}

  const std::string path;
  Cell position;     // acknowledged, in the current generation
  Cell read;         // read, in the current generation
  Cell size;         // of the current generation, when last looked at
  Cell inode;        // of the current generation
  Cell older;        // unread or unacknowledged bytes in older generations
  Cell read_total;   // bytes read over all generations
  Cell acked_total;  // bytes acknowledged over all generations
  Cell lost;         // bytes that vanished unread
  Cell skipped;      // bytes of lines that were too long
  Cell opened, closed, rotated, throttled;
};

// The numbers of one instance, registered as long as it lives.
class FileNumbersList {
 public:
  explicit FileNumbersList(const std::string& plugin_id);

  std::shared_ptr<FileNumbers> Add(const std::string& path);
  void Remove(const std::shared_ptr<FileNumbers>& numbers);

 private:
  struct Shared {
    std::string plugin_id;
    std::mutex mutex;
    std::vector<std::shared_ptr<FileNumbers>> files;
    FileNumbers past{""};  // sums of counters of files that are gone
  };
  static void Collect(Shared& shared, std::vector<Sample>& samples);

  std::shared_ptr<Shared> shared_;
  std::shared_ptr<void> callback_;
};

}  // namespace tailrace::tail
