// SPDX-License-Identifier: Apache-2.0
#pragma once
// One worker's memory of which container has which metadata: finished fragments by container,
// rendered anew only when the pods that are known have changed, and the bounded wait for pods that
// are not known yet. Used by one thread.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "kubernetes/container_ref.h"
#include "kubernetes/metadata_fragment.h"
#include "kubernetes/pod_source.h"
#include "tailrace/metrics.h"

namespace tailrace::kubernetes {

struct ResolverOptions {
  // Nothing: metadata comes from names alone.
  std::optional<PodSourceOptions> source;
  FragmentOptions fragment;
  // How long the events of a pod that is not known wait for it.
  std::chrono::milliseconds wait_timeout{5000};
  // The same while the first list of pods has not been read.
  std::chrono::milliseconds first_list_timeout{30000};
  // How a container is found in a tag.
  std::function<std::optional<ContainerRef>(std::string_view tag)> parse_tag = ParseContainerTag;
};

class MetadataResolver {
 public:
  using Clock = std::chrono::steady_clock;
  explicit MetadataResolver(ResolverOptions options);

  // What is attached to events of this tag; null if the tag names no container. The fragment lives
  // as long as someone holds it. The source of pods is opened on first use.
  std::shared_ptr<const MetadataFragment> ForTag(std::string_view tag);
  // The same for a container named in some other way.
  std::shared_ptr<const MetadataFragment> ForContainer(const ContainerRef& ref);

  // False while events of this tag should wait: their pod is not known and the wait for it is not
  // over. True after at most the timeouts above.
  bool Ready(std::string_view tag, Clock::time_point now = Clock::now());

 private:
  struct Entry {
    std::optional<ContainerRef> ref;  // nothing: the tag names no container
    uint64_t generation = UINT64_MAX;
    std::shared_ptr<const PodMeta> pod;
    std::shared_ptr<const NamespaceMeta> namespace_meta;
    bool complete = false;
    bool looked_up = false;  // the pod is known, or known not to exist
    std::shared_ptr<const MetadataFragment> fragment;
    std::optional<Clock::time_point> waiting_since;
    bool gave_up = false;
    bool used = true;  // since the last sweep
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };

  Entry& EntryOf(std::string_view key, std::optional<ContainerRef> (*make)(const void*),
                 const void* from);
  Entry& TagEntry(std::string_view tag);
  void Refresh(Entry& entry);
  void LookUp(Entry& entry);
  void Sweep();

  const ResolverOptions options_;
  std::shared_ptr<PodSource> source_;
  std::shared_ptr<const PodSnapshot> snapshot_;
  std::unordered_map<std::string, Entry, TextHash, std::equal_to<>> entries_;
  std::size_t sweep_at_ = 1024;
  bool names_only_said_ = false;

  std::shared_ptr<Cell> waits_;
  std::shared_ptr<Cell> gave_up_;
};

}  // namespace tailrace::kubernetes
