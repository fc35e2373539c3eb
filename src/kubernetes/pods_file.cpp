// SPDX-License-Identifier: Apache-2.0
// Pods (and Namespaces) from a plain file, as `kubectl get pods,namespaces -o json` or `-o yaml`
// writes it: one object, a List, an array, or several YAML documents. Read at the start and again
// when it changes.

#include <simdjson.h>
#include <sys/stat.h>
#include <yaml-cpp/yaml.h>

#include <condition_variable>
#include <fstream>
#include <iterator>
#include <thread>

#include "kubernetes/object_reader.h"
#include "kubernetes/pod_source.h"
#include "tailrace/log.h"

namespace tailrace::kubernetes {
namespace {

namespace dom = simdjson::dom;

constexpr std::chrono::milliseconds kLookInterval{500};
constexpr std::size_t kFileBytesMax = std::size_t{256} << 20;

void AppendJsonString(const std::string& text, std::string& out) {
  static constexpr char kDigits[] = "0123456789abcdef";
  out += '"';
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

// All scalars become strings: of a pod only text members are read.
void AppendYamlAsJson(const YAML::Node& node, std::string& out) {
  if (node.IsMap()) {
    char separator = '{';
    for (const auto& member : node) {
      out += separator;
      separator = ',';
      AppendJsonString(member.first.Scalar(), out);
      out += ':';
      AppendYamlAsJson(member.second, out);
    }
    out += separator == '{' ? "{}" : "}";
  } else if (node.IsSequence()) {
    char separator = '[';
    for (const YAML::Node& element : node) {
      out += separator;
      separator = ',';
      AppendYamlAsJson(element, out);
    }
    out += separator == '[' ? "[]" : "]";
  } else if (node.IsScalar()) {
    AppendJsonString(node.Scalar(), out);
  } else {
    out += "null";
  }
}

Result<std::string> YamlAsJson(const std::string& text) {
  try {
    std::string json;
    char separator = '[';
    for (const YAML::Node& document : YAML::LoadAll(text)) {
      if (!document.IsDefined() || document.IsNull()) continue;
      json += separator;
      separator = ',';
      AppendYamlAsJson(document, json);
    }
    json += separator == '[' ? "[]" : "]";
    return json;
  } catch (const YAML::Exception& error) {
    return Fail("line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

class PodsFile : public PodSource {
 public:
  explicit PodsFile(const PodSourceOptions& options)
      : PodSource(options.limits), options_(options) {
    Look();  // so that the first event finds its pod
    thread_ = std::thread([this] { Run(); });
  }

  ~PodsFile() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    stopped_.notify_all();
    thread_.join();
  }

 private:
  // What tells one state of the file from another.
  struct Stamp {
    ino_t inode = 0;
    off_t size = 0;
    int64_t seconds = 0;
    int64_t nanoseconds = 0;
    bool operator==(const Stamp&) const = default;
  };

  void Run() {
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, kLookInterval, [this] { return stopping_; })) Look();
  }

  void Look() {
    struct stat info {};
    if (stat(options_.pods_file.c_str(), &info) != 0) {
      Say("cannot be read; what was read before stays in use, looking again", strerror(errno));
    } else {
      const Stamp stamp{info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
      if (stamp != stamp_) {
        stamp_ = stamp;
        Read();
      }
    }
    cache_.DropAged(PodCache::Clock::now());
    cache_.Publish();
  }

  void Read() {
    if (static_cast<std::size_t>(stamp_.size) > kFileBytesMax) {
      return Say("is larger than 256 MiB and was not read", "");
    }
    std::ifstream file(options_.pods_file, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file) return Say("cannot be read; what was read before stays in use", strerror(errno));
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool json = first != std::string::npos && (text[first] == '{' || text[first] == '[');
    if (!json) {
      auto converted = YamlAsJson(text);
      if (!converted) {
        return Say("is not YAML; what was read before stays in use", converted.error().message);
      }
      text = *std::move(converted);
    }
    dom::parser parser;
    dom::element root;
    if (const auto error = parser.parse(text).get(root); error != simdjson::SUCCESS) {
      return Say("is not JSON; what was read before stays in use", simdjson::error_message(error));
    }
    TakeAll(root);
  }

  void TakeAll(const dom::element& root) {
    cache_.BeginPodList();
    cache_.BeginNamespaceList();
    pods_ = 0;
    Take(root);
    cache_.EndPodList(PodCache::Clock::now());
    cache_.EndNamespaceList();
    said_.clear();
    LogInfo("pods file read", {{"file", options_.pods_file}, {"pods", pods_}});
  }

  // One object, a list of them in "items", or an array; whatever is neither pod nor namespace is
  // passed over.
  void Take(const dom::element& element) {
    dom::array items;
    if (element.get(items) == simdjson::SUCCESS ||
        element["items"].get(items) == simdjson::SUCCESS) {
      for (const dom::element& item : items) Take(item);
      return;
    }
    if (!element.is_object()) return;
    const std::string_view kind = TextMember(element, "kind");
    if (kind == "Namespace") {
      if (auto meta = ReadNamespace(element, options_.keep)) {
        cache_.UpdateNamespace(*std::move(meta));
      }
    } else if (kind == "Pod" || kind.empty()) {  // items of a PodList have no kind
      auto pod = ReadPod(element, options_.keep);
      if (!pod) return;
      ++pods_;
      cache_.UpdatePod(*std::move(pod));
    }
  }

  // Once for each new problem.
  void Say(const char* what, std::string_view why) {
    std::string text("pods file ");
    text += what;
    if (said_ == text) return;
    LogWarn(text, {{"file", options_.pods_file}, {"error", why}});
    said_ = std::move(text);
  }

  const PodSourceOptions options_;
  Stamp stamp_;
  int pods_ = 0;
  std::string said_;
  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<PodSource> MakePodsFile(const PodSourceOptions& options) {
  return std::make_unique<PodsFile>(options);
}

}  // namespace tailrace::kubernetes
