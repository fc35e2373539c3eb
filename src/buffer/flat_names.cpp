// SPDX-License-Identifier: Apache-2.0
#include "buffer/flat_names.h"

#include <array>
#include <string_view>

#include "tailrace/buffered_params.h"

namespace tailrace {
namespace {

struct FlatName {
  std::string_view flat;
  std::string_view name;
};

constexpr std::array kFlatNames = {
    FlatName{"buffer_type", "@type"},
    FlatName{"buffer_path", "path"},
    FlatName{"num_threads", "flush_thread_count"},
    FlatName{"flush_interval", "flush_interval"},
    FlatName{"try_flush_interval", "flush_thread_interval"},
    FlatName{"queued_chunk_flush_interval", "flush_thread_burst_interval"},
    FlatName{"disable_retry_limit", "retry_forever"},
    FlatName{"retry_limit", "retry_max_times"},
    FlatName{"max_retry_wait", "retry_max_interval"},
    FlatName{"retry_wait", "retry_wait"},
    FlatName{"buffer_chunk_limit", "chunk_limit_size"},
    FlatName{"buffer_queue_limit", "queue_limit_length"},
    FlatName{"buffer_queue_full_action", "overflow_action"},
    FlatName{"flush_at_shutdown", "flush_at_shutdown"},
    FlatName{"time_slice_format", "timekey"},
    FlatName{"time_slice_wait", "timekey_wait"},
    FlatName{"timezone", "timekey_zone"},
};

// time_slice_format names the slice by its finest part.
std::string_view SliceSeconds(std::string_view format) {
  if (format.find("%S") != std::string_view::npos) return "1";
  if (format.find("%M") != std::string_view::npos) return "60";
  if (format.find("%H") != std::string_view::npos) return "3600";
  return "86400";
}

}  // namespace

const Schema<BufferedParams>& BufferedParams::schema() {
  static const auto s = [] {
    Schema<BufferedParams> made;
    made.RawSection("buffer", &BufferedParams::buffer, "How events are buffered.", {.many = false});
    made.RawSection("secondary", &BufferedParams::secondary, "Where events go that are given up.",
                    {.many = false});
    made.Param("slow_flush_log_threshold", &BufferedParams::slow_flush_log_threshold,
               "A delivery that takes longer is logged.");
    made.Param("time_as_integer", &BufferedParams::time_as_integer,
               "Times without their fraction of a second.");
    for (const FlatName& name : kFlatNames) {
      made.Param(name.flat, &BufferedParams::flat, "Old place of a parameter of <buffer>.",
                 {.hidden = true});
    }
    return made;
  }();
  return s;
}

namespace buffer {

std::optional<config::Element> BufferSection(const config::Element& match) {
  std::optional<config::Element> section;
  if (const auto own = match.Sections("buffer"); !own.empty()) section = *own.front();
  for (const FlatName& name : kFlatNames) {
    const config::Attribute* flat = match.Find(name.flat);
    if (flat == nullptr) continue;
    if (!section) {
      section.emplace();
      section->name = "buffer";
      section->location = match.location;
    }
    if (section->Find(name.name) != nullptr) continue;
    config::Attribute moved = *flat;
    moved.key = name.name;
    if (name.flat == "buffer_queue_full_action" && moved.text == "exception") {
      moved.text = "throw_exception";
    } else if (name.flat == "time_slice_format") {
      moved.text = SliceSeconds(moved.text);
    }
    section->Set(std::move(moved));
  }
  return section;
}

}  // namespace buffer
}  // namespace tailrace
