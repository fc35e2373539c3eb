// SPDX-License-Identifier: Apache-2.0
// A tag and an API object, separated by the first newline: whatever they are, what is attached to
// events must be valid JSON.
#include <simdjson.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "event/json.h"
#include "kubernetes/metadata_fragment.h"
#include "kubernetes/object_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace kubernetes = tailrace::kubernetes;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  if (split == std::string_view::npos) return 0;
  auto ref = kubernetes::ParseContainerTag(input.substr(0, split));
  if (!ref)
    ref = kubernetes::ContainerRef{"ns", std::string(input.substr(0, split)), "c", "", "id"};
  kubernetes::KeepOptions keep;
  keep.annotation = [](std::string_view key) { return std::optional<int>(key.size() % 3); };
  simdjson::dom::parser parser;
  simdjson::dom::element object;
  std::optional<kubernetes::PodMeta> pod;
  std::optional<kubernetes::NamespaceMeta> meta;
  if (parser.parse(std::string(input.substr(split + 1))).get(object) == simdjson::SUCCESS) {
    pod = kubernetes::ReadPod(object, keep);
    meta = kubernetes::ReadNamespace(object, keep);
  }
  kubernetes::FragmentOptions options;
  options.include_ownerrefs = true;
  for (const bool with_pod : {false, true}) {
    const auto fragment = kubernetes::RenderFragment(
        *ref, {with_pod && pod ? &*pod : nullptr, meta ? &*meta : nullptr, true}, options);
    for (const std::string* json :
         {&fragment.kubernetes, &fragment.kubernetes_older, &fragment.docker}) {
      const std::string padded = *json + std::string(tailrace::json::kPadding, ' ');
      if (!json->empty() &&
          !tailrace::json::Validate(std::string_view(padded).substr(0, json->size()))) {
        std::abort();
      }
    }
  }
  return 0;
}
