// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a command prints, for parameters that name one (rewrite_tag_filter's hostname_command). Only
// while the configuration is read, never for an event.

#include <string>

#include "tailrace/result.h"

namespace tailrace::config {

// Standard output of `sh -c command` without the line end at its end, as Ruby's `command`.chomp.
// An error if the command cannot be run, fails, prints more than 64 KiB or needs more than five
// seconds (it is killed then).
Result<std::string> CommandOutput(const std::string& command);

}  // namespace tailrace::config
