// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/pod_source.h"

#include <map>
#include <mutex>

namespace tailrace::kubernetes {
namespace {

std::unique_ptr<PodSource> Make(const PodSourceOptions& options) {
  if (!options.pods_file.empty()) return MakePodsFile(options);
  return options.watch ? MakePodWatch(options) : MakePodLookup(options);
}

// The sources in use. Filters of all workers meet here when they first need one.
struct OpenSources {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<PodSource>> by_key;
};

OpenSources& Sources() {
  static OpenSources sources;
  return sources;
}

}  // namespace

std::shared_ptr<PodSource> OpenPodSource(const PodSourceOptions& options) {
  OpenSources& sources = Sources();
  const std::lock_guard lock(sources.mutex);
  std::weak_ptr<PodSource>& entry = sources.by_key[options.share_key];
  if (auto open = entry.lock()) return open;
  std::shared_ptr<PodSource> source = Make(options);
  entry = source;
  return source;
}

}  // namespace tailrace::kubernetes
