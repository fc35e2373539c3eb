// SPDX-License-Identifier: Apache-2.0
#include "buffer/params.h"

#include <algorithm>

#include "buffer/flat_names.h"
#include "config/element.h"
#include "config/problems.h"

namespace tailrace::buffer {

EnumNames ParamNames(Compress) {
  return {{"text", int(Compress::kText)},
          {"gzip", int(Compress::kGzip)},
          {"zstd", int(Compress::kZstd)}};
}
EnumNames ParamNames(FlushModeName) {
  return {{"default", int(FlushModeName::kDefault)},
          {"lazy", int(FlushModeName::kLazy)},
          {"interval", int(FlushModeName::kInterval)},
          {"immediate", int(FlushModeName::kImmediate)}};
}
EnumNames ParamNames(RetryType) {
  return {{"exponential_backoff", int(RetryType::kExponentialBackoff)},
          {"periodic", int(RetryType::kPeriodic)}};
}
EnumNames ParamNames(OverflowAction) {
  return {{"throw_exception", int(OverflowAction::kThrowException)},
          {"block", int(OverflowAction::kBlock)},
          {"drop_oldest_chunk", int(OverflowAction::kDropOldestChunk)}};
}

namespace {

void AddChunkParams(Schema<BufferParams>& s) {
  s.Argument("chunk_keys", &BufferParams::chunk_keys,
             "What the events of a chunk have in common: time, tag, field names, $.nested.fields.");
  s.Param("chunk_limit_size", &BufferParams::chunk_limit_size, "A chunk is full at this size.",
          {.min = 1});
  s.Param("total_limit_size", &BufferParams::total_limit_size,
          "All chunks of the output together; beyond it overflow_action is taken.", {.min = 1});
  s.Param("chunk_limit_records", &BufferParams::chunk_limit_records,
          "A chunk is full with this many events.", {.min = 1});
  s.Param("queue_limit_length", &BufferParams::queue_limit_length, "How many full chunks may wait.",
          {.min = 1});
  s.Param("queued_chunks_limit_size", &BufferParams::queued_chunks_limit_size,
          "Accepted; the number of chunks under way follows from flush_thread_count.");
  s.Param("chunk_full_threshold", &BufferParams::chunk_full_threshold,
          "Part of chunk_limit_size at which a chunk counts as full.", {.min = 0, .max = 1});
  s.Param("compress", &BufferParams::compress, "How chunks are kept in the buffer.");
  s.Param("decompression_size_limit", &BufferParams::decompression_size_limit,
          "Largest size of a chunk after decompression.");
  s.Param("disable_chunk_backup", &BufferParams::disable_chunk_backup,
          "Throws a chunk that cannot be delivered away instead of backing it up.");
  s.Param("path", &BufferParams::path, "Where a file buffer keeps its chunks.");
  s.Param("path_suffix", &BufferParams::path_suffix,
          "How names of chunk files end: .log, and .buf of file_single.");
  s.Param("file_permission", &BufferParams::file_permission, "Mode of chunk files.");
  s.Param("dir_permission", &BufferParams::dir_permission, "Mode of the buffer directory.");
  s.Param("fsync", &BufferParams::fsync,
          "Positions wait until a file buffer's chunk is on the disk (fsync); without, until it is "
          "written, which outlives the agent but not the machine.");
  s.Param("fsync_interval", &BufferParams::fsync_interval,
          "How long a file buffer gathers events for one fsync.", {.min = 0});
  s.Param("chunk_format", &BufferParams::chunk_format,
          "Accepted for file_single: chunks have a format of their own.");
  s.Param("calc_num_records", &BufferParams::calc_num_records,
          "Accepted for file_single: chunks know how many events they have.");
  s.Param("timekey", &BufferParams::timekey, "Length of a time slice.");
  s.Param("timekey_wait", &BufferParams::timekey_wait,
          "How long a slice waits for late events after its end.");
  s.Param("timekey_use_utc", &BufferParams::timekey_use_utc, "Slices are cut in UTC.");
  s.Param("timekey_zone", &BufferParams::timekey_zone, "Time zone in which slices are cut.");
}

void AddFlushParams(Schema<BufferParams>& s) {
  s.Param("flush_mode", &BufferParams::flush_mode, "When chunks are flushed.");
  s.Param("flush_interval", &BufferParams::flush_interval, "Oldest age of a chunk that is open.",
          {.min = 0});
  s.Param("flush_thread_count", &BufferParams::flush_thread_count,
          "Threads that deliver at the same time.", {.min = 1, .max = 256});
  s.Param("flush_thread_interval", &BufferParams::flush_thread_interval,
          "Accepted; flush threads are woken when there is something to do.");
  s.Param("flush_thread_burst_interval", &BufferParams::flush_thread_burst_interval,
          "Accepted; flush threads are woken when there is something to do.",
          {.aliases = {"queued_chunk_flush_interval"}});
  s.Param("flush_at_shutdown", &BufferParams::flush_at_shutdown,
          "Delivers what is buffered before the agent ends.");
  s.Param("delayed_commit_timeout", &BufferParams::delayed_commit_timeout,
          "How long an output that acknowledges later may take.");
  s.Param("overflow_action", &BufferParams::overflow_action,
          "What happens to events that cannot wait when total_limit_size is reached.");
  s.Param("retry_forever", &BufferParams::retry_forever, "Never gives a chunk up.");
  s.Param("retry_timeout", &BufferParams::retry_timeout,
          "How long after its first failure a chunk is given up.");
  s.Param("retry_max_times", &BufferParams::retry_max_times,
          "After how many retries a chunk is given up.");
  s.Param("retry_secondary_threshold", &BufferParams::retry_secondary_threshold,
          "Part of retry_timeout after which <secondary> is used.", {.min = 0, .max = 1});
  s.Param("retry_type", &BufferParams::retry_type, "How waits between retries grow.");
  s.Param("retry_wait", &BufferParams::retry_wait, "Wait before the first retry.");
  s.Param("retry_exponential_backoff_base", &BufferParams::retry_exponential_backoff_base,
          "Factor from one wait to the next.");
  s.Param("retry_max_interval", &BufferParams::retry_max_interval, "Longest wait.");
  s.Param("retry_randomize", &BufferParams::retry_randomize,
          "Varies waits by an eighth either way.");
}

}  // namespace

const Schema<BufferParams>& BufferParams::schema() {
  static const auto s = [] {
    Schema<BufferParams> made;
    AddChunkParams(made);
    AddFlushParams(made);
    return made;
  }();
  return s;
}

namespace {

void ApplyDefaults(const config::Element* section, const BufferedOutput::BufferDefaults& defaults,
                   BufferParams& params) {
  const auto given = [section](std::string_view key) {
    return section != nullptr && section->Find(key) != nullptr;
  };
  // A section without an argument keeps the output's own keys; an explicit [] means none.
  if (section == nullptr || section->arg.empty()) params.chunk_keys = defaults.chunk_keys;
  if (params.type.empty()) params.type = defaults.type;
  if (defaults.flush_interval && !given("flush_interval")) {
    params.flush_interval.value = *defaults.flush_interval;
  }
  if (defaults.flush_mode && !given("flush_mode")) {
    for (const auto& [name, value] : ParamNames(FlushModeName{})) {
      if (name == *defaults.flush_mode) params.flush_mode = static_cast<FlushModeName>(value);
    }
  }
  if (defaults.timekey && !given("timekey")) params.timekey = Seconds{*defaults.timekey};
  if (defaults.timekey_wait && !given("timekey_wait")) {
    params.timekey_wait.value = *defaults.timekey_wait;
  }
  if (defaults.timekey_use_utc && !given("timekey_use_utc")) {
    params.timekey_use_utc = *defaults.timekey_use_utc;
  }
  if (defaults.flush_at_shutdown && !params.flush_at_shutdown) {
    params.flush_at_shutdown = defaults.flush_at_shutdown;
  }
}

RetryOptions Retry(const BufferParams& params) {
  RetryOptions retry;
  retry.forever = params.retry_forever;
  retry.timeout = params.retry_timeout.value;
  retry.max_times = params.retry_max_times;
  retry.secondary_threshold = params.retry_secondary_threshold;
  retry.periodic = params.retry_type == RetryType::kPeriodic;
  retry.wait = params.retry_wait.value;
  retry.base = params.retry_exponential_backoff_base;
  if (params.retry_max_interval) retry.max_interval = params.retry_max_interval->value;
  retry.randomize = params.retry_randomize;
  return retry;
}

void SetKeys(const BufferParams& params, BufferOptions& options) {
  for (const std::string& key : params.chunk_keys) {
    if (key == "tag") {
      options.key_tag = true;
    } else if (key == "time") {
      options.key_time = true;
    } else if (!key.empty() && key != "[]") {
      options.field_keys.push_back(key);
    }
  }
}

}  // namespace

namespace {

void CheckType(const config::Element* section, const std::string& type, LoadContext& load) {
  if (section == nullptr || type == "memory" || type == "file" || type == "file_single") return;
  const config::Attribute* attribute = section->Find("@type");
  load.problems.Error(attribute != nullptr ? attribute->value_location : section->location,
                      "unknown buffer type '" + type + "'",
                      "there are memory, file and file_single");
}

void SetFile(const BufferParams& params, BufferOptions& options) {
  options.path = params.path.value_or("");
  options.path_suffix = params.path_suffix.value_or(params.type == "file_single" ? ".buf" : ".log");
  if (params.file_permission) options.file_permission = params.file_permission->bits;
  if (params.dir_permission) options.dir_permission = params.dir_permission->bits;
  options.compress = params.compress;
  options.decompression_size_limit = static_cast<size_t>(params.decompression_size_limit.bytes);
  options.disable_chunk_backup = params.disable_chunk_backup;
  options.fsync = params.fsync;
  options.fsync_interval = params.fsync_interval.value;
}

}  // namespace

BufferParams LoadBuffer(const config::Element& match,
                        const BufferedOutput::BufferDefaults& defaults, LoadContext& load) {
  const std::optional<config::Element> found = BufferSection(match);
  const config::Element* section = found ? &*found : nullptr;
  BufferParams params;
  if (section != nullptr) {
    params = Load<BufferParams>(*section, load);
    params.type = std::string(section->Type());
  }
  ApplyDefaults(section, defaults, params);
  CheckType(section, params.type, load);
  const bool file = params.type == "file" || params.type == "file_single";
  if (!params.chunk_limit_size) params.chunk_limit_size = Size{int64_t{file ? 256 : 8} << 20};
  if (!params.total_limit_size) {
    params.total_limit_size = Size{file ? int64_t{64} << 30 : int64_t{512} << 20};
  }
  if (!params.flush_at_shutdown) params.flush_at_shutdown = !file;
  const auto& keys = params.chunk_keys;
  const bool by_time = std::find(keys.begin(), keys.end(), "time") != keys.end();
  if (params.flush_mode == FlushModeName::kDefault) {
    params.flush_mode = by_time ? FlushModeName::kLazy : FlushModeName::kInterval;
  }
  if (by_time && !(params.timekey && params.timekey->value > 0) && section != nullptr) {
    load.problems.Error(section->location,
                        "<buffer> has the chunk key 'time', but no timekey is configured");
  }
  return params;
}

BufferOptions ResolveBuffer(const config::Element& match,
                            const BufferedOutput::BufferDefaults& defaults, LoadContext& load) {
  const BufferParams params = LoadBuffer(match, defaults, load);
  BufferOptions options;
  options.type = params.type;
  SetFile(params, options);
  SetKeys(params, options);
  options.chunk_limit_size = static_cast<size_t>(params.chunk_limit_size->bytes);
  options.total_limit_size = static_cast<size_t>(params.total_limit_size->bytes);
  if (params.chunk_limit_records) {
    options.chunk_limit_records = static_cast<uint64_t>(*params.chunk_limit_records);
  }
  if (params.queue_limit_length) {
    options.queue_limit_length = static_cast<uint64_t>(*params.queue_limit_length);
  }
  options.chunk_full_threshold = params.chunk_full_threshold;
  if (options.key_time && params.timekey) options.timekey = params.timekey->value;
  options.timekey_wait = params.timekey_wait.value;
  options.timekey_use_utc = params.timekey_use_utc;
  options.timekey_zone = params.timekey_zone.value_or("");
  options.flush_mode = params.flush_mode == FlushModeName::kLazy        ? FlushMode::kLazy
                       : params.flush_mode == FlushModeName::kImmediate ? FlushMode::kImmediate
                                                                        : FlushMode::kInterval;
  options.flush_interval = params.flush_interval.value;
  options.flush_thread_count = static_cast<int>(params.flush_thread_count);
  options.flush_at_shutdown = *params.flush_at_shutdown;
  options.overflow_action = params.overflow_action;
  options.retry = Retry(params);
  return options;
}

}  // namespace tailrace::buffer
