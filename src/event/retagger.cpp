// SPDX-License-Identifier: Apache-2.0
#include "event/retagger.h"

#include <algorithm>
#include <utility>

namespace tailrace {

void Retagger::Send(uint32_t index, std::string_view tag, std::string_view label) {
  for (size_t i = used_; i-- > 0;) {
    if (targets_[i].tag == tag && targets_[i].label == label) {
      targets_[i].rows.push_back(index);
      return;
    }
  }
  if (used_ == targets_.size()) targets_.emplace_back();
  Target& target = targets_[used_++];
  target.tag = tag;
  target.label = label;
  target.rows.assign(1, index);
}

std::shared_ptr<const Origin> Retagger::Renamed(const std::shared_ptr<const Origin>& from,
                                                const std::string& tag) {
  if (from != nullptr && from->tag == tag) return from;
  std::string key = tag;
  key += '\0';
  if (from != nullptr) {
    key += from->identity;
    key += '\0';
    key += from->path;
  }
  Known& known = origins_[key];
  if (known.renamed == nullptr || known.from.lock() != from) {
    auto made = from != nullptr ? std::make_shared<Origin>(*from) : std::make_shared<Origin>();
    made->tag = tag;
    known = {from, std::move(made)};
  }
  auto renamed = known.renamed;
  if (origins_.size() > kTagsMax) origins_.clear();
  return renamed;
}

void Retagger::Remember(const std::string& from, const std::string& label,
                        const std::shared_ptr<const Origin>& origin) {
  std::vector<Way>& ways = ways_[from];
  for (Way& way : ways) {
    if (way.label == label && way.origin->tag == origin->tag) {
      way.origin = origin;
      return;
    }
  }
  if (ways.size() >= kWaysMax) ways.erase(ways.begin());
  ways.push_back({label, origin});
  if (ways_.size() > kTagsMax) ways_.clear();
}

bool Retagger::Writable(const Origin& origin) {
  const auto found = ways_.find(origin.tag);
  if (found == ways_.end() || asking_) return true;
  asking_ = true;
  const bool all = std::all_of(found->second.begin(), found->second.end(), [this](const Way& way) {
    return writable_(way.label, *way.origin);
  });
  asking_ = false;
  return all;
}

void Retagger::Emit(Batch& batch, EventContext& context) {
  // Emitting may lead back here (a rewritten tag that matches this plugin again).
  std::vector<Target> targets = std::move(targets_);
  const size_t count = std::exchange(used_, 0);
  targets_.clear();
  const std::shared_ptr<const Origin> from = batch.origin();
  const size_t live = batch.live_rows();
  for (size_t i = 0; i < count; ++i) {
    const Target& target = targets[i];
    const auto origin = Renamed(from, target.tag);
    if (from != nullptr) Remember(from->tag, target.label, origin);
    if (target.rows.size() == live) {  // the whole batch
      batch.set_origin(origin);
      context.EmitTo(target.label, batch);
      for (Row& row : batch.rows()) row.dropped = true;  // gone on, not lost
      break;
    }
    auto copy = context.NewBatch();
    copy->set_origin(origin);
    for (const uint32_t index : target.rows) {
      copy->CopyRow(batch, batch.rows()[index]);
      batch.rows()[index].dropped = true;
    }
    context.EmitTo(target.label, *copy);
    context.Recycle(std::move(copy));
  }
  targets.clear();
  if (targets_.empty()) targets_ = std::move(targets);
}

}  // namespace tailrace
