// SPDX-License-Identifier: Apache-2.0
#pragma once
// A directory of a test's own, removed with all its content.

#include <cstdlib>
#include <filesystem>
#include <string>

namespace tailrace {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "tailrace_test.XXXXXX").string();
    path_ = mkdtemp(name.data()) != nullptr ? std::filesystem::path(name) : std::filesystem::path();
  }
  ~TempDir() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace tailrace
