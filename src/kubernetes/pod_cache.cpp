// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/pod_cache.h"

#include <functional>

#include "tailrace/log.h"

namespace tailrace::kubernetes {
namespace {

std::string KeyOf(std::string_view namespace_name, std::string_view pod_name) {
  std::string key;
  key.reserve(namespace_name.size() + pod_name.size() + 1);
  key += namespace_name;
  key += '/';
  key += pod_name;
  return key;
}

std::size_t ShardIndex(const std::string& key, std::size_t shards) {
  return std::hash<std::string>{}(key) % shards;
}

}  // namespace

std::shared_ptr<const PodMeta> PodSnapshot::FindShared(std::string_view namespace_name,
                                                       std::string_view pod_name) const {
  const std::string key = KeyOf(namespace_name, pod_name);
  const auto& shard = shards_[ShardIndex(key, kShards)];
  if (!shard) return nullptr;
  const auto found = shard->find(key);
  return found == shard->end() ? nullptr : found->second;
}

const PodMeta* PodSnapshot::Find(std::string_view namespace_name, std::string_view pod_name) const {
  return FindShared(namespace_name, pod_name).get();
}

std::shared_ptr<const NamespaceMeta> PodSnapshot::FindNamespace(std::string_view name) const {
  if (!namespaces_) return nullptr;
  const auto found = namespaces_->find(std::string(name));
  return found == namespaces_->end() ? nullptr : found->second;
}

bool PodSnapshot::KnownAbsent(std::string_view namespace_name, std::string_view pod_name) const {
  return absent_ && absent_->contains(KeyOf(namespace_name, pod_name));
}

PodCache::PodCache(CacheLimits limits)
    : limits_(limits),
      published_(std::make_shared<const PodSnapshot>()),
      pods_gauge_(Metrics::Global().Gauge("tailrace_kubernetes_pods",
                                          "Pods whose metadata is known, deleted ones included.")),
      deleted_gauge_(Metrics::Global().Gauge(
          "tailrace_kubernetes_deleted_pods",
          "Deleted pods whose metadata is kept because their files may still be read.")),
      over_limit_(Metrics::Global().Counter(
          "tailrace_kubernetes_pods_over_limit_total",
          "Pods that were left out because the limit pods_max was reached.")) {}

std::shared_ptr<const PodSnapshot> PodCache::snapshot() const {
  const std::lock_guard lock(published_mutex_);
  return published_;
}

PodCache::Shard& PodCache::ShardOf(const std::string& key) {
  return shards_[ShardIndex(key, shards_.size())];
}

bool PodCache::EraseOldestDeleted() {
  while (!deleted_.empty()) {
    const Deleted oldest = std::move(deleted_.front());
    deleted_.pop_front();
    Shard& shard = ShardOf(oldest.key);
    const auto found = shard.entries.find(oldest.key);
    // The name may be in use again since.
    if (found == shard.entries.end() || !found->second.deleted ||
        found->second.pod->uid != oldest.uid) {
      continue;
    }
    shard.entries.erase(found);
    shard.changed = changed_ = true;
    --pods_;
    --deleted_pods_;
    return true;
  }
  return false;
}

bool PodCache::MakeRoom() {
  if (pods_ < limits_.pods_max || EraseOldestDeleted()) return true;
  over_limit_->AddShared();
  if (!limit_said_) {
    limit_said_ = true;
    LogWarn("too many pods: events of further pods carry only the names from their tag",
            {{"pods_max", limits_.pods_max}});
  }
  return false;
}

void PodCache::UpdatePod(PodMeta pod) {
  const std::lock_guard lock(mutex_);
  const std::string key = KeyOf(pod.namespace_name, pod.name);
  if (absent_.erase(key) > 0) absent_changed_ = changed_ = true;
  Shard& shard = ShardOf(key);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) {
    if (!MakeRoom()) return;
    shard.entries[key] = {std::make_shared<const PodMeta>(std::move(pod)), pod_list_, false};
    ++pods_;
  } else {
    Entry& entry = found->second;
    if (entry.pod->uid == pod.uid) {
      pod.previous = entry.pod->previous;
    } else {
      auto previous = std::make_shared<PodMeta>(*entry.pod);
      previous->previous.reset();
      pod.previous = std::move(previous);
    }
    if (entry.deleted) --deleted_pods_;
    entry = {std::make_shared<const PodMeta>(std::move(pod)), pod_list_, false};
  }
  shard.changed = changed_ = true;
}

void PodCache::MarkDeleted(const std::string& key, Entry& entry, Clock::time_point now) {
  if (entry.deleted) return;
  entry.deleted = true;
  ++deleted_pods_;
  deleted_.push_back({key, entry.pod->uid, now});
}

void PodCache::TrimDeleted() {
  while (deleted_pods_ > limits_.deleted_max && EraseOldestDeleted()) {
  }
}

void PodCache::DeletePod(std::string_view namespace_name, std::string_view pod_name,
                         std::string_view uid, Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  const std::string key = KeyOf(namespace_name, pod_name);
  Shard& shard = ShardOf(key);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end() || found->second.pod->uid != uid) return;
  MarkDeleted(key, found->second, now);
  TrimDeleted();
}

void PodCache::BeginPodList() {
  const std::lock_guard lock(mutex_);
  ++pod_list_;
}

void PodCache::EndPodList(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  for (Shard& shard : shards_) {
    for (auto& [key, entry] : shard.entries) {
      if (entry.list != pod_list_) MarkDeleted(key, entry, now);
    }
  }
  TrimDeleted();
  limit_said_ = limit_said_ && pods_ >= limits_.pods_max;
  if (!pods_complete_) pods_complete_ = changed_ = true;
}

void PodCache::UpdateNamespace(NamespaceMeta meta) {
  const std::lock_guard lock(mutex_);
  const std::string name = meta.name;
  namespaces_[name] = {std::make_shared<const NamespaceMeta>(std::move(meta)), namespace_list_};
  namespaces_changed_ = changed_ = true;
}

void PodCache::DeleteNamespace(std::string_view name) {
  // Its pods' files may still be read: it goes with the next full list that does not have it, or
  // stays when it is made again.
  const std::lock_guard lock(mutex_);
  const auto found = namespaces_.find(std::string(name));
  if (found != namespaces_.end()) found->second.list = 0;
}

void PodCache::BeginNamespaceList() {
  const std::lock_guard lock(mutex_);
  ++namespace_list_;
}

void PodCache::EndNamespaceList() {
  const std::lock_guard lock(mutex_);
  const std::size_t erased = std::erase_if(
      namespaces_, [this](const auto& entry) { return entry.second.list != namespace_list_; });
  if (erased > 0) namespaces_changed_ = changed_ = true;
  if (!namespaces_complete_) namespaces_complete_ = changed_ = true;
}

void PodCache::MarkAbsent(std::string_view namespace_name, std::string_view pod_name) {
  const std::lock_guard lock(mutex_);
  if (absent_.size() >= limits_.pods_max) absent_.clear();
  if (absent_.insert(KeyOf(namespace_name, pod_name)).second) absent_changed_ = changed_ = true;
}

void PodCache::ForgetPod(std::string_view namespace_name, std::string_view pod_name) {
  const std::lock_guard lock(mutex_);
  const std::string key = KeyOf(namespace_name, pod_name);
  if (absent_.erase(key) > 0) absent_changed_ = changed_ = true;
  Shard& shard = ShardOf(key);
  const auto found = shard.entries.find(key);
  if (found == shard.entries.end()) return;
  if (found->second.deleted) --deleted_pods_;
  shard.entries.erase(found);
  --pods_;
  shard.changed = changed_ = true;
}

void PodCache::DropAged(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (limits_.deleted_ttl.count() <= 0) return;
  while (!deleted_.empty() && now - deleted_.front().since > limits_.deleted_ttl) {
    if (!EraseOldestDeleted()) break;
  }
}

void PodCache::Publish() {
  const std::lock_guard lock(mutex_);
  if (!changed_) return;
  changed_ = false;
  auto next = std::make_shared<PodSnapshot>(*snapshot());
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (!shards_[i].changed) continue;
    shards_[i].changed = false;
    auto shard = std::make_shared<PodSnapshot::Shard>();
    shard->reserve(shards_[i].entries.size());
    for (const auto& [key, entry] : shards_[i].entries) shard->emplace(key, entry.pod);
    next->shards_[i] = std::move(shard);
  }
  if (namespaces_changed_) {
    namespaces_changed_ = false;
    auto namespaces = std::make_shared<PodSnapshot::Namespaces>();
    for (const auto& [name, entry] : namespaces_) namespaces->emplace(name, entry.meta);
    next->namespaces_ = std::move(namespaces);
  }
  if (absent_changed_) {
    absent_changed_ = false;
    next->absent_ = std::make_shared<const PodSnapshot::Names>(absent_);
  }
  next->pods_ = pods_;
  next->pods_complete_ = pods_complete_;
  next->complete_ = pods_complete_ && (namespaces_complete_ || !namespaces_wanted_);
  pods_gauge_->Set(pods_);
  deleted_gauge_->Set(deleted_pods_);
  const uint64_t generation = generation_.load(std::memory_order_relaxed) + 1;
  next->generation_ = generation;
  {
    const std::lock_guard published_lock(published_mutex_);
    published_ = std::move(next);
  }
  generation_.store(generation, std::memory_order_release);
}

}  // namespace tailrace::kubernetes
