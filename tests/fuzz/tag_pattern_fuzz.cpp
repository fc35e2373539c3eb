// SPDX-License-Identifier: Apache-2.0
// A tag pattern and a tag, separated by the first newline; and the text as a template of
// placeholders.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "text/placeholders.h"
#include "text/tag_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace text = tailrace::text;
  if (size > 256) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  if (split == std::string_view::npos) return 0;
  const std::string_view pattern = input.substr(0, split);
  const std::string_view tag = input.substr(split + 1);
  if (auto matcher = text::TagMatcher::Compile(pattern)) {
    const bool matches = matcher->Matches(tag);
    if (matches != matcher->Clone().Matches(tag)) std::abort();
  }
  text::ChunkKeySet keys;
  keys.tag = true;
  keys.time = true;
  keys.timekey = 3600;
  keys.fields = {"k"};
  tailrace::ChunkKey chunk;
  chunk.tag = tag;
  chunk.variables = {{"k", "v"}};
  std::string out;
  text::Placeholders::Compile(pattern, keys).Expand(chunk, "00", out);
  static_cast<void>(text::ValidatePlaceholders("p", pattern, keys));
  return 0;
}
