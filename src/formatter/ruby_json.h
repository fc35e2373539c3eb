// SPDX-License-Identifier: Apache-2.0
#pragma once
// Records as the JSON that Ruby writes: floats in Ruby's form ("1.0e+20"), strings with as few
// escapes as can be. What the hot outputs write (event/json.h) is the same data, with numbers and
// escapes as they came.

#include <cstdint>
#include <string>

#include "tailrace/arena.h"
#include "tailrace/batch.h"
#include "tailrace/byte_buffer.h"

namespace tailrace::formatter {

enum class RubyJson : uint8_t {
  kOj,    // writes NaN, Infinity and bytes that are not UTF-8 as they are
  kJson,  // refuses them
};

// Appends the record. False (and `out` as before) with a reason in `why` if it is refused.
bool AppendRubyJson(const Batch& batch, const Row& row, RubyJson engine, Arena& scratch,
                    ByteBuffer& out, std::string* why);

}  // namespace tailrace::formatter
