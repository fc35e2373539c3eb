// SPDX-License-Identifier: Apache-2.0
#include "input/tail/glob.h"

#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <utility>

namespace tailrace::tail {
namespace {

bool HasMagic(std::string_view segment) {
  return segment.find_first_of("*?[\\") != std::string_view::npos;
}

bool Exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

bool IsDirectory(const std::string& path, bool follow) {
  struct stat status {};
  return (follow ? ::stat(path.c_str(), &status) : ::lstat(path.c_str(), &status)) == 0 &&
         S_ISDIR(status.st_mode);
}

std::string Join(const std::string& directory, std::string_view name) {
  std::string path = directory;
  if (!path.empty() && path.back() != '/') path += '/';
  path += name;
  return path;
}

// Names in a directory, without . and ..; sorted.
std::vector<std::string> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(
      ::opendir(directory.empty() ? "." : directory.c_str()), &::closedir);
  if (!opened) return names;
  while (const dirent* entry = ::readdir(opened.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Walk {
  const std::vector<std::string>& segments;
  std::vector<std::string>& paths;
  std::set<std::string>& directories;

  void Descend(const std::string& base, size_t index);
  void AnyDepth(const std::string& base, size_t index);
};

void Walk::Descend(const std::string& base, size_t index) {
  if (index == segments.size()) {
    if (Exists(base)) paths.push_back(base);
    return;
  }
  const std::string& segment = segments[index];
  if (segment == "**" && index + 1 < segments.size()) {
    AnyDepth(base, index);
    return;
  }
  if (!HasMagic(segment)) {
    Descend(Join(base, segment), index + 1);
    return;
  }
  directories.insert(NearestDirectory(base));
  const bool last = index + 1 == segments.size();
  for (const std::string& name : NamesIn(base)) {
    if (::fnmatch(segment.c_str(), name.c_str(), FNM_PERIOD) != 0) continue;
    const std::string path = Join(base, name);
    if (last) {
      paths.push_back(path);
    } else if (IsDirectory(path, true)) {
      Descend(path, index + 1);
    }
  }
}

// "**": this directory and all below it, links not followed.
void Walk::AnyDepth(const std::string& base, size_t index) {
  Descend(base, index + 1);
  directories.insert(NearestDirectory(base));
  for (const std::string& name : NamesIn(base)) {
    if (name.front() == '.') continue;
    const std::string path = Join(base, name);
    if (IsDirectory(path, false)) AnyDepth(path, index);
  }
}

}  // namespace

std::string NearestDirectory(std::string path) {
  if (path.empty()) return ".";
  while (!IsDirectory(path, true)) {
    const size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    path.resize(slash);
    if (path.empty()) return "/";
  }
  return path;
}

std::vector<std::string> ExpandBraces(std::string_view pattern) {
  const size_t open = pattern.find('{');
  if (open == std::string_view::npos) return {std::string(pattern)};
  std::vector<std::string_view> choices;
  size_t depth = 0;
  size_t begin = open + 1;
  size_t close = std::string_view::npos;
  for (size_t at = open; at < pattern.size(); ++at) {
    const char c = pattern[at];
    if (c == '{') ++depth;
    if ((c == ',' && depth == 1) || (c == '}' && depth == 1)) {
      choices.push_back(pattern.substr(begin, at - begin));
      begin = at + 1;
    }
    if (c == '}' && --depth == 0) {
      close = at;
      break;
    }
  }
  if (close == std::string_view::npos) return {std::string(pattern)};
  std::vector<std::string> expanded;
  for (const std::string_view choice : choices) {
    std::string whole(pattern.substr(0, open));
    whole += choice;
    whole += pattern.substr(close + 1);
    for (std::string& path : ExpandBraces(whole)) expanded.push_back(std::move(path));
  }
  return expanded;
}

void Glob(std::string_view pattern, std::vector<std::string>& paths,
          std::set<std::string>& directories) {
  for (const std::string& path : ExpandBraces(pattern)) {
    std::vector<std::string> segments;
    std::string_view rest = path;
    std::string base;
    while (rest.starts_with('/')) {
      base = "/";
      rest.remove_prefix(1);
    }
    while (!rest.empty()) {
      const size_t slash = rest.find('/');
      if (slash != 0) segments.emplace_back(rest.substr(0, slash));
      rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
    }
    const size_t first = paths.size();
    Walk{segments, paths, directories}.Descend(base, 0);
    std::sort(paths.begin() + static_cast<std::ptrdiff_t>(first), paths.end());
    paths.erase(std::unique(paths.begin() + static_cast<std::ptrdiff_t>(first), paths.end()),
                paths.end());
  }
}

}  // namespace tailrace::tail
