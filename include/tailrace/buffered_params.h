// SPDX-License-Identifier: Apache-2.0
#pragma once
// The parameters that every buffered output has beside its own: a struct to derive from.
//
//   struct HttpParams : BufferedParams { …
//     static const Schema<HttpParams>& schema() { … Schema<HttpParams>().Inherit<BufferedParams>()
//     …

#include <optional>
#include <string>
#include <vector>

#include "tailrace/params.h"

namespace tailrace {

struct BufferedParams {
  std::vector<RawSection> buffer;
  std::vector<RawSection> secondary;
  Seconds slow_flush_log_threshold{20};
  bool time_as_integer = false;

  // Names from before <buffer>; the builder moves them into it (buffer/flat_names.h).
  std::optional<std::string> flat;

  static const Schema<BufferedParams>& schema();
};

}  // namespace tailrace
