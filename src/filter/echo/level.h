// SPDX-License-Identifier: Apache-2.0
#pragma once
// Levels of the echo-logs schema: trace, debug, info, warn, error, fatal.

#include <cstdint>
#include <string_view>

#include "tailrace/batch.h"

namespace tailrace::echo {

// The schema's name of a level that an application wrote: words in any case (WARNING, Err,
// critical, notice, LOG …), single letters (klog's I W E F), numbers of pino/bunyan (10 to 60) and,
// below 8, syslog's. Empty if it is none of these.
std::string_view NormalizeLevel(const Value& value);

// What a line of plain text says itself.
struct TextParts {
  std::string_view level;    // normalised; empty if the line has none
  std::string_view message;  // the line without what was understood
};

// Recognises klog, PostgreSQL, Redis, nginx (access and error log), bracketed and spaced levels of
// Java and Python loggers, logfmt's level=, and lines that begin with a level. Looks at the head of
// the line only.
TextParts ReadText(std::string_view line);

}  // namespace tailrace::echo
