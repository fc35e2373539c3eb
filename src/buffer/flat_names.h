// SPDX-License-Identifier: Apache-2.0
#pragma once
// Buffer parameters as configurations for Fluentd v0.12 have them, directly in <match>
// (https://docs.fluentd.org/configuration/plugin-common-parameters#fluentd-v0.12-parameters).

#include <optional>

#include "config/element.h"

namespace tailrace::buffer {

// The <buffer> section that `match` means: its own, completed by the flat parameters that the
// section does not set itself. Nothing if there is neither.
std::optional<config::Element> BufferSection(const config::Element& match);

}  // namespace tailrace::buffer
