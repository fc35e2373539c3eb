// SPDX-License-Identifier: Apache-2.0
#pragma once
// `tailrace match PATTERN.. -- TAG..`: which pattern of several takes a tag, as the <match>
// sections of one file would. Prints a line for each tag: the index of the first pattern that
// matches (from 0) or "-", a tab, the tag.

#include <string>
#include <vector>

namespace tailrace::command {

int Match(const std::vector<std::string>& args);

}  // namespace tailrace::command
