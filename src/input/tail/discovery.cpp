// SPDX-License-Identifier: Apache-2.0
#include "input/tail/discovery.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <system_error>
#include <unordered_set>

#include "input/tail/glob.h"
#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

bool Encloses(std::string_view path, char open, char close) {
  const size_t at = path.find(open);
  return at != std::string_view::npos && path.find(close, at) != std::string_view::npos;
}

std::string_view Strip(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") + 1 - begin);
}

std::vector<std::string> SplitPaths(std::string_view text, std::string_view delimiter) {
  std::vector<std::string> paths;
  while (true) {
    const size_t end = delimiter.empty() ? text.npos : text.find(delimiter);
    const std::string_view path = Strip(text.substr(0, end));
    if (!path.empty()) paths.emplace_back(path);
    if (end == std::string_view::npos) return paths;
    text.remove_prefix(end + delimiter.size());
  }
}

}  // namespace

Result<Discovery> Discovery::Create(const TailParams& params) {
  Discovery discovery(params);
  auto paths = Compile(SplitPaths(params.path, params.path_delimiter), params);
  if (!paths) return tl::unexpected<Error>(paths.error());
  if (paths->empty()) return Fail("tail: 'path' parameter is required on tail input");
  auto excluded = Compile(params.exclude_path, params);
  if (!excluded) return tl::unexpected<Error>(excluded.error());
  discovery.paths_ = std::move(*paths);
  discovery.excluded_ = std::move(*excluded);
  return discovery;
}

Discovery::Discovery(const TailParams& params) : policy_(params.glob_policy) {
  if (params.limit_recently_modified) recent_ = params.limit_recently_modified->value;
}

Result<std::vector<Discovery::Path>> Discovery::Compile(const std::vector<std::string>& paths,
                                                        const TailParams& params) {
  std::vector<Path> compiled;
  for (const std::string& path : paths) {
    Path& added = compiled.emplace_back();
    added.text = path;
    if (path.find('%') == std::string::npos && !params.path_timezone) continue;
    text::TimeOptions options;
    options.format = path;
    options.timezone = params.path_timezone;
    auto formatter = text::TimeFormatter::Create(options);
    if (!formatter) return tl::unexpected<Error>(formatter.error());
    added.formatter = std::move(*formatter);
  }
  return compiled;
}

std::string Discovery::Expand(Path& path, EventTime now) {
  return path.formatter ? std::string(path.formatter->Format(now)) : path.text;
}

bool Discovery::IsPattern(const std::string& path) const {
  const bool star = path.find('*') != std::string::npos;
  if (policy_ == GlobPolicy::kBackwardCompatible) return star;
  const bool extended = star || path.find('?') != std::string::npos || Encloses(path, '[', ']');
  return extended || (policy_ == GlobPolicy::kAlways && Encloses(path, '{', '}'));
}

Found Discovery::Find(EventTime now) {
  Found found;
  std::unordered_set<std::string> left_out;
  std::set<std::string> unused;
  for (Path& path : excluded_) {
    const std::string expanded = Expand(path, now);
    std::vector<std::string> matches;
    if (IsPattern(expanded)) {
      Glob(expanded, matches, unused);
    } else {
      matches.push_back(expanded);
    }
    left_out.insert(matches.begin(), matches.end());
  }

  for (Path& path : paths_) {
    const std::string expanded = Expand(path, now);
    std::vector<std::string> matches;
    const bool pattern = IsPattern(expanded);
    if (pattern) {
      Glob(expanded, matches, found.directories);
    } else {
      matches.push_back(expanded);
      const size_t slash = expanded.rfind('/');
      found.directories.insert(NearestDirectory(slash == 0 || slash == std::string::npos
                                                    ? (slash == 0 ? "/" : "")
                                                    : expanded.substr(0, slash)));
    }
    for (std::string& match : matches) {
      if (!left_out.insert(match).second) continue;  // excluded, or found before
      const auto status = StatPath(match);
      if (!status) {
        if (status.error() != ENOENT) ReportUnreadable(match, status.error());
        continue;
      }
      if (!status->regular || !Readable(match)) continue;
      const double age = static_cast<double>(now.sec - status->mtime / 1'000'000'000);
      if (pattern && recent_ && age > *recent_) continue;
      found.files.push_back({std::move(match), *status});
    }
  }
  return found;
}

bool Discovery::Readable(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) {
    if (!reported_.empty()) reported_.erase(path);
    return true;
  }
  ReportUnreadable(path, errno);
  return false;
}

void Discovery::ReportUnreadable(const std::string& path, int error) {
  if (!reported_.insert(path).second) return;
  LogWarn(path + " unreadable. It is excluded and would be examined next time.",
          {{"error", std::error_code(error, std::generic_category()).message()}});
}

std::string PathAsTag(const std::string& path) {
  std::string tag;
  for (char c : path) {
    if (c == '/') c = '.';
    if (c == '.' && (tag.empty() || tag.back() == '.')) continue;
    tag += c;
  }
  return tag;
}

std::string TagFor(const std::string& tag, const std::string& path) {
  const size_t star = tag.find('*');
  if (star == std::string::npos) return tag;
  const std::string rest = tag.substr(star + 1);
  return tag.substr(0, star) + PathAsTag(path) + rest.substr(0, rest.find('*'));
}

}  // namespace tailrace::tail
