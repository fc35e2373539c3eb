// SPDX-License-Identifier: Apache-2.0
// Ruby's to_s.
#include "config/ruby/regexp.h"
#include "config/ruby/time.h"
#include "config/value.h"

namespace tailrace::config {
namespace {

std::string RegexpText(const RubyRegexp& regexp) {
  std::string off;
  for (const char c : std::string_view("mix")) {
    if (regexp.options().find(c) == std::string::npos) off.push_back(c);
  }
  return "(?" + regexp.options() + (off.empty() ? "" : "-" + off) + ":" + regexp.source() + ")";
}

}  // namespace

std::string ToText(const Value& value) {
  if (value.IsNil()) return "";
  if (value.IsText()) return value.text();
  if (value.Is<bool>()) return value.Get<bool>() ? "true" : "false";
  if (value.Is<int64_t>()) return std::to_string(value.Get<int64_t>());
  if (value.Is<BigInteger>()) return value.Get<BigInteger>().digits;
  if (value.Is<double>()) return FloatText(value.Get<double>());
  if (value.Is<Symbol>()) return value.Get<Symbol>().name;
  if (value.Is<Module>()) return value.Get<Module>().name;
  if (value.Is<TimeValue>()) {
    const auto& time = value.Get<TimeValue>();
    if (time.event) return std::to_string(time.seconds);
    return ruby::FormatTime(time, time.utc ? "%Y-%m-%d %H:%M:%S UTC" : "%Y-%m-%d %H:%M:%S %z");
  }
  if (value.Is<Value::RegexpPtr>()) return RegexpText(*value.Get<Value::RegexpPtr>());
  if (value.Is<Value::MatchPtr>()) return value.Get<Value::MatchPtr>()->Group(0).value_or("");
  if (value.Is<RangeValue>()) {
    const auto& range = value.Get<RangeValue>();
    return std::to_string(range.first) + (range.exclusive ? "..." : "..") +
           std::to_string(range.last);
  }
  return Inspect(value);
}

}  // namespace tailrace::config
