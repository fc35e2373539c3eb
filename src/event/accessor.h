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

  // Nothing if a part is missing (Ruby's dig: nil) or leads into a value that has no parts. An
  // existing null is kNull. Does not allocate. `type_error` is set to whether Ruby's dig would have
  // raised TypeError: a part of a string, number or boolean, or a name in an array.
  std::optional<Value> Get(const Batch& batch, const Row& row, bool* type_error = nullptr) const;
  // Sets the value where the parent exists; a top-level key is added. False if it could not be set.
  // A nested parent is rendered anew into the batch's arena.
  bool Set(Batch& batch, Row& row, const Value& value) const;
  // Removes it; nothing if it was not there.
  std::optional<Value> Erase(Batch& batch, Row& row) const;

  // The single top-level key, when that is all there is.
  bool simple() const { return path_.size() == 1; }
  const std::string& key() const { return std::get<std::string>(path_.front()); }
  const std::string& text() const { return text_; }
  // Names of object members and indexes of array elements (negative: from the end); the first is a
  // name.
  using Part = std::variant<std::string, int64_t>;
  const std::vector<Part>& path() const { return path_; }

 private:
  std::string text_;
  std::vector<Part> path_;
};

}  // namespace tailrace
