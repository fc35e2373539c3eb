// SPDX-License-Identifier: Apache-2.0
#pragma once
// Paths by pattern, with the meaning of Ruby's Dir.glob: * ? [..] {a,b} and **/ for any depth;
// names that begin with a dot need one in the pattern; sorted.

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::tail {

// `a{b,c}d` as `abd` and `acd`; nested and empty alternatives allowed.
std::vector<std::string> ExpandBraces(std::string_view pattern);

// Appends what `pattern` matches. Directories that were read on the way, or the nearest one that
// there is, go to `directories`: a change in one of them may change the answer.
void Glob(std::string_view pattern, std::vector<std::string>& paths,
          std::set<std::string>& directories);

// The nearest directory that exists, `path` itself or one above it.
std::string NearestDirectory(std::string path);

}  // namespace tailrace::tail
