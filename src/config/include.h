// SPDX-License-Identifier: Apache-2.0
#pragma once
// What @include paths mean.

#include <string>
#include <string_view>
#include <vector>

#include "tailrace/result.h"

namespace tailrace::config {

// The file pattern that an @include path stands for. Fluentd reads the path as a URI (RFC 3986):
// only "file:" is a scheme that names files, "+" and %20 are blanks, and characters that no URI has
// ("{", "[", non-ASCII ...) are refused. Relative paths start at `directory`.
Result<std::string> IncludePattern(std::string_view path, const std::string& directory);

// Files that match the pattern (*, ?, [..], {a,b}, **/), sorted by their path; names that begin
// with a dot only match a pattern that spells the dot out. Directories are not included.
std::vector<std::string> Glob(std::string_view pattern);

// True for files that an editor or a person probably left behind (app.bak.conf, old.conf).
bool LooksLikeBackup(std::string_view path);

// "dir/file" made absolute against `directory`, with "." and ".." resolved as text.
std::string AbsolutePath(std::string_view path, const std::string& directory);

// Reads a whole file (at most 64 MiB), or says why not.
Result<std::string> ReadFile(const std::string& path);

}  // namespace tailrace::config
