// SPDX-License-Identifier: Apache-2.0
#include "input/tail/group_limits.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "tailrace/log.h"

namespace tailrace::tail {
namespace {

constexpr std::string_view kJoin = "_";
constexpr std::string_view kAnything = "(?-mix:.*)";

// As Ruby prints a pattern when it is put into a text.
std::string Embedded(const RegexpLiteral& literal) {
  std::string on = literal.multi_line ? "m" : "";
  std::string off = literal.multi_line ? "" : "m";
  (literal.ignore_case ? on : off) += "i";
  off += "x";
  return "(?" + on + "-" + off + ":" + literal.source + ")";
}

}  // namespace

Result<GroupLimits> GroupLimits::Create(const GroupParams& params) {
  text::RegexOptions options;
  options.ignore_case = params.pattern.ignore_case;
  options.multiline = params.pattern.multi_line;
  auto pattern = text::Regex::Compile(params.pattern.source, options);
  if (!pattern) return tl::unexpected<Error>(pattern.error());
  GroupLimits limits(std::move(*pattern), params.rate_period.value);

  std::vector<const RuleParams*> rules;
  for (const RuleParams& rule : params.rules) rules.push_back(&rule);
  // The more a rule asks for, the earlier it is tried.
  std::stable_sort(rules.begin(), rules.end(), [](const RuleParams* a, const RuleParams* b) {
    return a->match.size() > b->match.size();
  });
  for (const RuleParams* rule : rules) {
    std::string key;
    for (const text::GroupName& name : limits.pattern_.names()) {
      if (&name != &limits.pattern_.names().front()) key += kJoin;
      const auto given = std::find_if(rule->match.begin(), rule->match.end(),
                                      [&](const auto& match) { return match.first == name.name; });
      key += given == rule->match.end() ? std::string(kAnything) : Embedded(given->second);
    }
    auto compiled = text::Regex::Compile(key);
    if (!compiled) return tl::unexpected<Error>(compiled.error());
    limits.rules_.push_back({std::move(*compiled), std::make_shared<Group>(Group{rule->limit, 0})});
  }
  return limits;
}

GroupLimits::Share GroupLimits::For(const std::string& path) {
  text::Captures captures;
  if (!pattern_.Match(path, captures)) {
    LogDebug("Cannot find group from metadata, Adding file in the default group", {{"path", path}});
    return {};
  }
  std::string key;
  for (const text::GroupName& name : pattern_.names()) {
    if (&name != &pattern_.names().front()) key += kJoin;
    key += pattern_.Named(captures, name);
  }
  for (const Rule& rule : rules_) {
    if (rule.key.Matches(key)) return Share(rule.group, period_);
  }
  return {};
}

GroupLimits::Share::Share(std::shared_ptr<Group> group, double period)
    : group_(std::move(group)), period_(period) {
  ++group_->files;
}

GroupLimits::Share& GroupLimits::Share::operator=(Share&& other) noexcept {
  if (this == &other) return *this;
  if (group_) --group_->files;
  group_ = std::move(other.group_);
  period_ = other.period_;
  begin_ = other.begin_;
  lines_ = other.lines_;
  return *this;
}

GroupLimits::Share::~Share() {
  if (group_) --group_->files;
}

size_t GroupLimits::Share::Allowed(double now) {
  if (!limited()) return std::numeric_limits<size_t>::max();
  if (group_->limit == 0) return 0;
  const uint64_t share =
      std::max<uint64_t>(1, static_cast<uint64_t>(group_->limit) / group_->files);
  if (begin_ >= 0 && now - begin_ >= period_) {
    begin_ = -1;
    lines_ = 0;
  }
  return lines_ >= share ? 0 : static_cast<size_t>(share - lines_);
}

void GroupLimits::Share::Took(size_t lines, double now) {
  if (begin_ < 0) begin_ = now;
  lines_ += lines;
}

}  // namespace tailrace::tail
