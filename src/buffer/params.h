// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parameters of <buffer>, and how they become BufferOptions.

#include <optional>
#include <string>
#include <vector>

#include "buffer/options.h"
#include "tailrace/params.h"
#include "tailrace/plugin.h"

namespace tailrace::buffer {

enum class FlushModeName : uint8_t { kDefault, kLazy, kInterval, kImmediate };
enum class RetryType : uint8_t { kExponentialBackoff, kPeriodic };

EnumNames ParamNames(Compress);
EnumNames ParamNames(FlushModeName);
EnumNames ParamNames(RetryType);
EnumNames ParamNames(OverflowAction);

struct BufferParams {
  std::vector<std::string> chunk_keys;
  std::string type;  // @type
  std::optional<Size> chunk_limit_size;
  std::optional<Size> total_limit_size;
  std::optional<int64_t> chunk_limit_records;
  std::optional<int64_t> queue_limit_length;
  std::optional<int64_t> queued_chunks_limit_size;
  double chunk_full_threshold = 0.95;
  Compress compress = Compress::kText;
  Size decompression_size_limit{256 << 20};
  bool disable_chunk_backup = false;
  std::optional<std::string> path;
  std::optional<std::string> path_suffix;
  std::optional<FileMode> file_permission;
  std::optional<FileMode> dir_permission;
  bool fsync = true;
  Seconds fsync_interval{0.1};
  std::string chunk_format = "auto";
  std::optional<std::string> calc_num_records;

  std::optional<Seconds> timekey;
  Seconds timekey_wait{600};
  bool timekey_use_utc = false;
  std::optional<std::string> timekey_zone;

  FlushModeName flush_mode = FlushModeName::kDefault;
  Seconds flush_interval{60};
  int64_t flush_thread_count = 1;
  double flush_thread_interval = 1.0;
  double flush_thread_burst_interval = 1.0;
  std::optional<bool> flush_at_shutdown;
  Seconds delayed_commit_timeout{60};
  OverflowAction overflow_action = OverflowAction::kThrowException;

  bool retry_forever = false;
  Seconds retry_timeout{72 * 3600};
  std::optional<int64_t> retry_max_times;
  double retry_secondary_threshold = 0.8;
  RetryType retry_type = RetryType::kExponentialBackoff;
  Seconds retry_wait{1};
  double retry_exponential_backoff_base = 2;
  std::optional<Seconds> retry_max_interval;
  bool retry_randomize = true;

  static const Schema<BufferParams>& schema();
};

// The parameters of <buffer> of an output: what is written, what is written flat, the output's own
// defaults; limits that follow from the type are filled in.
BufferParams LoadBuffer(const config::Element& match,
                        const BufferedOutput::BufferDefaults& defaults, LoadContext& load);

// The options of the output that `match` (or <store>, <secondary>) describes: its <buffer>, its
// flat parameters, the output's own defaults.
BufferOptions ResolveBuffer(const config::Element& match,
                            const BufferedOutput::BufferDefaults& defaults, LoadContext& load);

}  // namespace tailrace::buffer
