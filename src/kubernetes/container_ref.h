// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which container a log file belongs to, as its name says. Two layouts are known:
//
//   /var/log/containers/<pod>_<namespace>_<container>-<64 hex digits>.log
//   /var/log/pods/<namespace>_<pod>_<uid>/<container>/<n>.log
//
// as tags, with dots for slashes. The rules are those of fluent-plugin-kubernetes_metadata_filter's
// default tag_to_kubernetes_name_regexp, without running a regular expression.

#include <optional>
#include <string>
#include <string_view>

namespace tailrace::kubernetes {

struct ContainerRef {
  std::string namespace_name;
  std::string pod_name;
  std::string container_name;
  std::string pod_uid;       // from /var/log/pods, else empty
  std::string container_id;  // from /var/log/containers, else empty
  bool operator==(const ContainerRef&) const = default;

  // What the plugin keys its cache with, and names a pod by that the API does not know.
  const std::string& cache_key() const { return pod_uid.empty() ? container_id : pod_uid; }
};

// From a tag: the first place where one of the layouts fits. Anything may stand before it.
std::optional<ContainerRef> ParseContainerTag(std::string_view tag);

// From the path of a file.
std::optional<ContainerRef> ParseContainerPath(std::string_view path);

}  // namespace tailrace::kubernetes
