// SPDX-License-Identifier: Apache-2.0
#pragma once
// How the agent's own log is set up: level and form. Called at start, before other threads run.

#include "tailrace/log.h"

namespace tailrace {

void SetLogLevel(LogLevel level);
// One JSON object per line (`<system> <log> format json`) instead of Fluentd's text.
void SetLogJson(bool json);

}  // namespace tailrace
