// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "config/evaluator.h"
#include "config/include.h"
#include "config/ruby/time.h"
#include "config/v1_parser.h"
#include "config/yaml_parser.h"
#include "text/charset.h"

namespace tailrace::config {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxIncludeDepth = 32;

bool HasYamlName(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml");
}

std::string OwnHostname() {
  std::array<char, 256> name{};
  gethostname(name.data(), name.size() - 1);
  return name.data();
}

ruby::Host MakeHost(const LoadOptions& options) {
  ruby::Host host;
  host.hostname = options.hostname.empty() ? OwnHostname() : options.hostname;
  host.environment = options.environment;
  if (options.now_seconds) {
    host.now = [seconds = *options.now_seconds, nanoseconds = options.now_nanoseconds] {
      return ruby::LocalTime(seconds, nanoseconds);
    };
  }
  return host;
}

class Loader : public Includer {
 public:
  Loader(const LoadOptions& options, Problems* problems)
      : options_(options), problems_(*problems), evaluator_(MakeHost(options)) {
    loaded_.root.name = "ROOT";
  }

  void Main(const std::string& path) {
    main_directory_ = fs::path(path).parent_path().string();
    main_absolute_ = fs::path(AbsolutePath(path, ".")).parent_path().string();
    if (options_.type == FileType::kV0) {
      problems_.Error({}, "the v0 configuration grammar is not supported",
                      "write the file in the v1 grammar, which Fluentd reads by default");
      return;
    }
    auto text = ReadFile(path);
    if (!text) {
      problems_.Error({}, text.error().message);
      return;
    }
    const bool yaml = options_.type == FileType::kYaml ||
                      (options_.type == FileType::kGuess && HasYamlName(path));
    if (!ConvertToUtf8(&*text)) return;
    if (!options_.inline_config.empty()) AppendInline(&*text);
    Parse(AbsolutePath(path, "."), path, std::move(*text), yaml, &loaded_.root);
    if (options_.read_include_dir) IncludeDirectory();
    CheckSystem();
  }

  void Text(std::string_view text, const std::string& name) {
    main_absolute_ = AbsolutePath(".", ".");
    Parse(AbsolutePath("text", "."), name, std::string(text), options_.type == FileType::kYaml,
          &loaded_.root);
    loaded_.files.clear();
  }

  void Include(std::string_view path, const Location& from, Element* into) override {
    const auto pattern = IncludePattern(path, Directory());
    if (!pattern) {
      problems_.Error(from, pattern.error().message);
      return;
    }
    IncludeAll(*pattern, "@include " + std::string(path), from, into);
  }

  void IncludeYaml(std::string_view path, const Location& from, Element* into) override {
    IncludeAll(AbsolutePath(path, Directory()), "!include " + std::string(path), from, into);
  }

  // config_include_dir: every file that is not part of the configuration yet.
  void IncludeDirectory() {
    std::string directory = options_.include_dir;
    if (directory.empty()) {
      const char* named = std::getenv("FLUENT_CONF_INCLUDE_DIR");
      directory = named == nullptr ? "/etc/fluent/conf.d" : named;
    }
    for (const Element* system : loaded_.root.Sections("system")) {
      const Attribute* attribute = system->Find("config_include_dir");
      if (attribute != nullptr && attribute->kind == ValueKind::kText) directory = attribute->text;
    }
    if (directory.empty()) return;
    directory = AbsolutePath(directory, main_absolute_);
    for (const auto& file : Glob(directory + "/**/*.{conf,yaml,yml}")) {
      if (std::find(loaded_.files.begin(), loaded_.files.end(), file) == loaded_.files.end()) {
        IncludeFile(file, file, {}, &loaded_.root);
      }
    }
  }

  Loaded Take() { return std::move(loaded_); }

 private:
  std::string Directory() const { return fs::path(stack_.back()).parent_path().string(); }

  void IncludeAll(const std::string& pattern, const std::string& what, const Location& from,
                  Element* into) {
    const auto files = Glob(pattern);
    if (files.empty()) {
      problems_.Warning(from, what + " matches no file",
                        "nothing is included (looked for " + pattern + ")");
    }
    for (const auto& file : files) IncludeFile(file, pattern, from, into);
  }

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

  // --conf-encoding, and a byte order mark that an editor left.
  bool ConvertToUtf8(std::string* text) {
    static constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (text->starts_with(kByteOrderMark)) text->erase(0, kByteOrderMark.size());
    if (options_.encoding == "utf-8" || options_.encoding == "UTF-8") return true;
    auto converter = text::CharsetConverter::Create(options_.encoding, "UTF-8");
    if (!converter) {
      problems_.Error({}, converter.error().message);
      return false;
    }
    std::string converted;
    converter->Append(*text, converted);
    *text = std::move(converted);
    return true;
  }

  void CheckSystem() {
    const auto sections = loaded_.root.Sections("system");
    for (size_t i = 1; i < sections.size(); ++i) {
      problems_.Error(sections[i]->location, "<system> may stand only once",
                      "the first one is in line " + std::to_string(sections[0]->location.line) +
                          " of " + sections[0]->location.file->name);
    }
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
      ParseYaml(std::move(file), stack_.size() > 1, &evaluator_, this, &problems_, into);
    } else {
      ParseV1(std::move(file), &evaluator_, this, &problems_, into);
    }
    stack_.pop_back();
  }

  const LoadOptions& options_;
  Problems& problems_;
  ConfigEvaluator evaluator_;
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
