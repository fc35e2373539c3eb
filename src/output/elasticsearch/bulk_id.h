// SPDX-License-Identifier: Apache-2.0
#pragma once
// Document ids that say where an event came from, so that whatever is sent again is recognised.

#include <cstdint>
#include <string_view>

#include "tailrace/byte_buffer.h"

namespace tailrace::elasticsearch {

// Appends `identity` (16 characters), the offset as 8 characters of 6 bits, most significant first,
// and for the parts of a split event "." and a number. The alphabet is base64url's in ASCII order,
// so ids of one file sort by offset, which Lucene stores compactly.
void AppendDocumentId(std::string_view identity, uint64_t offset, uint16_t sub, ByteBuffer& out);

}  // namespace tailrace::elasticsearch
