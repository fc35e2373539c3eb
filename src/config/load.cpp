// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <algorithm>
#include <filesystem>
#include <memory>

#include "config/include.h"
#include "config/v1_parser.h"

namespace tailrace::config {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxIncludeDepth = 32;

bool HasYamlName(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

class Loader : public Includer {
 public:
  Loader(const LoadOptions& options, Problems* problems) : options_(options), problems_(*problems) {
    loaded_.root.name = "ROOT";
  }

  void Main(const std::string& path) {
    main_directory_ = fs::path(path).parent_path().string();
    main_absolute_ = fs::path(AbsolutePath(path, ".")).parent_path().string();
    auto text = ReadFile(path);
    if (!text) {
      problems_.Error({}, text.error().message);
      return;
    }
    const bool yaml = options_.type == FileType::kYaml ||
                      (options_.type == FileType::kGuess && HasYamlName(path));
    if (!options_.inline_config.empty()) AppendInline(&*text);
    Parse(AbsolutePath(path, "."), path, std::move(*text), yaml, &loaded_.root);
  }

  void Text(std::string_view text, const std::string& name) {
    main_absolute_ = AbsolutePath(".", ".");
    Parse(AbsolutePath("text", "."), name, std::string(text), options_.type == FileType::kYaml,
          &loaded_.root);
    loaded_.files.clear();
  }

  void Include(std::string_view path, const Location& from, Element* into) override {
    const std::string directory = fs::path(stack_.back()).parent_path().string();
    const auto pattern = IncludePattern(path, directory);
    if (!pattern) {
      problems_.Error(from, pattern.error().message);
      return;
    }
    const auto files = Glob(*pattern);
    if (files.empty()) {
      problems_.Warning(from, "@include " + std::string(path) + " matches no file",
                        "nothing is included (looked for " + *pattern + ")");
    }
    for (const auto& file : files) IncludeFile(file, *pattern, from, into);
  }

  Loaded Take() { return std::move(loaded_); }

 private:
  void IncludeFile(const std::string& file, const std::string& pattern, const Location& from,
                   Element* into) {
    if (stack_.size() >= kMaxIncludeDepth ||
        std::find(stack_.begin(), stack_.end(), file) != stack_.end()) {
      problems_.Error(from, "@include of " + file + " goes in a circle");
      return;
    }
    if (file != pattern && LooksLikeBackup(file)) {
      problems_.Warning(from, file + " looks like a backup, but is included",
                        "rename or remove it if it is not meant");
    }
    auto text = ReadFile(file);
    if (!text) {
      problems_.Error(from, "@include: " + text.error().message);
      return;
    }
    Parse(file, ShownName(file), std::move(*text), HasYamlName(file), into);
  }

  // Included files are shown with the main file's way of naming the directory.
  std::string ShownName(const std::string& file) const {
    const std::string prefix = main_absolute_ + "/";
    if (!file.starts_with(prefix)) return file;
    const std::string rest = file.substr(prefix.size());
    return main_directory_.empty() ? rest : (fs::path(main_directory_) / rest).string();
  }

  void AppendInline(std::string* text) const {
    std::string addition = options_.inline_config;
    for (size_t at = addition.find("\\n"); at != std::string::npos; at = addition.find("\\n", at)) {
      addition.replace(at, 2, "\n");
    }
    *text += "\n" + addition;
  }

  void Parse(const std::string& absolute, const std::string& shown, std::string text, bool yaml,
             Element* into) {
    auto file = std::make_shared<SourceFile>();
    file->name = shown;
    file->text = std::move(text);
    stack_.push_back(absolute);
    loaded_.files.push_back(absolute);
    if (yaml) {
      problems_.Error({file, 0, 0}, "YAML is not read yet");
    } else {
      ParseV1(std::move(file), nullptr, this, &problems_, into);
    }
    stack_.pop_back();
  }

  const LoadOptions& options_;
  Problems& problems_;
  Loaded loaded_;
  std::string main_directory_;  // as the caller wrote it
  std::string main_absolute_;
  std::vector<std::string> stack_;  // files being read, outermost first
};

}  // namespace

Loaded LoadFile(const std::string& path, const LoadOptions& options, Problems* problems) {
  Loader loader(options, problems);
  loader.Main(path);
  return loader.Take();
}

Loaded LoadText(std::string_view text, const std::string& name, const LoadOptions& options,
                Problems* problems) {
  Loader loader(options, problems);
  loader.Text(text, name);
  return loader.Take();
}

}  // namespace tailrace::config
