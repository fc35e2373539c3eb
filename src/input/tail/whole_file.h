// SPDX-License-Identifier: Apache-2.0
#pragma once
// Small files that are read and replaced as a whole.

#include <string>
#include <string_view>

#include "tailrace/result.h"

namespace tailrace::tail {

// The content; empty if there is no such file.
Result<std::string> ReadWholeFile(const std::string& path);
// Makes the directories that `path` needs.
Status MakeDirectoriesFor(const std::string& path);
// Replaces the file at once (written beside it, synced, renamed); where a rename is not possible
// (a file that is mounted alone) it is overwritten in place.
Status ReplaceFile(const std::string& path, std::string_view text);
// Writes all of `text` at `offset`.
Status WriteAt(int fd, const std::string& path, uint64_t offset, std::string_view text);
// "cannot VERB PATH: reason".
std::string FileProblem(std::string_view verb, const std::string& path, int error);

}  // namespace tailrace::tail
