// SPDX-License-Identifier: Apache-2.0
#pragma once
// A compiled record accessor: `key`, `$.a.b[0].c`, `$['a.b']['c'][0]`, `$["x"]`
// (https://docs.fluentd.org/plugin-helper-overview/api-plugin-helper-record_accessor). No string is
// split per event; nested values are looked up in their JSON text without being expanded.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tailrace/batch.h"
#include "tailrace/result.h"

namespace tailrace {

class Accessor {
 public:
  // `$.`/`$[` forms are paths, everything else is one top-level key. Errors as Fluentd raises them.
  static Result<Accessor> Compile(std::string_view text);

  // Nothing if a part is missing or of another type (Ruby's dig: nil). An existing null is kNull.
  std::optional<Value> Get(const Batch& batch, const Row& row) const;
  // Sets the value where the parent exists; a top-level key is added. False if it could not be set.
  // A nested parent is rendered anew into the batch's arena.
  bool Set(Batch& batch, Row& row, const Value& value) const;
  // Removes it; nothing if it was not there.
  std::optional<Value> Erase(Batch& batch, Row& row) const;

  // The single top-level key, when that is all there is.
  bool simple() const { return path_.size() == 1; }
  const std::string& text() const { return text_; }
  const std::vector<std::variant<std::string, int64_t>>& path() const { return path_; }

 private:
  std::string text_;
  std::vector<std::variant<std::string, int64_t>> path_;
};

}  // namespace tailrace
