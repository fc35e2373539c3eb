// SPDX-License-Identifier: Apache-2.0
#pragma once
// klog's header, as Kubernetes components write it (k8s.io/klog):
//
//   I0115 10:30:00.123456    4711 server.go:1048] message
//
// Same as  ^(?<severity>\w)(?<time>\d{4} [^\s]*)\s+(?<pid>\d+)\s+(?<source>[^ \]]+)\]
// (?<message>.*) from the first character on, the dot matching newlines.

#include <string_view>

namespace tailrace::parser {

struct KlogLine {
  std::string_view severity, time, pid, source, message;
};
bool SplitKlogLine(std::string_view line, KlogLine* out);

// Whether a line begins an entry: ^\w\d{4}
bool StartsKlogEntry(std::string_view line);

inline constexpr const char* kKlogExpression =
    R"(^(?<severity>\w)(?<time>\d{4} [^\s]*)\s+(?<pid>\d+)\s+(?<source>[^ \]]+)\] (?<message>.*))";
inline constexpr const char* kKlogTimeFormat = "%m%d %H:%M:%S.%N";

}  // namespace tailrace::parser
