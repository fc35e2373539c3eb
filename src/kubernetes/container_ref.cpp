// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/container_ref.h"

#include <algorithm>

namespace tailrace::kubernetes {
namespace {

constexpr std::string_view kPods = "var.log.pods.";
constexpr std::string_view kContainers = "var.log.containers.";
constexpr std::string_view kSuffix = ".log";
constexpr std::size_t kContainerIdSize = 64;

bool IsLowerAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// A DNS subdomain: labels of [a-z0-9-] that begin and end with [a-z0-9], joined by dots.
bool IsPodName(std::string_view name) {
  while (true) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    if (label.empty() || !IsLowerAlphanumeric(label.front()) ||
        !IsLowerAlphanumeric(label.back())) {
      return false;
    }
    for (char c : label) {
      if (!IsLowerAlphanumeric(c) && c != '-') return false;
    }
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

// Takes what stands before the next '_' off the front of `text`.
std::optional<std::string_view> TakeUpToUnderscore(std::string_view& text) {
  const std::size_t end = text.find('_');
  if (end == std::string_view::npos || end == 0) return std::nullopt;
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end + 1);
  return part;
}

// <pod>_<namespace>_<container>-<id>.log
std::optional<ContainerRef> ParseContainersPart(std::string_view text) {
  const auto pod = TakeUpToUnderscore(text);
  if (!pod || !IsPodName(*pod)) return std::nullopt;
  const auto namespace_name = TakeUpToUnderscore(text);
  if (!namespace_name || !text.ends_with(kSuffix)) return std::nullopt;
  text.remove_suffix(kSuffix.size());
  // container name (at least one character), '-', id
  if (text.size() < kContainerIdSize + 2) return std::nullopt;
  const std::size_t dash = text.size() - kContainerIdSize - 1;
  const std::string_view id = text.substr(dash + 1);
  if (text[dash] != '-' || !std::all_of(id.begin(), id.end(), IsLowerAlphanumeric)) {
    return std::nullopt;
  }
  return ContainerRef{std::string(*namespace_name), std::string(*pod),
                      std::string(text.substr(0, dash)), std::string(), std::string(id)};
}

// <namespace>_<pod>_<uid>.<container>.<n>.log
std::optional<ContainerRef> ParsePodsPart(std::string_view text) {
  const auto namespace_name = TakeUpToUnderscore(text);
  if (!namespace_name) return std::nullopt;
  const auto pod = TakeUpToUnderscore(text);
  if (!pod || !IsPodName(*pod)) return std::nullopt;
  const std::size_t uid_end = text.find('.');
  if (uid_end == std::string_view::npos) return std::nullopt;
  const std::string_view uid = text.substr(0, uid_end);
  for (char c : uid) {
    if (!IsLowerAlphanumeric(c) && c != '-') return std::nullopt;
  }
  text.remove_prefix(uid_end + 1);
  if (!text.ends_with(kSuffix)) return std::nullopt;
  text.remove_suffix(kSuffix.size());
  const std::size_t last_dot = text.rfind('.');
  if (last_dot == std::string_view::npos || last_dot == 0) return std::nullopt;
  return ContainerRef{std::string(*namespace_name), std::string(*pod),
                      std::string(text.substr(0, last_dot)), std::string(uid), std::string()};
}

}  // namespace

std::optional<ContainerRef> ParseContainerTag(std::string_view tag) {
  for (std::size_t at = tag.find("var.log."); at != std::string_view::npos;
       at = tag.find("var.log.", at + 1)) {
    const std::string_view rest = tag.substr(at);
    std::optional<ContainerRef> ref;
    if (rest.starts_with(kPods)) ref = ParsePodsPart(rest.substr(kPods.size()));
    if (rest.starts_with(kContainers)) ref = ParseContainersPart(rest.substr(kContainers.size()));
    if (ref) return ref;
  }
  return std::nullopt;
}

std::optional<ContainerRef> ParseContainerPath(std::string_view path) {
  std::string tag(path);
  std::replace(tag.begin(), tag.end(), '/', '.');
  return ParseContainerTag(tag);
}

}  // namespace tailrace::kubernetes
