// SPDX-License-Identifier: Apache-2.0
#pragma once
// Ids of chunks, as Fluentd makes them: the time first (microseconds since 1970, 52 bits), so that
// they sort by creation, then random bits.

#include "buffer/chunk_meta.h"

namespace tailrace::buffer {

ChunkId NewChunkId();

}  // namespace tailrace::buffer
