// SPDX-License-Identifier: Apache-2.0
#pragma once
// Fields with configured names, by their place.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "event/json.h"
#include "tailrace/batch.h"

namespace tailrace::parser {

class Columns {
 public:
  explicit Columns(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const bool again = std::any_of(columns_.begin(), columns_.end(),
                                     [&](const Column& c) { return c.name == name; });
      repeated_ = repeated_ || again;
      columns_.push_back({name, json::IsClean(name)});
    }
  }

  size_t size() const { return columns_.size(); }

  // Sets the field of column `i`. Each column is set once per row; where two have the same name the
  // later one wins, in the place of the first.
  void Set(Batch& batch, Row& row, size_t i, const Value& value) const {
    const Column& column = columns_[i];
    if (repeated_) {
      batch.Set(row, column.name, value, column.clean);
    } else {
      batch.Append(row, column.name, value, column.clean);
    }
  }

 private:
  struct Column {
    std::string name;
    bool clean;
  };
  std::vector<Column> columns_;
  bool repeated_ = false;
};

}  // namespace tailrace::parser
