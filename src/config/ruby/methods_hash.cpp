// SPDX-License-Identifier: Apache-2.0
// Hash, where it differs from other enumerations.
#include <algorithm>
#include <utility>

#include "config/ruby/methods.h"

namespace tailrace::config::ruby {
namespace {

HashValue& Self(const Call& c) { return c.self.hash(); }

bool At(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  const Value* found = Self(c).Find(c.args[0]);
  return c.Give(found == nullptr ? Value() : *found);
}

bool Fetch(const Call& c) {
  if (!c.Needs(1, 2)) return false;
  if (const Value* found = Self(c).Find(c.args[0])) return c.Give(*found);
  if (c.args.size() > 1) return c.Give(c.args[1]);
  return c.block != nullptr ? c.Yield(c.args[0], c.out)
                            : c.Raise("key not found: " + Inspect(c.args[0]));
}

bool HasKey(const Call& c) { return c.Needs(1, 1) && c.Give(Self(c).Find(c.args[0]) != nullptr); }

bool HasValue(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  const auto& items = Self(c).items();
  return c.Give(std::any_of(items.begin(), items.end(),
                            [&](const auto& item) { return item.second == c.args[0]; }));
}

bool KeysOrValues(const Call& c) {
  Array out;
  for (const auto& [key, value] : Self(c).items()) out.push_back(c.method == "keys" ? key : value);
  return c.Give(Value::MakeArray(std::move(out)));
}

Value Copy(const HashValue& hash) {
  Value copy = Value::MakeHash();
  copy.hash().items() = hash.items();
  return copy;
}

// merge makes a new hash; merge! and update change this one.
bool Merge(const Call& c) {
  Value merged = c.method == "merge" ? Copy(Self(c)) : c.self;
  for (const auto& other : c.args) {
    if (!other.IsHash())
      return c.Raise("merge needs a hash, not " + std::string(other.ClassName()));
    const HashItems items = other.hash().items();
    for (const auto& [key, value] : items) {
      const Value* existing = merged.hash().Find(key);
      Value chosen = value;
      if (existing != nullptr && c.block != nullptr) {
        const Value three[] = {key, *existing, value};
        if (!c.Yield(three, &chosen)) return false;
      }
      merged.hash().Set(key, std::move(chosen));
    }
  }
  return c.Give(std::move(merged));
}

bool Delete(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  const Value* found = Self(c).Find(c.args[0]);
  Value value = found == nullptr ? Value() : *found;
  Self(c).Erase(c.args[0]);
  return c.Give(std::move(value));
}

bool Store(const Call& c) {
  if (!c.Needs(2, 2)) return false;
  Self(c).Set(c.args[0], c.args[1]);
  return c.Give(c.args[1]);
}

bool Transform(const Call& c) {
  const HashItems items = Self(c).items();
  Value out = Value::MakeHash();
  for (const auto& [key, value] : items) {
    Value made;
    const bool keys = c.method == "transform_keys";
    if (!c.Yield(keys ? key : value, &made)) return false;
    out.hash().Set(keys ? made : key, keys ? value : made);
  }
  return c.Give(std::move(out));
}

bool Compact(const Call& c) {
  Value out = Copy(Self(c));
  auto& items = out.hash().items();
  items.erase(std::remove_if(items.begin(), items.end(),
                             [](const auto& item) { return item.second.IsNil(); }),
              items.end());
  return c.Give(std::move(out));
}

bool Invert(const Call& c) {
  Value out = Value::MakeHash();
  for (const auto& [key, value] : Self(c).items()) out.hash().Set(value, key);
  return c.Give(std::move(out));
}

// slice keeps the keys that are named, except drops them.
bool Slice(const Call& c) {
  Value out = Value::MakeHash();
  for (const auto& [key, value] : Self(c).items()) {
    const bool named = std::find(c.args.begin(), c.args.end(), key) != c.args.end();
    if (named == (c.method == "slice")) out.hash().Set(key, value);
  }
  return c.Give(std::move(out));
}

bool ValuesAt(const Call& c) {
  Array out;
  for (const auto& key : c.args) {
    const Value* found = Self(c).Find(key);
    out.push_back(found == nullptr ? Value() : *found);
  }
  return c.Give(Value::MakeArray(std::move(out)));
}

bool KeyOf(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  for (const auto& [key, value] : Self(c).items()) {
    if (value == c.args[0]) return c.Give(key);
  }
  return c.Give(Value());
}

bool EachPart(const Call& c) {
  const HashItems items = Self(c).items();
  Value ignored;
  for (const auto& [key, value] : items) {
    if (!c.Yield(c.method == "each_key" ? key : value, &ignored)) return false;
  }
  return c.Give(c.self);
}

bool ToHash(const Call& c) {
  if (c.block == nullptr) return c.Give(c.self);
  const HashItems items = Self(c).items();
  Value out = Value::MakeHash();
  for (const auto& [key, value] : items) {
    const Value pair[] = {key, value};
    Value made;
    if (!c.Yield(pair, &made)) return false;
    if (!made.IsArray() || made.array().size() != 2) return c.Raise("to_h needs pairs");
    out.hash().Set(made.array()[0], made.array()[1]);
  }
  return c.Give(std::move(out));
}

constexpr Entry kHash[] = {
    {"[]", At},
    {"fetch", Fetch},
    {"key?", HasKey},
    {"has_key?", HasKey},
    {"include?", HasKey},
    {"member?", HasKey},
    {"value?", HasValue},
    {"has_value?", HasValue},
    {"keys", KeysOrValues},
    {"values", KeysOrValues},
    {"merge", Merge},
    {"merge!", Merge},
    {"update", Merge},
    {"delete", Delete},
    {"store", Store},
    {"transform_keys", Transform},
    {"transform_values", Transform},
    {"compact", Compact},
    {"invert", Invert},
    {"slice", Slice},
    {"except", Slice},
    {"values_at", ValuesAt},
    {"key", KeyOf},
    {"each_key", EachPart},
    {"each_value", EachPart},
    {"to_h", ToHash},
    {"to_hash", ToHash},
    {"dup", [](const Call& c) { return c.Give(Copy(Self(c))); }},
    {"clone", [](const Call& c) { return c.Give(Copy(Self(c))); }},
};

}  // namespace

std::span<const Entry> HashMethods() { return kHash; }

}  // namespace tailrace::config::ruby
