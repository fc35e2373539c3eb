// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/metadata_resolver.h"

#include <algorithm>
#include <utility>

#include "tailrace/log.h"

namespace tailrace::kubernetes {

MetadataResolver::MetadataResolver(ResolverOptions options)
    : options_(std::move(options)),
      waits_(Metrics::Global().Counter(
          "tailrace_kubernetes_waits_total",
          "Log files whose events waited because their pod was not known yet.")),
      gave_up_(Metrics::Global().Counter(
          "tailrace_kubernetes_unknown_pods_total",
          "Log files whose pod was still not known when the wait for it was over.")) {}

MetadataResolver::Entry& MetadataResolver::EntryOf(std::string_view key,
                                                   std::optional<ContainerRef> (*make)(const void*),
                                                   const void* from) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) {
    found->second.used = true;
    return found->second;
  }
  if (entries_.size() >= sweep_at_) Sweep();
  Entry& entry = entries_[std::string(key)];
  entry.ref = make(from);
  return entry;
}

MetadataResolver::Entry& MetadataResolver::TagEntry(std::string_view tag) {
  struct From {
    const MetadataResolver* self;
    std::string_view tag;
  };
  const From from{this, tag};
  return EntryOf(
      tag,
      [](const void* context) {
        const From& f = *static_cast<const From*>(context);
        return f.self->options_.parse_tag(f.tag);
      },
      &from);
}

// Files come and go: forget those that nobody asked for since the last sweep.
void MetadataResolver::Sweep() {
  std::erase_if(entries_, [](const auto& item) { return !item.second.used; });
  for (auto& [key, entry] : entries_) entry.used = false;
  sweep_at_ = std::max<std::size_t>(1024, 2 * entries_.size());
}

void MetadataResolver::LookUp(Entry& entry) {
  const ContainerRef& ref = *entry.ref;
  std::shared_ptr<const PodMeta> pod;
  std::shared_ptr<const NamespaceMeta> namespace_meta;
  bool complete = false;
  if (source_) {
    const auto newest = snapshot_->FindShared(ref.namespace_name, ref.pod_name);
    // Shares ownership with the newest incarnation, which owns the chosen one.
    if (const PodMeta* chosen = ChooseIncarnation(ref, newest.get())) pod = {newest, chosen};
    namespace_meta = snapshot_->FindNamespace(ref.namespace_name);
    const bool absent = snapshot_->KnownAbsent(ref.namespace_name, ref.pod_name);
    complete = snapshot_->complete() || absent;
    // A file says all that it has to say at once; the two watches of an API do not.
    const bool namespace_settled = !options_.source->namespaces || namespace_meta != nullptr ||
                                   (complete && !options_.source->pods_file.empty());
    entry.looked_up = absent || (pod != nullptr && namespace_settled);
  }
  if (entry.fragment && pod == entry.pod && namespace_meta == entry.namespace_meta &&
      complete == entry.complete) {
    return;
  }
  entry.pod = std::move(pod);
  entry.namespace_meta = std::move(namespace_meta);
  entry.complete = complete;
  entry.fragment = std::make_shared<const MetadataFragment>(RenderFragment(
      ref, {entry.pod.get(), entry.namespace_meta.get(), complete}, options_.fragment));
}

void MetadataResolver::Refresh(Entry& entry) {
  if (!options_.source) {
    if (!std::exchange(names_only_said_, true)) {
      LogInfo("no Kubernetes API and no pods_file: metadata comes from tags alone");
    }
    if (!entry.fragment) LookUp(entry);
    return;
  }
  if (!source_) source_ = OpenPodSource(*options_.source);
  if (!snapshot_ || snapshot_->generation() != source_->cache().generation()) {
    snapshot_ = source_->cache().snapshot();
  }
  if (entry.generation != snapshot_->generation()) {
    entry.generation = snapshot_->generation();
    LookUp(entry);
  }
  if (!entry.looked_up) source_->Want(entry.ref->namespace_name, entry.ref->pod_name);
}

std::shared_ptr<const MetadataFragment> MetadataResolver::ForTag(std::string_view tag) {
  Entry& entry = TagEntry(tag);
  if (!entry.ref) return nullptr;
  Refresh(entry);
  return entry.fragment;
}

std::shared_ptr<const MetadataFragment> MetadataResolver::ForContainer(const ContainerRef& ref) {
  // A tag cannot begin with a NUL.
  std::string key(1, '\0');
  for (const std::string* part :
       {&ref.namespace_name, &ref.pod_name, &ref.container_name, &ref.container_id}) {
    key.append(*part).append(1, '\0');
  }
  Entry& entry = EntryOf(
      key,
      [](const void* context) {
        return std::optional<ContainerRef>(*static_cast<const ContainerRef*>(context));
      },
      &ref);
  Refresh(entry);
  return entry.fragment;
}

bool MetadataResolver::Ready(std::string_view tag, Clock::time_point now) {
  if (!options_.source) return true;
  Entry& entry = TagEntry(tag);
  if (!entry.ref) return true;
  Refresh(entry);
  if (entry.looked_up || entry.gave_up) return true;
  if (!entry.waiting_since) {
    entry.waiting_since = now;
    waits_->Add();
  }
  const bool first_list = !snapshot_->pods_complete() && options_.source->watch;
  const auto limit = first_list ? std::max(options_.wait_timeout, options_.first_list_timeout)
                                : options_.wait_timeout;
  if (now - *entry.waiting_since < limit) return false;
  entry.gave_up = true;
  gave_up_->Add();
  LogDebug("pod is not known; its events carry what their tag says until it is",
           {{"namespace", entry.ref->namespace_name},
            {"pod", entry.ref->pod_name},
            {"waited_seconds", std::chrono::duration<double>(now - *entry.waiting_since).count()}});
  return true;
}

}  // namespace tailrace::kubernetes
