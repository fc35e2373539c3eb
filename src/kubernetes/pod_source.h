// SPDX-License-Identifier: Apache-2.0
#pragma once
// Where pod metadata comes from: the API's list and watch, single lookups (watch false), or a file.
// A source fills one PodCache from threads of its own and is shared by all filters of all workers
// that ask for the same thing.

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "kubernetes/client_config.h"
#include "kubernetes/pod_cache.h"
#include "net/backoff.h"

namespace tailrace::kubernetes {

struct PodSourceOptions {
  // One of the two.
  std::optional<ClientConfig> api;
  std::string pods_file;

  std::string node_name;  // "" = the pods of the whole cluster
  bool watch = true;
  bool namespaces = true;
  KeepOptions keep;
  CacheLimits limits;
  net::BackoffOptions backoff{
      .wait = 1, .base = 2, .max_interval = 30, .randomize_width = 0.5, .randomize_first = true};
  // Two filters with the same key share one source: must differ where anything above differs.
  std::string share_key;
};

class PodSource {
 public:
  // Stops its threads.
  virtual ~PodSource() = default;

  // Any thread.
  PodCache& cache() { return cache_; }
  // This pod is wanted and not known. For sources that look pods up one by one; cheap otherwise.
  virtual void Want(std::string_view namespace_name, std::string_view pod_name) {
    static_cast<void>(namespace_name);
    static_cast<void>(pod_name);
  }

 protected:
  explicit PodSource(CacheLimits limits) : cache_(limits) {}
  PodCache cache_;
};

// The source with this share_key, started if it is not running yet. It stops when the last holder
// lets go.
std::shared_ptr<PodSource> OpenPodSource(const PodSourceOptions& options);

// The kinds, for OpenPodSource() and tests.
std::unique_ptr<PodSource> MakePodWatch(const PodSourceOptions& options);
std::unique_ptr<PodSource> MakePodLookup(const PodSourceOptions& options);
std::unique_ptr<PodSource> MakePodsFile(const PodSourceOptions& options);

}  // namespace tailrace::kubernetes
