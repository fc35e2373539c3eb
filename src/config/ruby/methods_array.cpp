// SPDX-License-Identifier: Apache-2.0
// Array, Range and what Hash shares with them (Enumerable).
#include <algorithm>
#include <utility>

#include "config/ruby/methods.h"

namespace tailrace::config::ruby {

bool Items(const Call& c, Array* items) {
  if (c.self.IsArray()) {
    *items = c.self.array();
  } else if (c.self.IsHash()) {
    for (const auto& [key, value] : c.self.hash().items()) {
      items->push_back(Value::MakeArray({key, value}));
    }
  } else {
    const auto& range = c.self.Get<RangeValue>();
    const int64_t last = range.exclusive ? range.last - 1 : range.last;
    if (last - range.first >= static_cast<int64_t>(kMaxItems))
      return c.Raise("the range is too long");
    for (int64_t i = range.first; i <= last; ++i) items->emplace_back(i);
  }
  return true;
}

namespace {

bool IsList(const Call& c) { return c.self.IsArray(); }

bool NotForHash(const Call& c) {
  return c.Raise("undefined method '" + std::string(c.method) + "' for " +
                 std::string(c.self.ClassName()));
}

// Runs the block for each item until `visit` is false.
template <typename Visit>
bool ForEach(const Call& c, Visit visit) {
  Array items;
  if (!Items(c, &items)) return false;
  for (const auto& item : items) {
    Value result;
    if (!c.Yield(item, &result)) return false;
    if (!visit(item, result)) break;
  }
  return true;
}

bool Map(const Call& c) {
  Array out;
  const bool flat = c.method == "flat_map";
  const bool drop_nil = c.method == "filter_map";
  const bool good = ForEach(c, [&](const Value&, const Value& result) {
    if (flat && result.IsArray()) {
      out.insert(out.end(), result.array().begin(), result.array().end());
    } else if (!drop_nil || result.Truthy()) {
      out.push_back(result);
    }
    return true;
  });
  return good && c.Give(Value::MakeArray(std::move(out)));
}

bool Select(const Call& c) {
  const bool keep = c.method != "reject" && c.method != "delete_if";
  Array out;
  Value hash = Value::MakeHash();
  const bool good = ForEach(c, [&](const Value& item, const Value& result) {
    if (result.Truthy() != keep) return true;
    if (c.self.IsHash()) {
      hash.hash().Set(item.array()[0], item.array()[1]);
    } else {
      out.push_back(item);
    }
    return true;
  });
  if (!good) return false;
  return c.Give(c.self.IsHash() ? std::move(hash) : Value::MakeArray(std::move(out)));
}

bool Each(const Call& c) {
  return ForEach(c, [](const Value&, const Value&) { return true; }) && c.Give(c.self);
}

bool EachWithIndex(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  for (size_t i = 0; i < items.size(); ++i) {
    const Value pair[] = {items[i], static_cast<int64_t>(i)};
    Value ignored;
    if (!c.Yield(pair, &ignored)) return false;
  }
  return c.Give(c.self);
}

bool EachWithObject(const Call& c) {
  Array items;
  if (!c.Needs(1, 1) || !Items(c, &items)) return false;
  for (const auto& item : items) {
    const Value pair[] = {item, c.args[0]};
    Value ignored;
    if (!c.Yield(pair, &ignored)) return false;
  }
  return c.Give(c.args[0]);
}

bool Find(const Call& c) {
  Value found;
  const bool good = ForEach(c, [&](const Value& item, const Value& result) {
    if (!result.Truthy()) return true;
    found = item;
    return false;
  });
  return good && c.Give(std::move(found));
}

// any? all? none?, with a block or for the items themselves.
bool Quantify(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  size_t hits = 0;
  for (const auto& item : items) {
    Value result = item;
    if (!c.args.empty()) {
      result = CaseEquals(c.frame, c.args[0], item);
    } else if (c.block != nullptr && !c.Yield(item, &result)) {
      return false;
    }
    hits += result.Truthy() ? 1 : 0;
  }
  if (c.method == "any?") return c.Give(hits > 0);
  return c.Give(c.method == "all?" ? hits == items.size() : hits == 0);
}

bool Count(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  if (!c.args.empty())
    return c.Give(static_cast<int64_t>(std::count(items.begin(), items.end(), c.args[0])));
  if (c.block == nullptr) return c.Give(std::ssize(items));
  int64_t hits = 0;
  return ForEach(c,
                 [&](const Value&, const Value& result) {
                   hits += result.Truthy() ? 1 : 0;
                   return true;
                 }) &&
         c.Give(hits);
}

bool FlattenInto(const Call& c, const Array& items, int64_t depth, Array* out) {
  for (const auto& item : items) {
    if (out->size() > kMaxItems) return c.Raise("the array grows too long");
    if (item.IsArray() && depth != 0) {
      if (!FlattenInto(c, item.array(), depth - 1, out)) return false;
    } else {
      out->push_back(item);
    }
  }
  return true;
}

bool Flatten(const Call& c) {
  Array items;
  Array out;
  return c.Needs(0, 1) && Items(c, &items) &&
         FlattenInto(c, items, std::min<int64_t>(c.IntegerOr(0, 64), 64), &out) &&
         c.Give(Value::MakeArray(std::move(out)));
}

bool Join(const Call& c) {
  std::string_view between;
  Array items;
  Array flat;
  if (!c.Needs(0, 1) || (!c.args.empty() && !c.args[0].IsNil() && !c.TextArg(0, &between)) ||
      !Items(c, &items) || !FlattenInto(c, items, 64, &flat)) {
    return false;
  }
  std::string out;
  for (size_t i = 0; i < flat.size(); ++i) {
    if (i > 0) out += between;
    out += ToText(flat[i]);
    if (out.size() > kMaxText) return c.Raise("the text grows too long");
  }
  return c.Give(std::move(out));
}

// The part [first, first + count) of a list, or nil where it begins outside.
Value Part(const Array& items, int64_t first, int64_t count) {
  const int64_t size = std::ssize(items);
  if (first < 0) first += size;
  if (first < 0 || first > size || count < 0) return {};
  const int64_t last = std::min(size, first + std::min(count, size));
  return Value::MakeArray(Array(items.begin() + first, items.begin() + last));
}

bool At(const Call& c) {
  if (!IsList(c)) return NotForHash(c);
  if (!c.Needs(1, 2)) return false;
  const Array& items = c.self.array();
  const int64_t size = std::ssize(items);
  if (c.args.size() == 2) {
    int64_t first = 0;
    int64_t count = 0;
    return c.IntegerArg(0, &first) && c.IntegerArg(1, &count) && c.Give(Part(items, first, count));
  }
  if (c.args[0].Is<RangeValue>()) {
    const auto& range = c.args[0].Get<RangeValue>();
    const int64_t first = range.first < 0 ? range.first + size : range.first;
    int64_t last = range.last < 0 ? range.last + size : range.last;
    if (range.exclusive) --last;
    return c.Give(first < 0 ? Value() : Part(items, first, std::max<int64_t>(0, last - first + 1)));
  }
  int64_t index = 0;
  if (!c.IntegerArg(0, &index)) return false;
  if (index < 0) index += size;
  return c.Give(index < 0 || index >= size ? Value() : items[static_cast<size_t>(index)]);
}

bool Fetch(const Call& c) {
  int64_t index = 0;
  if (!IsList(c)) return NotForHash(c);
  if (!c.Needs(1, 2) || !c.IntegerArg(0, &index)) return false;
  const Array& items = c.self.array();
  if (index < 0) index += std::ssize(items);
  if (index >= 0 && index < std::ssize(items)) return c.Give(items[static_cast<size_t>(index)]);
  if (c.args.size() > 1) return c.Give(c.args[1]);
  return c.block != nullptr ? c.Yield(c.args[0], c.out) : c.Raise("index is outside of the array");
}

// first, last, take, drop: one item or the first ones.
bool Ends(const Call& c) {
  Array items;
  if (!c.Needs(0, 1) || !Items(c, &items)) return false;
  const int64_t size = std::ssize(items);
  if (c.args.empty()) {
    if (items.empty()) return c.Give(Value());
    return c.Give(c.method == "last" ? items.back() : items.front());
  }
  int64_t count = 0;
  if (!c.IntegerArg(0, &count)) return false;
  if (count < 0) return c.Raise("negative array size");
  count = std::min(count, size);
  if (c.method == "last") return c.Give(Part(items, size - count, count));
  return c.Give(c.method == "drop" ? Part(items, count, size) : Part(items, 0, count));
}

bool WithoutNil(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  items.erase(std::remove(items.begin(), items.end(), Value()), items.end());
  return c.Give(Value::MakeArray(std::move(items)));
}

bool Unique(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  Array out;
  for (const auto& item : items) {
    if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(item);
  }
  return c.Give(Value::MakeArray(std::move(out)));
}

bool Reverse(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  std::reverse(items.begin(), items.end());
  return c.Give(Value::MakeArray(std::move(items)));
}

bool Combine(const Call& c) {
  if (!IsList(c)) return NotForHash(c);
  if (!c.Needs(1, 1)) return false;
  if (c.method == "*" && c.args[0].IsText()) return Join(c);
  if (!c.args[0].IsArray()) return c.Raise("'" + std::string(c.method) + "' needs an array");
  const Array& other = c.args[0].array();
  auto in_other = [&](const Value& item) {
    return std::find(other.begin(), other.end(), item) != other.end();
  };
  Array out;
  for (const auto& item : c.self.array()) {
    if (c.method == "+" || c.method == "concat" || c.method == "|" ||
        in_other(item) == (c.method == "&")) {
      out.push_back(item);
    }
  }
  if (c.method == "+" || c.method == "concat") out.insert(out.end(), other.begin(), other.end());
  if (c.method == "|") {
    for (const auto& item : other) {
      if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(item);
    }
  }
  return c.Give(Value::MakeArray(std::move(out)));
}

bool Push(const Call& c) {
  if (!IsList(c)) return NotForHash(c);
  for (const auto& item : c.args) {
    if (c.self.array().size() >= kMaxItems) return c.Raise("the array grows too long");
    if (c.method == "unshift") {
      c.self.array().insert(c.self.array().begin(), item);
    } else {
      c.self.array().push_back(item);
    }
  }
  return c.Give(c.self);
}

bool Pop(const Call& c) {
  if (!IsList(c)) return NotForHash(c);
  Array& items = c.self.array();
  if (items.empty()) return c.Give(Value());
  Value taken = c.method == "pop" ? items.back() : items.front();
  items.erase(c.method == "pop" ? items.end() - 1 : items.begin());
  return c.Give(std::move(taken));
}

bool Includes(const Call& c) {
  Array items;
  if (!c.Needs(1, 1)) return false;
  if (c.self.Is<RangeValue>()) return c.Give(CaseEquals(c.frame, c.self, c.args[0]));
  return Items(c, &items) &&
         c.Give(std::find(items.begin(), items.end(), c.args[0]) != items.end());
}

bool IndexOf(const Call& c) {
  Array items;
  if (!c.Needs(0, 1) || !Items(c, &items)) return false;
  for (size_t i = 0; i < items.size(); ++i) {
    Value hit;
    if (!c.args.empty()) {
      hit = items[i] == c.args[0];
    } else if (!c.Yield(items[i], &hit)) {
      return false;
    }
    if (hit.Truthy()) return c.Give(static_cast<int64_t>(i));
  }
  return c.Give(Value());
}

bool Zip(const Call& c) {
  if (!IsList(c)) return NotForHash(c);
  if (!c.Needs(1, 1)) return false;
  if (!c.args[0].IsArray()) return c.Raise("zip needs an array");
  const Array& other = c.args[0].array();
  Array out;
  for (size_t i = 0; i < c.self.array().size(); ++i) {
    out.push_back(Value::MakeArray({c.self.array()[i], i < other.size() ? other[i] : Value()}));
  }
  return c.Give(Value::MakeArray(std::move(out)));
}

bool ToHash(const Call& c) {
  Array items;
  if (!Items(c, &items)) return false;
  Value hash = Value::MakeHash();
  for (const auto& item : items) {
    Value pair = item;
    if (c.block != nullptr && !c.Yield(item, &pair)) return false;
    if (!pair.IsArray() || pair.array().size() != 2) return c.Raise("to_h needs pairs");
    hash.hash().Set(pair.array()[0], pair.array()[1]);
  }
  return c.Give(std::move(hash));
}

bool GroupBy(const Call& c) {
  Value hash = Value::MakeHash();
  const bool good = ForEach(c, [&](const Value& item, const Value& key) {
    if (hash.hash().Find(key) == nullptr) hash.hash().Set(key, Value::MakeArray());
    hash.hash().Find(key)->array().push_back(item);
    return true;
  });
  return good && c.Give(std::move(hash));
}

bool Partition(const Call& c) {
  Array yes;
  Array no;
  const bool good = ForEach(c, [&](const Value& item, const Value& result) {
    (result.Truthy() ? yes : no).push_back(item);
    return true;
  });
  return good && c.Give(Value::MakeArray(
                     {Value::MakeArray(std::move(yes)), Value::MakeArray(std::move(no))}));
}

bool While(const Call& c) {
  Array out;
  bool taking = true;
  Array items;
  if (!Items(c, &items)) return false;
  for (const auto& item : items) {
    Value result;
    if (taking && !c.Yield(item, &result)) return false;
    taking = taking && result.Truthy();
    if (taking == (c.method == "take_while")) out.push_back(item);
  }
  return c.Give(Value::MakeArray(std::move(out)));
}

bool Size(const Call& c) {
  Array items;
  if (c.self.IsArray()) return c.Give(std::ssize(c.self.array()));
  if (c.self.IsHash()) return c.Give(std::ssize(c.self.hash().items()));
  return Items(c, &items) && c.Give(std::ssize(items));
}

bool IsEmpty(const Call& c) { return Size(c) && c.Give(*c.out == Value(0)); }

bool ToList(const Call& c) {
  Array items;
  if (c.self.IsArray()) return c.Give(c.self);
  return Items(c, &items) && c.Give(Value::MakeArray(std::move(items)));
}

bool DeleteItem(const Call& c) {
  if (!IsList(c)) return NotForHash(c);
  if (!c.Needs(1, 1)) return false;
  Array& items = c.self.array();
  const auto rest = std::remove(items.begin(), items.end(), c.args[0]);
  const bool found = rest != items.end();
  items.erase(rest, items.end());
  return c.Give(found ? c.args[0] : Value());
}

bool Dig(const Call& c) {
  if (c.args.empty()) return c.Raise("wrong number of arguments for 'dig' (0 given)");
  Value at = c.self;
  for (const auto& key : c.args) {
    if (at.IsNil()) break;
    Value next;
    if (at.IsHash()) {
      const Value* found = at.hash().Find(key);
      if (found != nullptr) next = *found;
    } else if (at.IsArray() && key.Is<int64_t>()) {
      int64_t index = key.Get<int64_t>();
      if (index < 0) index += std::ssize(at.array());
      if (index >= 0 && index < std::ssize(at.array()))
        next = at.array()[static_cast<size_t>(index)];
    } else {
      return c.Raise(std::string(at.ClassName()) + " does not have a 'dig' method");
    }
    at = std::move(next);
  }
  return c.Give(std::move(at));
}

constexpr Entry kArray[] = {
    {"map", Map},
    {"collect", Map},
    {"flat_map", Map},
    {"filter_map", Map},
    {"select", Select},
    {"filter", Select},
    {"find_all", Select},
    {"reject", Select},
    {"delete_if", Select},
    {"each", Each},
    {"each_pair", Each},
    {"each_with_index", EachWithIndex},
    {"each_with_object", EachWithObject},
    {"find", Find},
    {"detect", Find},
    {"any?", Quantify},
    {"all?", Quantify},
    {"none?", Quantify},
    {"count", Count},
    {"flatten", Flatten},
    {"join", Join},
    {"[]", At},
    {"slice", At},
    {"at", At},
    {"fetch", Fetch},
    {"first", Ends},
    {"last", Ends},
    {"take", Ends},
    {"drop", Ends},
    {"compact", WithoutNil},
    {"uniq", Unique},
    {"reverse", Reverse},
    {"+", Combine},
    {"-", Combine},
    {"&", Combine},
    {"|", Combine},
    {"*", Combine},
    {"concat", Combine},
    {"push", Push},
    {"append", Push},
    {"<<", Push},
    {"unshift", Push},
    {"pop", Pop},
    {"shift", Pop},
    {"include?", Includes},
    {"member?", Includes},
    {"index", IndexOf},
    {"find_index", IndexOf},
    {"zip", Zip},
    {"to_h", ToHash},
    {"group_by", GroupBy},
    {"partition", Partition},
    {"take_while", While},
    {"drop_while", While},
    {"size", Size},
    {"length", Size},
    {"empty?", IsEmpty},
    {"to_a", ToList},
    {"delete", DeleteItem},
    {"dig", Dig},
};

}  // namespace

std::span<const Entry> ArrayMethods() { return kArray; }

}  // namespace tailrace::config::ruby
