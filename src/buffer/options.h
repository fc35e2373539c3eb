// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a <buffer> section says, with all defaults filled in
// (https://docs.fluentd.org/configuration/buffer-section). Sizes in bytes, times in seconds.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tailrace::buffer {

enum class FlushMode : uint8_t { kInterval, kImmediate, kLazy };
enum class Compress : uint8_t { kText, kGzip, kZstd };
enum class OverflowAction : uint8_t { kThrowException, kBlock, kDropOldestChunk };

struct RetryOptions {
  bool forever = false;
  double timeout = 72 * 3600;
  std::optional<int64_t> max_times;
  double secondary_threshold = 0.8;
  bool periodic = false;  // instead of exponential_backoff
  double wait = 1;
  double base = 2;
  std::optional<double> max_interval;
  bool randomize = true;
};

struct BufferOptions {
  std::string type = "memory";
  // Chunk keys other than "time" and "tag": field names and `$.` accessors.
  std::vector<std::string> field_keys;
  bool key_tag = false;
  bool key_time = false;

  size_t chunk_limit_size = 8 << 20;
  std::optional<uint64_t> chunk_limit_records;
  size_t total_limit_size = 512 << 20;
  std::optional<uint64_t> queue_limit_length;
  double chunk_full_threshold = 0.95;

  double timekey = 0;
  double timekey_wait = 600;
  bool timekey_use_utc = false;
  std::string timekey_zone;

  FlushMode flush_mode = FlushMode::kInterval;
  double flush_interval = 60;
  int flush_thread_count = 1;
  bool flush_at_shutdown = true;
  OverflowAction overflow_action = OverflowAction::kThrowException;
  double slow_flush_log_threshold = 20;
  RetryOptions retry;

  // Of file buffers.
  std::string path;  // complete, once the buffer is built
  std::string path_suffix;
  std::optional<uint32_t> file_permission;
  std::optional<uint32_t> dir_permission;
  Compress compress = Compress::kText;
  size_t decompression_size_limit = 256 << 20;
  bool disable_chunk_backup = false;
  bool fsync = true;            // positions wait for fsync, not only for write
  double fsync_interval = 0.1;  // how long events are gathered for one fsync

  bool on_disk() const { return type == "file" || type == "file_single"; }
};

}  // namespace tailrace::buffer
