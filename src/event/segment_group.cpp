// SPDX-License-Identifier: Apache-2.0
#include "event/segment_group.h"

#include <algorithm>
#include <memory>

namespace tailrace {
namespace {

// Owns itself until the last reference is gone.
class SegmentGroup final : public Segment {
 public:
  explicit SegmentGroup(std::vector<SegmentRef> parts)
      : Segment(parts.front().get()->begin(), parts.back().get()->end()),
        parts_(std::move(parts)) {}

  static SegmentRef Hold(std::vector<SegmentRef> parts) {
    auto group = std::make_unique<SegmentGroup>(std::move(parts));
    SegmentGroup& made = *group;
    made.self_ = std::move(group);
    return SegmentRef(&made);
  }

  // The event began in the first part; the others are counted as joined.
  void Dropped(const char* reason, uint64_t events) override {
    parts_.front().get()->Dropped(reason, events);
  }
  void Joined(uint64_t events) override { parts_.front().get()->Joined(events); }

 private:
  void Complete() override { const std::unique_ptr<SegmentGroup> last = std::move(self_); }

  std::vector<SegmentRef> parts_;
  std::unique_ptr<SegmentGroup> self_;
};

}  // namespace

SegmentRef HoldAll(std::vector<SegmentRef> segments) {
  std::vector<SegmentRef> distinct;
  for (SegmentRef& segment : segments) {
    if (segment && std::find(distinct.begin(), distinct.end(), segment) == distinct.end()) {
      distinct.push_back(std::move(segment));
    }
  }
  if (distinct.empty()) return {};
  if (distinct.size() == 1) return std::move(distinct.front());
  return SegmentGroup::Hold(std::move(distinct));
}

}  // namespace tailrace
