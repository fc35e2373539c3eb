// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where the tests find their data files. The path is compiled into one file alone, so that the
// objects of all others are the same in every checkout and compiler caches are shared.

#include <string>

namespace tailrace {

// `path` is relative to the top of the source tree.
std::string SourcePath(const std::string& path);

}  // namespace tailrace
