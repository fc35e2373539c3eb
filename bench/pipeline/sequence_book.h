// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which events (see log_lines.h) have been seen, which are missing, which came twice.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::bench {

// An event's name, found in a text whatever else stands there.
struct Sequence {
  std::uint64_t source = 0;
  std::uint64_t number = 0;
  std::size_t end = 0;  // position in the text behind it
};

// The first one in `text` from `from` on.
std::optional<Sequence> FindSequence(std::string_view text, std::size_t from = 0);

// The number that follows `name` in JSON, escaped JSON or text, from `from` on.
std::optional<std::uint64_t> FindNumber(std::string_view text, std::string_view name,
                                        std::size_t from);

class SequenceBook {
 public:
  void Note(const Sequence& sequence);
  void NoteUnknown() { ++unknown_; }

  std::uint64_t unique() const { return unique_; }
  std::uint64_t duplicates() const { return duplicates_; }

  // Members of a JSON object, with a comma before each: unique, duplicates, unknown.
  std::string Counts() const;
  // The same for what was expected, lost, and seen though never written, by the manifest of
  // tailrace_generate; a member manifest_error if it cannot be read.
  std::string Compare(const std::string& manifest_path) const;

 private:
  std::vector<std::vector<std::uint8_t>> seen_;  // by source, by number; saturates at 255
  std::uint64_t unknown_ = 0;                    // documents without a sequence
  std::uint64_t unique_ = 0;                     // events seen at least once
  std::uint64_t duplicates_ = 0;                 // seen again
};

}  // namespace tailrace::bench
