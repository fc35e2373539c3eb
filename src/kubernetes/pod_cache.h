// SPDX-License-Identifier: Apache-2.0
#pragma once
// The pods that are known, and how workers see them.
//
// PodSnapshot is immutable and shared; workers hold one and look things up without a lock. PodCache
// belongs to who fills it (the watch, the pods file) and publishes snapshots; a worker compares one
// atomic number per batch to learn that there is a newer one. Publishing copies only the parts that
// changed (1/64 of all pods for each changed pod at most).
//
// Deleted pods stay, because their files may still be read: until `deleted_ttl` has passed or more
// than `deleted_max` of them are there. Limit: `pods_max`; when it is reached deleted pods go
// first, then pods not known yet are left out (counted, said once), and their events carry only
// names.

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "kubernetes/pod.h"
#include "tailrace/metrics.h"

namespace tailrace::kubernetes {

class PodSnapshot {
 public:
  // The pod of this name, whichever is the newest; null if it is not known. Valid as long as the
  // snapshot.
  const PodMeta* Find(std::string_view namespace_name, std::string_view pod_name) const;
  // The same, outliving the snapshot.
  std::shared_ptr<const PodMeta> FindShared(std::string_view namespace_name,
                                            std::string_view pod_name) const;
  std::shared_ptr<const NamespaceMeta> FindNamespace(std::string_view name) const;
  // The API was asked for this very pod and has none (single lookups only, never with a watch).
  bool KnownAbsent(std::string_view namespace_name, std::string_view pod_name) const;

  // True once the whole list of pods has been read: from then on "not known" means "not there, or
  // very new".
  bool pods_complete() const { return pods_complete_; }
  // The same for pods and, where they are wanted, namespaces.
  bool complete() const { return complete_; }
  uint64_t generation() const { return generation_; }
  std::size_t pods() const { return pods_; }

 private:
  friend class PodCache;
  static constexpr std::size_t kShards = 64;
  using Shard = std::unordered_map<std::string, std::shared_ptr<const PodMeta>>;
  using Namespaces = std::unordered_map<std::string, std::shared_ptr<const NamespaceMeta>>;
  using Names = std::unordered_set<std::string>;

  std::array<std::shared_ptr<const Shard>, kShards> shards_;
  std::shared_ptr<const Namespaces> namespaces_;
  std::shared_ptr<const Names> absent_;
  std::size_t pods_ = 0;
  uint64_t generation_ = 0;
  bool pods_complete_ = false;
  bool complete_ = false;
};

struct CacheLimits {
  std::size_t pods_max = 20000;
  std::size_t deleted_max = 1000;
  std::chrono::seconds deleted_ttl{3600};  // 0 = no limit
};

class PodCache {
 public:
  using Clock = std::chrono::steady_clock;
  explicit PodCache(CacheLimits limits);

  // --- Any thread ---
  uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  std::shared_ptr<const PodSnapshot> snapshot() const;

  // --- Threads that fill it. Changes are seen by readers after Publish(). ---
  void UpdatePod(PodMeta pod);
  void DeletePod(std::string_view namespace_name, std::string_view pod_name, std::string_view uid,
                 Clock::time_point now);
  // A full list: what is not updated between these two is deleted.
  void BeginPodList();
  void EndPodList(Clock::time_point now);

  void UpdateNamespace(NamespaceMeta meta);
  void DeleteNamespace(std::string_view name);
  void BeginNamespaceList();
  void EndNamespaceList();

  // Single lookups: the API has no such pod; forgotten by ForgetPod() and by UpdatePod().
  void MarkAbsent(std::string_view namespace_name, std::string_view pod_name);
  void ForgetPod(std::string_view namespace_name, std::string_view pod_name);

  // With namespaces wanted, `complete` needs both lists.
  void WantNamespaces() { namespaces_wanted_ = true; }
  // Drops deleted pods that are over their time.
  void DropAged(Clock::time_point now);
  void Publish();

 private:
  struct Entry {
    std::shared_ptr<const PodMeta> pod;
    uint64_t list = 0;  // the list in which it was last seen
    bool deleted = false;
  };
  struct Deleted {
    std::string key;
    std::string uid;
    Clock::time_point since;
  };
  struct Shard {
    std::unordered_map<std::string, Entry> entries;
    bool changed = true;
  };
  struct NamespaceEntry {
    std::shared_ptr<const NamespaceMeta> meta;
    uint64_t list = 0;
  };

  Shard& ShardOf(const std::string& key);
  bool MakeRoom();
  bool EraseOldestDeleted();
  void MarkDeleted(const std::string& key, Entry& entry, Clock::time_point now);
  void TrimDeleted();

  const CacheLimits limits_;
  std::mutex mutex_;  // guards all below up to published_
  std::array<Shard, PodSnapshot::kShards> shards_;
  std::unordered_map<std::string, NamespaceEntry> namespaces_;
  PodSnapshot::Names absent_;
  std::deque<Deleted> deleted_;  // oldest first
  std::size_t pods_ = 0;
  std::size_t deleted_pods_ = 0;
  uint64_t pod_list_ = 0;
  uint64_t namespace_list_ = 0;
  bool namespaces_changed_ = true;
  bool absent_changed_ = true;
  bool changed_ = true;
  bool pods_complete_ = false;
  bool namespaces_complete_ = false;
  std::atomic<bool> namespaces_wanted_{false};
  bool limit_said_ = false;

  mutable std::mutex published_mutex_;
  std::shared_ptr<const PodSnapshot> published_;
  std::atomic<uint64_t> generation_{0};

  std::shared_ptr<Cell> pods_gauge_;
  std::shared_ptr<Cell> deleted_gauge_;
  std::shared_ptr<Cell> over_limit_;
};

}  // namespace tailrace::kubernetes
