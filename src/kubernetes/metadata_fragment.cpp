// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/metadata_fragment.h"

#include <utility>
#include <vector>

#include "event/json.h"
#include "tailrace/byte_buffer.h"

namespace tailrace::kubernetes {
namespace {

std::string JsonString(std::string_view text) {
  ByteBuffer out;
  json::AppendString(text, out);
  return std::string(out.view());
}

// A JSON object under construction. Like a Ruby hash it keeps a key's first place when the value is
// set again.
class ObjectWriter {
 public:
  void SetJson(std::string_view key, std::string json) {
    for (auto& [name, value] : members_) {
      if (name == key) {
        value = std::move(json);
        return;
      }
    }
    members_.emplace_back(key, std::move(json));
  }
  void SetText(std::string_view key, std::string_view text) { SetJson(key, JsonString(text)); }
  void SetTextIfAny(std::string_view key, std::string_view text) {
    if (!text.empty()) SetText(key, text);
  }
  void SetPairsIfAny(std::string_view key, const StringPairs& pairs) {
    if (pairs.empty()) return;
    ObjectWriter object;
    for (const auto& [name, value] : pairs) object.SetText(name, value);
    SetJson(key, object.Finish());
  }
  std::string Finish() const {
    std::string text = "{";
    for (const auto& [key, value] : members_) {
      if (text.size() > 1) text += ',';
      text += JsonString(key);
      text += ':';
      text += value;
    }
    text += '}';
    return text;
  }

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

std::string OwnersJson(const PodMeta& pod) {
  std::string text = "[";
  for (const OwnerReference& owner : pod.owners) {
    if (text.size() > 1) text += ',';
    ObjectWriter object;
    object.SetText("kind", owner.kind);
    object.SetText("name", owner.name);
    text += object.Finish();
  }
  text += ']';
  return text;
}

void SetPod(const PodMeta& pod, const FragmentOptions& options, ObjectWriter& kubernetes) {
  kubernetes.SetText("namespace_name", pod.namespace_name);
  kubernetes.SetTextIfAny("pod_id", pod.uid);
  kubernetes.SetText("pod_name", pod.name);
  kubernetes.SetTextIfAny("pod_ip", pod.ip);
  kubernetes.SetTextIfAny("host", pod.host);
  if (options.include_ownerrefs) kubernetes.SetJson("ownerrefs", OwnersJson(pod));
  if (!options.skip_pod_labels) kubernetes.SetPairsIfAny("labels", pod.labels);
  kubernetes.SetPairsIfAny("annotations", pod.annotations);
  if (!options.skip_master_url) kubernetes.SetTextIfAny("master_url", options.master_url);
}

void SetNamespace(const NamespaceMeta& meta, const FragmentOptions& options,
                  ObjectWriter& kubernetes) {
  kubernetes.SetTextIfAny("namespace_id", meta.uid);
  if (!options.skip_namespace_labels) kubernetes.SetPairsIfAny("namespace_labels", meta.labels);
  kubernetes.SetPairsIfAny("namespace_annotations", meta.annotations);
}

void SetOrphan(const ContainerRef& ref, const FragmentOptions& options, ObjectWriter& kubernetes) {
  kubernetes.SetText("orphaned_namespace", ref.namespace_name);
  kubernetes.SetText("namespace_name", options.orphaned_namespace_name);
  kubernetes.SetText("namespace_id", options.orphaned_namespace_id);
}

// The members that come before all others.
ObjectWriter Names(const ContainerRef& ref) {
  ObjectWriter kubernetes;
  kubernetes.SetText("container_name", ref.container_name);
  kubernetes.SetText("namespace_name", ref.namespace_name);
  kubernetes.SetText("pod_name", ref.pod_name);
  return kubernetes;
}

MetadataFragment RenderEcho(const ContainerRef& ref, const PodKnowledge& known) {
  ObjectWriter kubernetes;
  kubernetes.SetText("namespace", ref.namespace_name);
  kubernetes.SetText("pod_name", ref.pod_name);
  kubernetes.SetTextIfAny("container_name", ref.container_name);
  if (known.pod != nullptr) kubernetes.SetTextIfAny("node_name", known.pod->host);
  MetadataFragment fragment;
  fragment.kubernetes = kubernetes.Finish();
  return fragment;
}

// A pod that the API does not know.
void RenderUnknown(const ContainerRef& ref, const PodKnowledge& known,
                   const FragmentOptions& options, MetadataFragment& fragment) {
  ObjectWriter kubernetes = Names(ref);
  if (!known.complete || options.skip_namespace_metadata) {
    fragment.kubernetes = kubernetes.Finish();
    return;
  }
  if (known.namespace_meta == nullptr) {
    if (options.allow_orphans) SetOrphan(ref, options, kubernetes);
    fragment.kubernetes = kubernetes.Finish();
    return;
  }
  ObjectWriter older = kubernetes;
  SetNamespace(*known.namespace_meta, options, older);
  fragment.kubernetes_older = older.Finish();
  fragment.namespace_created = known.namespace_meta->created;
  kubernetes.SetTextIfAny("pod_id", ref.cache_key());
  SetNamespace(*known.namespace_meta, options, kubernetes);
  fragment.kubernetes = kubernetes.Finish();
}

}  // namespace

MetadataFragment RenderFragment(const ContainerRef& ref, const PodKnowledge& known,
                                const FragmentOptions& options) {
  if (options.shape == MetadataShape::kEcho) return RenderEcho(ref, known);
  MetadataFragment fragment;
  std::string_view container_id = ref.container_id;
  if (known.pod == nullptr) {
    RenderUnknown(ref, known, options, fragment);
  } else {
    ObjectWriter kubernetes = Names(ref);
    const ContainerMeta* container = known.pod->FindContainer(ref.container_name);
    if (container != nullptr && !options.skip_container_metadata) {
      kubernetes.SetTextIfAny("container_image", container->image);
      kubernetes.SetTextIfAny("container_image_id", container->image_id);
      if (!container->container_id.empty()) container_id = container->container_id;
    }
    SetPod(*known.pod, options, kubernetes);
    if (known.namespace_meta != nullptr && !options.skip_namespace_metadata) {
      SetNamespace(*known.namespace_meta, options, kubernetes);
    }
    fragment.kubernetes = kubernetes.Finish();
  }
  if (!container_id.empty()) {
    ObjectWriter docker;
    docker.SetText("container_id", container_id);
    fragment.docker = docker.Finish();
  }
  return fragment;
}

const PodMeta* ChooseIncarnation(const ContainerRef& ref, const PodMeta* pod) {
  if (pod == nullptr) return nullptr;
  const PodMeta* previous = pod->previous.get();
  if (!ref.pod_uid.empty()) {
    for (const PodMeta* candidate : {pod, previous}) {
      if (candidate != nullptr &&
          (candidate->uid == ref.pod_uid || candidate->config_hash == ref.pod_uid)) {
        return candidate;
      }
    }
    return nullptr;
  }
  const auto has_container = [&](const PodMeta& candidate) {
    const ContainerMeta* container = candidate.FindContainer(ref.container_name);
    return container != nullptr && container->container_id == ref.container_id;
  };
  if (!ref.container_id.empty() && previous != nullptr && !has_container(*pod) &&
      has_container(*previous)) {
    return previous;
  }
  return pod;
}

}  // namespace tailrace::kubernetes
