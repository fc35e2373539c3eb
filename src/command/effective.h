// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace config --effective`: every plugin with all its parameters, typed (sizes in bytes, times
// in seconds), defaults filled in, secrets masked.

#include <string>

#include "config/element.h"
#include "config/problems.h"
#include "runtime/builder.h"

namespace tailrace::command {

// The tree of `root` as one JSON object, in the shape of `tailrace config`:
//
//   {"name","arg","attrs":{"@type","@id",typed parameters, inner sections by name},"elements":[…]}
//
// `elements` holds the sections that stand within <label> and <worker>. What is wrong goes to
// `problems`; a plugin with mistakes is left out then.
std::string EffectiveConfig(const config::Element& root, runtime::BuildOptions options,
                            config::Problems& problems);

}  // namespace tailrace::command
