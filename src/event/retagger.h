// SPDX-License-Identifier: Apache-2.0
#pragma once
// Sends events on under other tags, for outputs that rewrite tags. Events of one batch that get the
// same tag and label go on together; where all of them do, the batch itself goes on and nothing is
// copied. Worker thread.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tailrace/plugin.h"

namespace tailrace {

class Retagger {
 public:
  explicit Retagger(PluginEnv& env) : writable_(env.writable()) {}

  // Row `index` of the batch goes to the router of `label` ("": where the plugin stands) as `tag`.
  void Send(uint32_t index, std::string_view tag, std::string_view label = {});
  // Emits what was sent, and takes those rows out of `batch`. Rows that were not sent stay.
  void Emit(Batch& batch, EventContext& context);
  // False while one of the ways that events of this origin's tag have gone cannot take more.
  bool Writable(const Origin& origin);
  // An origin like `from` whose tag is `tag`.
  std::shared_ptr<const Origin> Renamed(const std::shared_ptr<const Origin>& from,
                                        const std::string& tag);

 private:
  struct Target {
    std::string tag;
    std::string label;
    std::vector<uint32_t> rows;
  };
  // Where events of one tag went.
  struct Way {
    std::string label;
    std::shared_ptr<const Origin> origin;
  };
  void Remember(const std::string& from, const std::string& label,
                const std::shared_ptr<const Origin>& origin);

  static constexpr size_t kTagsMax = 4096;
  static constexpr size_t kWaysMax = 16;  // per tag; tags made from data may be many

  std::function<bool(std::string_view, const Origin&)> writable_;
  std::vector<Target> targets_;
  size_t used_ = 0;  // of targets_; the rest are kept for their memory
  struct Known {
    std::weak_ptr<const Origin> from;
    std::shared_ptr<const Origin> renamed;
  };
  std::unordered_map<std::string, Known> origins_;
  std::unordered_map<std::string, std::vector<Way>> ways_;
  bool asking_ = false;  // Writable() may lead back here
};

}  // namespace tailrace
