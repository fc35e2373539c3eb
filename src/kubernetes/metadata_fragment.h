// SPDX-License-Identifier: Apache-2.0
#pragma once
// The JSON that is attached to the events of one container: rendered once, when the container is
// first seen or its metadata changed, and from then on only pointed to.
//
// Two shapes: that of fluent-plugin-kubernetes_metadata_filter 3.7 (members `docker` and
// `kubernetes`, same keys, same order, same rules for what is left out), and that of the echo-logs
// schema (`kubernetes` with namespace, pod_name, container_name and node_name).

#include <cstdint>
#include <string>

#include "kubernetes/container_ref.h"
#include "kubernetes/pod.h"

namespace tailrace::kubernetes {

enum class MetadataShape { kPlugin, kEcho };

struct FragmentOptions {
  MetadataShape shape = MetadataShape::kPlugin;
  bool skip_pod_labels = false;
  bool skip_namespace_labels = false;
  bool skip_container_metadata = false;
  bool skip_master_url = false;
  bool skip_namespace_metadata = false;
  bool include_ownerrefs = false;
  bool allow_orphans = true;
  std::string orphaned_namespace_name = ".orphaned";
  std::string orphaned_namespace_id = "orphaned";
  std::string master_url;  // "" = there is none
};

// What is known of a container's pod.
struct PodKnowledge {
  const PodMeta* pod = nullptr;
  const NamespaceMeta* namespace_meta = nullptr;
  // Everything has been read, so a pod that is not known does not exist (any more).
  bool complete = false;
};

struct MetadataFragment {
  std::string docker;      // a JSON object, or empty: no such member
  std::string kubernetes;  // a JSON object
  // For a pod that the API does not know, in a namespace that it knows: events older than the
  // namespace (seconds since 1970) belong to a namespace of the same name before it and must not be
  // given the pod's id. `kubernetes_older` is for them; empty where this does not apply.
  int64_t namespace_created = 0;
  std::string kubernetes_older;

  const std::string& KubernetesAt(int64_t event_seconds) const {
    return kubernetes_older.empty() || event_seconds >= namespace_created ? kubernetes
                                                                          : kubernetes_older;
  }
};

MetadataFragment RenderFragment(const ContainerRef& ref, const PodKnowledge& known,
                                const FragmentOptions& options);

// The incarnation of a pod that `ref` speaks of: by uid (or a static pod's hash) where the file
// name has one, else `pod` unless the container's id is known to belong to the one before it. Null
// if the uid is of neither.
const PodMeta* ChooseIncarnation(const ContainerRef& ref, const PodMeta* pod);

}  // namespace tailrace::kubernetes
