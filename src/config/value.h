// SPDX-License-Identifier: Apache-2.0
#pragma once
// A value as Ruby has it: what JSON literals, YAML and embedded expressions of a configuration are
// made of. Scalars are values; arrays and hashes are shared, as in Ruby, so that an expression can
// change the record that it was given. Not thread-safe.

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tailrace::config {

class Value;
class RubyRegexp;  // config/ruby/regexp.h

using Array = std::vector<Value>;
using HashItems = std::vector<std::pair<Value, Value>>;

// An integer outside int64, kept as its digits.
struct BigInteger {
  std::string digits;
  bool operator==(const BigInteger&) const = default;
};

struct Symbol {
  std::string name;
  bool operator==(const Symbol&) const = default;
};

// A point in time and the zone that it is shown in.
struct TimeValue {
  int64_t seconds = 0;      // since 1970-01-01 UTC
  int32_t nanoseconds = 0;  // 0 .. 999999999
  bool utc = false;         // otherwise `offset` is used
  int32_t offset = 0;       // seconds east of Greenwich
  bool event = false;       // a Fluent::EventTime: whole seconds wherever it is not asked for more
  bool operator==(const TimeValue& other) const {
    return seconds == other.seconds && nanoseconds == other.nanoseconds;
  }
};

// A class or module by its name: ENV, File, Digest::MD5.
struct Module {
  std::string name;
  bool operator==(const Module&) const = default;
};

// A whole-number range, as in text[0..3]; an open end is -1, not exclusive.
struct RangeValue {
  int64_t first = 0;
  int64_t last = -1;
  bool exclusive = false;
  bool operator==(const RangeValue&) const = default;
};

// What a pattern matched: the subject and byte ranges of the groups (-1 for one that took no part).
struct MatchValue {
  std::string subject;
  std::vector<std::pair<int32_t, int32_t>> groups;
  std::vector<std::pair<std::string, int>> names;  // named groups and their numbers
  // The text of a group, if it took part.
  std::optional<std::string> Group(size_t number) const {
    if (number >= groups.size() || groups[number].first < 0) return std::nullopt;
    const auto [begin, end] = groups[number];
    return subject.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  }
};

// An insertion-ordered hash.
class HashValue {
 public:
  const Value* Find(const Value& key) const;
  const Value* FindText(std::string_view key) const;  // string keys only
  void Set(Value key, Value value);  // the last one wins, in the place of the first
  bool Erase(const Value& key);
  HashItems& items() { return items_; }
  const HashItems& items() const { return items_; }

 private:
  HashItems items_;
};

class Value {
 public:
  using ArrayPtr = std::shared_ptr<Array>;
  using HashPtr = std::shared_ptr<HashValue>;
  using RegexpPtr = std::shared_ptr<const RubyRegexp>;
  using MatchPtr = std::shared_ptr<const MatchValue>;

  Value() = default;
  template <std::same_as<bool> B>  // and not a pointer
  Value(B value) : data_(value) {}
  Value(int64_t value) : data_(value) {}
  Value(int value) : data_(static_cast<int64_t>(value)) {}
  Value(double value) : data_(value) {}
  Value(std::string value) : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(BigInteger value) : data_(std::move(value)) {}
  Value(Symbol value) : data_(std::move(value)) {}
  Value(TimeValue value) : data_(value) {}
  Value(RangeValue value) : data_(value) {}
  Value(Module value) : data_(std::move(value)) {}
  Value(RegexpPtr value) : data_(std::move(value)) {}
  Value(MatchPtr value) : data_(std::move(value)) {}
  static Value MakeArray(Array items = {}) {
    return Value(Data(std::make_shared<Array>(std::move(items))));
  }
  static Value MakeHash() { return Value(Data(std::make_shared<HashValue>())); }

  bool IsNil() const { return std::holds_alternative<std::monostate>(data_); }
  bool Truthy() const { return !IsNil() && (!Is<bool>() || Get<bool>()); }
  template <typename T>
  bool Is() const {
    return std::holds_alternative<T>(data_);
  }
  bool IsArray() const { return Is<ArrayPtr>(); }
  bool IsHash() const { return Is<HashPtr>(); }
  bool IsText() const { return Is<std::string>(); }
  template <typename T>
  const T& Get() const {
    return std::get<T>(data_);
  }
  Array& array() const { return *std::get<ArrayPtr>(data_); }
  HashValue& hash() const { return *std::get<HashPtr>(data_); }
  const std::string& text() const { return std::get<std::string>(data_); }

  // Ruby's ==: 1 == 1.0, arrays and hashes by content.
  bool operator==(const Value& other) const;
  // The Ruby class name, for messages.
  std::string_view ClassName() const;

 private:
  using Data = std::variant<std::monostate, bool, int64_t, BigInteger, double, std::string, Symbol,
                            ArrayPtr, HashPtr, TimeValue, RegexpPtr, RangeValue, MatchPtr, Module>;
  explicit Value(Data data) : data_(std::move(data)) {}
  Data data_;
};

// JSON text -> value, as Ruby's json 2.9 reads it: comments are allowed, NaN is not, duplicate
// keys: the last one wins. On failure returns false and sets `error` (a phrase) and `offset` (in
// bytes).
struct JsonError {
  std::string message;
  size_t offset = 0;
};
bool ParseJson(std::string_view text, Value* value, JsonError* error = nullptr);

// Compact JSON as Ruby writes it (1.0, 1.0e+20). Values that JSON cannot say are written as their
// text; NaN and infinities too.
std::string ToJson(const Value& value);
void AppendJsonText(std::string_view text, std::string* out);

// Ruby's to_s, and inspect in the form of Ruby 3.4 ({"a" => 1}).
std::string ToText(const Value& value);
std::string Inspect(const Value& value);
std::string FloatText(double value);

// Ruby's String#to_i, String#to_f: the number at the beginning of the text, or 0.
struct IntegerText {
  std::string digits;   // sign and digits, without underscores; "0" if there is none
  size_t consumed = 0;  // bytes of the text that make the number, leading blanks included
  bool fits = true;     // in int64
  int64_t value = 0;    // if it fits
};
IntegerText LeadingInteger(std::string_view text);
double LeadingFloat(std::string_view text, size_t* consumed = nullptr);
// Ruby's Integer() and Float(): the whole text or nothing.
bool WholeInteger(std::string_view text, int64_t* value);
bool WholeFloat(std::string_view text, double* value);

}  // namespace tailrace::config
