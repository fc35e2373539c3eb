// SPDX-License-Identifier: Apache-2.0
#include "sequence_book.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace tailrace::bench {
namespace {

constexpr std::uint64_t kSourcesMax = 1U << 20;
constexpr std::uint64_t kNumbersMax = 1U << 30;

// The characters that may stand between a name and its value, in JSON, escaped JSON or text.
std::size_t SkipGlue(std::string_view text, std::size_t at) {
  while (at < text.size() && std::strchr("\\\":= ", text[at]) != nullptr && text[at] != '\0') ++at;
  return at;
}

// The digits at `at`; moves it behind them. False if there are none.
bool ReadNumber(std::string_view text, std::size_t& at, std::uint64_t& value) {
  if (at >= text.size()) return false;
  const auto result = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (result.ec != std::errc()) return false;
  at = static_cast<std::size_t>(result.ptr - text.data());
  return true;
}

}  // namespace

std::optional<Sequence> FindSequence(std::string_view text, std::size_t from) {
  constexpr std::string_view kName = "seq";
  for (;;) {
    const void* found =
        ::memmem(text.data() + from, text.size() - from, kName.data(), kName.size());
    if (found == nullptr) return std::nullopt;
    from = static_cast<std::size_t>(static_cast<const char*>(found) - text.data()) + kName.size();
    std::size_t at = SkipGlue(text, from);
    if (at >= text.size() || text[at] != 'c') continue;
    ++at;
    Sequence sequence;
    if (!ReadNumber(text, at, sequence.source) || at >= text.size() || text[at] != ':') continue;
    ++at;
    if (!ReadNumber(text, at, sequence.number)) continue;
    sequence.end = at;
    return sequence;
  }
}

std::optional<std::uint64_t> FindNumber(std::string_view text, std::string_view name,
                                        std::size_t from) {
  const std::size_t found = text.find(name, from);
  if (found == std::string_view::npos) return std::nullopt;
  std::size_t at = SkipGlue(text, found + name.size());
  std::uint64_t value = 0;
  if (!ReadNumber(text, at, value)) return std::nullopt;
  return value;
}

void SequenceBook::Note(const Sequence& sequence) {
  if (sequence.source >= kSourcesMax || sequence.number >= kNumbersMax) return NoteUnknown();
  if (seen_.size() <= sequence.source) seen_.resize(sequence.source + 1);
  std::vector<std::uint8_t>& seen = seen_[sequence.source];
  if (seen.size() <= sequence.number) {
    seen.resize(std::max<std::size_t>(sequence.number + 1, seen.size() * 2));
  }
  std::uint8_t& times = seen[sequence.number];
  ++(times == 0 ? unique_ : duplicates_);
  if (times < 255) ++times;
}

std::string SequenceBook::Counts() const {
  return ",\"unique\":" + std::to_string(unique_) +
         ",\"duplicates\":" + std::to_string(duplicates_) +
         ",\"unknown\":" + std::to_string(unknown_);
}

std::string SequenceBook::Compare(const std::string& manifest_path) const {
  simdjson::dom::parser parser;
  simdjson::dom::element manifest;
  simdjson::dom::array files;
  if (parser.load(manifest_path).get(manifest) != simdjson::SUCCESS ||
      manifest["files"].get(files) != simdjson::SUCCESS) {
    return ",\"manifest_error\":\"cannot read the manifest\"";
  }
  std::uint64_t lost = 0;
  std::uint64_t expected = 0;
  std::size_t source = 0;  // files stand in the order of their numbers
  for (const simdjson::dom::element file : files) {
    std::uint64_t events = 0;
    if (file["events"].get(events) != simdjson::SUCCESS) {
      return ",\"manifest_error\":\"a file has no events\"";
    }
    expected += events;
    for (std::uint64_t i = 0; i < events; ++i) {
      const bool seen = source < seen_.size() && i < seen_[source].size() && seen_[source][i] != 0;
      lost += seen ? 0 : 1;
    }
    ++source;
  }
  return ",\"expected\":" + std::to_string(expected) + ",\"lost\":" + std::to_string(lost) +
         ",\"invented\":" + std::to_string(unique_ - (expected - lost));
}

}  // namespace tailrace::bench
