// SPDX-License-Identifier: Apache-2.0
#include "command/match.h"

#include <algorithm>
#include <cstdio>

#include "command/command.h"
#include "text/tag_pattern.h"

namespace tailrace::command {

int Match(const std::vector<std::string>& args) {
  const auto middle = std::find(args.begin(), args.end(), "--");
  if (middle == args.begin() || middle == args.end()) {
    std::fprintf(stderr, "usage: tailrace match PATTERN.. -- TAG..\n");
    return kUsage;
  }
  std::vector<text::TagMatcher> patterns;
  for (auto arg = args.begin(); arg != middle; ++arg) {
    auto matcher = text::TagMatcher::Compile(arg->empty() ? "**" : *arg);
    if (!matcher) {
      std::fprintf(stderr, "tailrace match: %s\n", matcher.error().message.c_str());
      return kWrong;
    }
    patterns.push_back(std::move(*matcher));
  }
  for (auto tag = middle + 1; tag != args.end(); ++tag) {
    const auto first = std::find_if(patterns.begin(), patterns.end(),
                                    [&tag](const auto& pattern) { return pattern.Matches(*tag); });
    const std::string index =
        first == patterns.end() ? "-" : std::to_string(first - patterns.begin());
    std::printf("%s\t%s\n", index.c_str(), tag->c_str());
  }
  return kOk;
}

}  // namespace tailrace::command
