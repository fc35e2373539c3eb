// SPDX-License-Identifier: Apache-2.0
#include "config/include.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tailrace::config {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t kMaxFileBytes = 64u << 20;
constexpr int kMaxGlobDepth = 64;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const int lower = std::tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool IsUriCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-._~:/?#@!$&'()*+,;=%").find(c) != std::string_view::npos;
}

std::string DecodeForm(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%') {  // known to be followed by two hex digits
      out.push_back(static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

Status CheckUri(std::string_view path) {
  for (size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == ' ') continue;  // taken as "+"
    if (static_cast<signed char>(c) < 0) {
      return Fail("an @include path must be ASCII; write other characters as %XX");
    }
    if (!IsUriCharacter(c)) {
      return Fail("an @include path must be a valid URI, and '" + std::string(1, c) +
                  "' cannot be in one");
    }
    if (c == '%' &&
        (i + 2 >= path.size() || HexDigit(path[i + 1]) < 0 || HexDigit(path[i + 2]) < 0)) {
      return Fail("'%' in an @include path must be followed by two hex digits");
    }
  }
  return {};
}

// The alternatives of the first {a,b} in the pattern, or just the pattern.
std::vector<std::string> ExpandBraces(const std::string& pattern, int depth = 0) {
  const size_t open = pattern.find('{');
  if (open == std::string::npos || depth > kMaxGlobDepth) return {pattern};
  int level = 0;
  size_t begin = open + 1;
  std::vector<std::string> parts;
  for (size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '{') ++level;
    if (pattern[i] == '}') --level;
    if ((pattern[i] == ',' && level == 1) || level == 0) {
      parts.push_back(pattern.substr(begin, i - begin));
      begin = i + 1;
    }
    if (level == 0) break;
  }
  if (level != 0) return {pattern};
  std::vector<std::string> out;
  for (const auto& part : parts) {
    for (auto& one :
         ExpandBraces(pattern.substr(0, open) + part + pattern.substr(begin), depth + 1)) {
      out.push_back(std::move(one));
    }
  }
  return out;
}

// [a-z], [^a-z] at pattern[0]; returns the length of the class, 0 if it is not one.
size_t MatchClass(std::string_view pattern, char c, bool* matches) {
  size_t i = 1;
  const bool negate = i < pattern.size() && (pattern[i] == '^' || pattern[i] == '!');
  if (negate) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size(); first = false) {
    if (pattern[i] == ']' && !first) {
      *matches = found != negate;
      return i + 1;
    }
    const char low = pattern[i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    found = found || (c >= low && c <= high);
    ++i;
  }
  return 0;
}

bool MatchName(std::string_view pattern, std::string_view name) {
  size_t star_pattern = std::string_view::npos;
  size_t star_name = 0;
  size_t p = 0;
  size_t n = 0;
  while (n < name.size()) {
    bool matches = false;
    size_t length = 1;
    if (p < pattern.size()) {
      if (pattern[p] == '*') {
        star_pattern = ++p;
        star_name = n;
        continue;
      }
      if (pattern[p] == '[') length = MatchClass(pattern.substr(p), name[n], &matches);
      if (pattern[p] != '[' || length == 0) {
        const bool escaped = pattern[p] == '\\' && p + 1 < pattern.size();
        length = escaped ? 2 : 1;
        matches = (!escaped && pattern[p] == '?') || pattern[p + length - 1] == name[n];
      }
    }
    if (matches) {
      p += length;
      ++n;
    } else if (star_pattern != std::string_view::npos) {
      p = star_pattern;
      n = ++star_name;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

bool HasWildcard(std::string_view part) {
  return part.find_first_of("*?[\\") != std::string_view::npos;
}

std::vector<std::string> SortedNames(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(directory.empty() ? "." : directory, error), end;
       !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void Walk(const std::string& base, std::string_view rest, int depth,
          std::vector<std::string>* found) {
  if (depth > kMaxGlobDepth) return;
  std::error_code error;
  const size_t slash = rest.find('/');
  const std::string_view part = rest.substr(0, slash);
  const bool last = slash == std::string_view::npos;
  const std::string_view next = last ? std::string_view() : rest.substr(slash + 1);
  if (part == "**" && !last) {
    Walk(base, next, depth + 1, found);
    for (const auto& name : SortedNames(base)) {
      const std::string path = base + name;
      if (name[0] == '.' || !fs::is_directory(fs::symlink_status(path, error))) continue;
      Walk(path + "/", rest, depth + 1, found);
    }
    return;
  }
  if (!HasWildcard(part)) {
    const std::string path = base + std::string(part);
    if (last) {
      if (fs::exists(path, error) && !fs::is_directory(path, error)) found->push_back(path);
    } else {
      Walk(path + "/", next, depth + 1, found);
    }
    return;
  }
  for (const auto& name : SortedNames(base)) {
    if ((name[0] == '.' && part[0] != '.') || !MatchName(part, name)) continue;
    const std::string path = base + name;
    const bool directory = fs::is_directory(path, error);
    if (last && !directory) found->push_back(path);
    if (!last && directory) Walk(path + "/", next, depth + 1, found);
  }
}

}  // namespace

std::string AbsolutePath(std::string_view path, const std::string& directory) {
  fs::path full(path);
  if (!full.is_absolute()) full = fs::path(directory) / full;
  std::error_code error;
  if (!full.is_absolute()) full = fs::absolute(full, error);
  return full.lexically_normal().string();
}

Result<std::string> IncludePattern(std::string_view path, const std::string& directory) {
  if (path.empty()) return Fail("@include needs a path");
  if (const auto checked = CheckUri(path); !checked) return tl::unexpected(checked.error());
  std::string uri(path);
  std::replace(uri.begin(), uri.end(), ' ', '+');
  if (uri.find_first_of("?#") != std::string::npos) {
    return Fail("an @include path cannot contain '?' or '#', because it is read as a URI");
  }
  const size_t colon = uri.find(':');
  if (colon != std::string::npos && colon < uri.find('/')) {
    const std::string scheme = uri.substr(0, colon);
    if (scheme != "file") return Fail("@include cannot read '" + scheme + ":' addresses");
    uri.erase(0, colon + 1);
    if (uri.substr(0, 2) == "//") {
      const size_t slash = uri.find('/', 2);
      uri.erase(0, std::min(slash, uri.size()));
    }
    if (uri.empty() || uri[0] != '/') return Fail("file: needs an absolute path");
  } else if (uri.substr(0, 2) == "//") {
    return Fail("an @include path cannot begin with '//'");
  }
  return AbsolutePath(DecodeForm(uri), directory);
}

std::vector<std::string> Glob(std::string_view pattern) {
  std::vector<std::string> found;
  for (const auto& one : ExpandBraces(std::string(pattern))) {
    const bool absolute = !one.empty() && one[0] == '/';
    Walk(absolute ? "/" : "", std::string_view(one).substr(absolute ? 1 : 0), 0, &found);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool LooksLikeBackup(std::string_view path) {
  static constexpr std::array<std::string_view, 9> kMarks = {
      "bak", "old", "backup", "orig", "prev", "tmp", "temp", "debug", "wip"};
  std::string name = fs::path(path).filename().string();
  if (name.size() > 5 && name.ends_with(".conf")) name.resize(name.size() - 5);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (name.find(".conf") != std::string::npos) return true;
  size_t begin = 0;
  while (begin <= name.size()) {
    const size_t end = std::min(name.find_first_of(".-_", begin), name.size());
    const std::string_view word = std::string_view(name).substr(begin, end - begin);
    if (std::find(kMarks.begin(), kMarks.end(), word) != kMarks.end()) return true;
    begin = end + 1;
  }
  return false;
}

Result<std::string> ReadFile(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return Fail("cannot read " + path + ": it is a directory");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return Fail("cannot read " + path + ": " + std::strerror(errno));
  std::string text;
  std::array<char, 65536> buffer{};
  while (in.read(buffer.data(), buffer.size()) || in.gcount() > 0) {
    text.append(buffer.data(), static_cast<size_t>(in.gcount()));
    if (text.size() > kMaxFileBytes) return Fail("cannot read " + path + ": it is over 64 MiB");
  }
  return text;
}

}  // namespace tailrace::config
