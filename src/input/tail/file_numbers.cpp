// SPDX-License-Identifier: Apache-2.0
#include "input/tail/file_numbers.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tailrace::tail {
namespace {

struct Shown {
  const char* name;
  const char* help;
  MetricType type;
  Cell FileNumbers::*cell;
};

constexpr MetricType kCounter = MetricType::kCounter;
constexpr MetricType kGauge = MetricType::kGauge;

constexpr std::array<Shown, 13> kShown = {{
    {"fluentd_tail_file_position", "Acknowledged position in the file.", kGauge,
     &FileNumbers::position},
    {"fluentd_tail_file_inode", "Inode of the file.", kGauge, &FileNumbers::inode},
    {"fluentd_tail_file_opened", "Times the file was opened.", kCounter, &FileNumbers::opened},
    {"fluentd_tail_file_closed", "Times the file was closed.", kCounter, &FileNumbers::closed},
    {"fluentd_tail_file_rotated", "Rotations of the file.", kCounter, &FileNumbers::rotated},
    {"fluentd_tail_file_throttled", "Times a limit held the file back.", kCounter,
     &FileNumbers::throttled},
    {"tailrace_tail_file_size_bytes", "Size of the file when last looked at.", kGauge,
     &FileNumbers::size},
    {"tailrace_tail_file_read_position", "Position up to which the file was read.", kGauge,
     &FileNumbers::read},
    {"tailrace_tail_older_bytes", "Bytes of rotated generations not acknowledged yet.", kGauge,
     &FileNumbers::older},
    {"tailrace_tail_read_bytes_total", "Bytes read.", kCounter, &FileNumbers::read_total},
    {"tailrace_tail_acked_bytes_total", "Bytes acknowledged.", kCounter, &FileNumbers::acked_total},
    {"tailrace_tail_lost_bytes_total", "Bytes that vanished before they could be read.", kCounter,
     &FileNumbers::lost},
    {"tailrace_tail_skipped_bytes_total", "Bytes of lines that were too long.", kCounter,
     &FileNumbers::skipped},
}};

}  // namespace

FileNumbersList::FileNumbersList(const std::string& plugin_id)
    : shared_(std::make_shared<Shared>()) {
  shared_->plugin_id = plugin_id;
  callback_ = Metrics::Global().Callback(
      [shared = shared_](std::vector<Sample>& samples) { Collect(*shared, samples); });
}

std::shared_ptr<FileNumbers> FileNumbersList::Add(const std::string& path) {
  auto numbers = std::make_shared<FileNumbers>(path);
  const std::lock_guard lock(shared_->mutex);
  shared_->files.push_back(numbers);
  return numbers;
}

void FileNumbersList::Remove(const std::shared_ptr<FileNumbers>& numbers) {
  const std::lock_guard lock(shared_->mutex);
  for (const Shown& shown : kShown) {
    if (shown.type == kCounter) (shared_->past.*shown.cell).Add((*numbers.*shown.cell).value());
  }
  std::erase(shared_->files, numbers);
}

void FileNumbersList::Collect(Shared& shared, std::vector<Sample>& samples) {
  const std::lock_guard lock(shared.mutex);
  const auto add = [&](const char* name, const char* help, MetricType type, const std::string& path,
                       uint64_t value) {
    samples.push_back({name,
                       help,
                       type,
                       {{"plugin_id", shared.plugin_id}, {"type", "tail"}, {"path", path}},
                       static_cast<double>(value)});
  };
  for (const auto& file : shared.files) {
    for (const Shown& shown : kShown) {
      add(shown.name, shown.help, shown.type, file->path, (*file.*shown.cell).value());
    }
    const uint64_t size = file->size.value();
    const uint64_t done = std::min(size, file->position.value());
    add("tailrace_tail_lag_bytes", "Bytes written and not acknowledged.", kGauge, file->path,
        size - done + file->older.value());
  }
  for (const Shown& shown : kShown) {
    if (shown.type == kCounter) {
      add(shown.name, shown.help, shown.type, "", (shared.past.*shown.cell).value());
    }
  }
}

}  // namespace tailrace::tail
