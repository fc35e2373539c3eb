// SPDX-License-Identifier: Apache-2.0
#pragma once
// The segments of an event that was made of several others: one reference that holds them all, so
// that no position passes any part before the whole is safe.

#include <vector>

#include "tailrace/segment.h"

namespace tailrace {

// A reference that holds every one of these (null ones and repetitions do not count). Null if there
// is none; where there is one, that one itself. Worker thread.
SegmentRef HoldAll(std::vector<SegmentRef> segments);

// Adds `segment` to a list for HoldAll(). Cheap where an event's parts come from one segment.
inline void AddSegment(const SegmentRef& segment, std::vector<SegmentRef>& segments) {
  if (segment && (segments.empty() || segments.back() != segment)) segments.push_back(segment);
}

}  // namespace tailrace
