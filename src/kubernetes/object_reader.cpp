// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/object_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>

namespace tailrace::kubernetes {
namespace {

namespace dom = simdjson::dom;

// Written by the kubelet into the API's copy of a static pod; it names the pod's log folder.
constexpr std::string_view kConfigHash = "kubernetes.io/config.hash";

StringPairs ReadPairs(const dom::element& metadata, std::string_view key) {
  StringPairs pairs;
  dom::object object;
  if (metadata[key].get(object) != simdjson::SUCCESS) return pairs;
  pairs.reserve(object.size());
  for (const dom::key_value_pair member : object) {
    std::string_view value;
    if (member.value.get(value) == simdjson::SUCCESS) pairs.emplace_back(member.key, value);
  }
  return pairs;
}

StringPairs ReadAnnotations(const dom::element& metadata, const KeepOptions& keep) {
  StringPairs pairs;
  dom::object object;
  if (!keep.annotation || metadata["annotations"].get(object) != simdjson::SUCCESS) return pairs;
  std::vector<int> ranks;
  for (const dom::key_value_pair member : object) {
    std::string_view value;
    if (member.value.get(value) != simdjson::SUCCESS) continue;
    const std::optional<int> rank = keep.annotation(member.key);
    if (!rank) continue;
    const auto place = std::upper_bound(ranks.begin(), ranks.end(), *rank);
    pairs.emplace(pairs.begin() + (place - ranks.begin()), member.key, value);
    ranks.insert(place, *rank);
  }
  return pairs;
}

std::string_view WithoutScheme(std::string_view container_id) {
  const std::size_t end = container_id.find("://");
  return end == std::string_view::npos ? container_id : container_id.substr(end + 3);
}

void ReadContainers(const dom::element& status, std::string_view key, PodMeta& pod) {
  dom::array statuses;
  if (status[key].get(statuses) != simdjson::SUCCESS) return;
  for (const dom::element& entry : statuses) {
    const std::string_view name = TextMember(entry, "name");
    if (name.empty() || pod.FindContainer(name) != nullptr) continue;
    pod.containers.push_back({std::string(name), std::string(TextMember(entry, "image")),
                              std::string(TextMember(entry, "imageID")),
                              std::string(WithoutScheme(TextMember(entry, "containerID")))});
  }
}

void ReadOwners(const dom::element& metadata, PodMeta& pod) {
  dom::array owners;
  if (metadata["ownerReferences"].get(owners) != simdjson::SUCCESS) return;
  for (const dom::element& owner : owners) {
    pod.owners.push_back(
        {std::string(TextMember(owner, "kind")), std::string(TextMember(owner, "name"))});
  }
}

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
int64_t DaysFromCivil(int64_t year, int64_t month, int64_t day) {
  year -= month <= 2 ? 1 : 0;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

}  // namespace

std::string_view TextMember(const dom::element& object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  return text;
}

std::string_view MetadataText(const dom::element& object, std::string_view key) {
  dom::element metadata;
  if (object["metadata"].get(metadata) != simdjson::SUCCESS) return {};
  return TextMember(metadata, key);
}

std::optional<PodMeta> ReadPod(const dom::element& object, const KeepOptions& keep) {
  dom::element metadata;
  if (object["metadata"].get(metadata) != simdjson::SUCCESS) return std::nullopt;
  PodMeta pod;
  pod.namespace_name = TextMember(metadata, "namespace");
  pod.name = TextMember(metadata, "name");
  if (pod.name.empty() || pod.namespace_name.empty()) return std::nullopt;
  pod.uid = TextMember(metadata, "uid");
  pod.created = ParseApiTime(TextMember(metadata, "creationTimestamp"));
  if (keep.pod_labels) pod.labels = ReadPairs(metadata, "labels");
  pod.annotations = ReadAnnotations(metadata, keep);
  dom::element annotations;
  if (metadata["annotations"].get(annotations) == simdjson::SUCCESS) {
    pod.config_hash = TextMember(annotations, kConfigHash);
  }
  ReadOwners(metadata, pod);
  dom::element spec;
  if (object["spec"].get(spec) == simdjson::SUCCESS) pod.host = TextMember(spec, "nodeName");
  dom::element status;
  if (object["status"].get(status) == simdjson::SUCCESS) {
    pod.ip = TextMember(status, "podIP");
    ReadContainers(status, "containerStatuses", pod);
    ReadContainers(status, "initContainerStatuses", pod);
    ReadContainers(status, "ephemeralContainerStatuses", pod);
  }
  return pod;
}

std::optional<NamespaceMeta> ReadNamespace(const dom::element& object, const KeepOptions& keep) {
  dom::element metadata;
  if (object["metadata"].get(metadata) != simdjson::SUCCESS) return std::nullopt;
  NamespaceMeta meta;
  meta.name = TextMember(metadata, "name");
  if (meta.name.empty()) return std::nullopt;
  meta.uid = TextMember(metadata, "uid");
  meta.created = ParseApiTime(TextMember(metadata, "creationTimestamp"));
  if (keep.namespace_labels) meta.labels = ReadPairs(metadata, "labels");
  meta.annotations = ReadAnnotations(metadata, keep);
  return meta;
}

int64_t ParseApiTime(std::string_view text) {
  // 0123456789012345678
  // 2025-05-08T09:22:42Z
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text.back() != 'Z') {
    return 0;
  }
  const auto number = [&](std::size_t at, std::size_t digits) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + at + digits, value);
    return error == std::errc() && end == text.data() + at + digits ? value : -1;
  };
  const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  const int hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || minute < 0 ||
      second < 0) {
    return 0;
  }
  return DaysFromCivil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

}  // namespace tailrace::kubernetes
