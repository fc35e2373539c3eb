// SPDX-License-Identifier: Apache-2.0
// Enumerations: order and totals.
#include <algorithm>
#include <utility>
#include <vector>

#include "config/ruby/methods.h"

namespace tailrace::config::ruby {
namespace {

// Sorts (key, item) pairs; a merge sort whose comparison may raise.
bool SortPairs(const Call& c, std::vector<std::pair<Value, Value>>* pairs) {
  bool good = true;
  std::stable_sort(pairs->begin(), pairs->end(), [&](const auto& a, const auto& b) {
    int order = 0;
    if (good) good = Compare(c, a.first, b.first, &order);
    return good && order < 0;
  });
  return good;
}

// sort, sort_by, min, max, min_by, max_by.
bool Sort(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  const bool by = c.method.ends_with("_by");
  if (!by && c.block != nullptr)
    return c.Raise("'" + std::string(c.method) + "' with a block is not supported; use sort_by");
  std::vector<std::pair<Value, Value>> pairs;
  for (auto& item : items) {
    Value key = item;
    if (by && !c.Yield(item, &key)) return false;
    pairs.emplace_back(std::move(key), std::move(item));
  }
  if (!SortPairs(c, &pairs)) return false;
  if (c.method.starts_with("sort")) {
    Array out;
    for (auto& pair : pairs) out.push_back(std::move(pair.second));
    return c.Give(Value::MakeArray(std::move(out)));
  }
  if (pairs.empty()) return c.Give(Value());
  return c.Give(c.method.starts_with("min") ? pairs.front().second : pairs.back().second);
}

bool Add(const Call& c, const Value& a, const Value& b, Value* out) {
  const Call plus{c.frame, "+", a, {&b, 1}, nullptr, out};
  return Dispatch(plus);
}

bool Sum(const Call& c) {
  Array items;
  if (!c.Needs(0, 1) || !Items(c, &items)) return false;
  Value total = c.args.empty() ? Value(0) : c.args[0];
  for (const auto& item : items) {
    Value value = item;
    if (c.block != nullptr && !c.Yield(item, &value)) return false;
    Value next;
    if (!Add(c, total, value, &next)) return false;
    total = std::move(next);
  }
  return c.Give(std::move(total));
}

bool Reduce(const Call& c) {
  Array items;
  if (!c.Needs(0, 2) || !Items(c, &items)) return false;
  const bool symbol = !c.args.empty() && c.args.back().Is<Symbol>();
  const size_t initial = c.args.size() - (symbol ? 1 : 0);
  size_t next = 0;
  Value memo;
  if (initial == 1) {
    memo = c.args[0];
  } else if (!items.empty()) {
    memo = items[next++];
  }
  for (; next < items.size(); ++next) {
    Value result;
    if (symbol) {
      const std::string name = c.args.back().Get<Symbol>().name;
      const Call call{c.frame, name, memo, {&items[next], 1}, nullptr, &result};
      if (!Dispatch(call)) return false;
    } else {
      const Value pair[] = {memo, items[next]};
      if (!c.Yield(pair, &result)) return false;
    }
    memo = std::move(result);
  }
  return c.Give(std::move(memo));
}

constexpr Entry kOrder[] = {
    {"sort", Sort},   {"sort_by", Sort}, {"min", Sort},      {"max", Sort},      {"min_by", Sort},
    {"max_by", Sort}, {"sum", Sum},      {"reduce", Reduce}, {"inject", Reduce},
};

}  // namespace

std::span<const Entry> OrderMethods() { return kOrder; }

}  // namespace tailrace::config::ruby
