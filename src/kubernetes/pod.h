// SPDX-License-Identifier: Apache-2.0
#pragma once
// What is kept of a pod and of a namespace: the few members that end up in events. Everything else
// of the API's objects (specs, managed fields, unasked annotations) is dropped when it is read.
// Values are immutable once they are in a PodSnapshot.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tailrace::kubernetes {

// Labels or annotations in the order of the API's answer.
using StringPairs = std::vector<std::pair<std::string, std::string>>;

struct ContainerMeta {
  std::string name;
  std::string image;
  std::string image_id;      // "docker-pullable://name@sha256:..."
  std::string container_id;  // without its "containerd://"; empty until the container has started
};

struct OwnerReference {
  std::string kind;
  std::string name;
};

struct PodMeta {
  std::string namespace_name;
  std::string name;
  std::string uid;
  std::string ip;
  std::string host;  // spec.nodeName
  // Static pods: what the kubelet names the pod's log folder by, in place of the uid.
  std::string config_hash;
  int64_t created = 0;  // seconds since 1970
  StringPairs labels;
  StringPairs annotations;  // those that were asked for
  std::vector<OwnerReference> owners;
  std::vector<ContainerMeta> containers;  // running ones first, then init and ephemeral ones
  // The pod that had this name before (a StatefulSet's replaced pod): its files may still be read.
  std::shared_ptr<const PodMeta> previous;

  const ContainerMeta* FindContainer(std::string_view container_name) const {
    for (const ContainerMeta& container : containers) {
      if (container.name == container_name) return &container;
    }
    return nullptr;
  }
};

struct NamespaceMeta {
  std::string name;
  std::string uid;
  int64_t created = 0;  // seconds since 1970
  StringPairs labels;
  StringPairs annotations;  // those that were asked for
};

// Which members are worth their memory.
struct KeepOptions {
  bool pod_labels = true;
  bool namespace_labels = true;
  // For an annotation's key: its rank if it is to be kept, else nothing. Annotations of lower ranks
  // come first. Null = none is kept. Called by the thread that reads the API.
  std::function<std::optional<int>(std::string_view key)> annotation;
};

}  // namespace tailrace::kubernetes
