// SPDX-License-Identifier: Apache-2.0
#pragma once
// Reads Kubernetes API objects (core/v1 Pod, Namespace; their JSON form) into what is kept of them.
// Members that are missing or of another type are taken as empty: an API of any version can be
// read.

#include <optional>
#include <string>
#include <string_view>

#include "kubernetes/pod.h"

namespace simdjson::dom {
class element;
}

namespace tailrace::kubernetes {

// Nothing if the object has no name or namespace.
std::optional<PodMeta> ReadPod(const simdjson::dom::element& object, const KeepOptions& keep);
std::optional<NamespaceMeta> ReadNamespace(const simdjson::dom::element& object,
                                           const KeepOptions& keep);

// metadata.name / metadata.namespace / metadata.uid / metadata.resourceVersion, or "".
std::string_view MetadataText(const simdjson::dom::element& object, std::string_view key);

// Text member of an object, or "".
std::string_view TextMember(const simdjson::dom::element& object, std::string_view key);

// "2025-05-08T09:22:42Z" (RFC 3339, UTC, whole seconds, as the API writes it) as seconds since
// 1970; 0 if it is something else.
int64_t ParseApiTime(std::string_view text);

}  // namespace tailrace::kubernetes
