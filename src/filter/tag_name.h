// SPDX-License-Identifier: Apache-2.0
#pragma once
// Outputs that do what a filter does and send the events on under another tag: the older plugins of
// Fluentd come in both forms.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "event/retagger.h"
#include "tailrace/params.h"
#include "tailrace/plugin.h"

namespace tailrace {

// Fluentd's HandleTagNameMixin. Prefixes and suffixes stand with or without their dot.
struct TagNameParams {
  std::optional<std::string> tag;
  std::optional<std::string> remove_tag_prefix;
  std::optional<std::string> remove_tag_suffix;
  std::optional<std::string> add_tag_prefix;
  std::optional<std::string> add_tag_suffix;

  static const Schema<TagNameParams>& schema() {
    using P = TagNameParams;
    static const auto s =
        Schema<P>()
            .Param("tag", &P::tag, "New tag.")
            .Param("remove_tag_prefix", &P::remove_tag_prefix, "Taken off the front of the tag.")
            .Param("remove_tag_suffix", &P::remove_tag_suffix, "Taken off the end of the tag.")
            .Param("add_tag_prefix", &P::add_tag_prefix, "Put before the tag.")
            .Param("add_tag_suffix", &P::add_tag_suffix, "Put behind the tag.");
    return s;
  }
  // For the schema of the output: what is missing.
  std::string Problem() const {
    if (tag || remove_tag_prefix || remove_tag_suffix || add_tag_prefix || add_tag_suffix)
      return {};
    return "needs tag, remove_tag_prefix, remove_tag_suffix, add_tag_prefix or add_tag_suffix: "
           "under its old tag an event would come back here";
  }

  std::string NewTag(std::string_view old) const {
    if (tag) return *tag;
    if (remove_tag_prefix) TakeOff(*remove_tag_prefix, true, &old);
    if (remove_tag_suffix) TakeOff(*remove_tag_suffix, false, &old);
    std::string made(old);
    if (add_tag_prefix) {
      made = *add_tag_prefix + (add_tag_prefix->ends_with('.') ? "" : ".") + made;
    }
    if (add_tag_suffix) made += (add_tag_suffix->starts_with('.') ? "" : ".") + *add_tag_suffix;
    return made;
  }

 private:
  static void TakeOff(std::string_view part, bool front, std::string_view* tag) {
    if (front && part.ends_with('.')) part.remove_suffix(1);
    if (!front && part.starts_with('.')) part.remove_prefix(1);
    const bool whole = *tag == part;
    if (front && tag->starts_with(part) && (whole || (*tag)[part.size()] == '.')) {
      tag->remove_prefix(part.size() + (whole ? 0 : 1));
    } else if (!front && tag->ends_with(part) &&
               (whole || (*tag)[tag->size() - part.size() - 1] == '.')) {
      tag->remove_suffix(part.size() + (whole ? 0 : 1));
    }
  }
};

// The output form of `FilterType`. `OutputParams` derives from FilterType::Params and from
// TagNameParams.
template <class FilterType, class OutputParams>
class FilterOutput final : public Output {
 public:
  using Params = OutputParams;

  FilterOutput(const Params& params, PluginEnv& env)
      : filter_(params, env), names_(params), label_(env.Reserved("@label")), retagger_(env) {
    if (!label_.empty()) env.UseLabel(label_, env.element());
  }

  void Emit(Batch& batch, EventContext& context) override {
    filter_.Apply(batch, context);
    const std::string tag = names_.NewTag(batch.origin()->tag);
    for (uint32_t i = 0; i < batch.rows().size(); ++i) {
      if (!batch.rows()[i].dropped) retagger_.Send(i, tag, label_);
    }
    retagger_.Emit(batch, context);
  }
  bool Writable(const Origin& origin) override { return retagger_.Writable(origin); }
  bool changes_events() const override { return true; }

 private:
  FilterType filter_;
  TagNameParams names_;
  std::string label_;
  Retagger retagger_;
};

}  // namespace tailrace
