// SPDX-License-Identifier: Apache-2.0
// Dispatch, the methods that every object has, and the functions of Kernel.
#include <algorithm>
#include <unordered_map>

#include "config/ruby/methods.h"
#include "config/ruby/regexp.h"

namespace tailrace::config::ruby {
namespace {

using Index = std::unordered_map<std::string_view, Method>;

Index MakeIndex(std::initializer_list<std::span<const Entry>> tables) {
  Index index;
  for (const auto table : tables) {
    for (const auto& entry : table) index.emplace(entry.name, entry.method);
  }
  return index;
}

const Index& IndexFor(const Value& self) {
  static const Index kText = MakeIndex({StringMethods(), PatternMethods()});
  static const Index kNumber = MakeIndex({NumberMethods()});
  static const Index kArray = MakeIndex({ArrayMethods(), OrderMethods()});
  static const Index kHash = MakeIndex({HashMethods(), ArrayMethods(), OrderMethods()});
  static const Index kTime = MakeIndex({TimeMethods()});
  static const Index kMatch = MakeIndex({MatchMethods()});
  static const Index kNothing;
  if (self.IsText()) return kText;
  if (self.Is<int64_t>() || self.Is<double>()) return kNumber;
  if (self.IsArray() || self.Is<RangeValue>()) return kArray;
  if (self.IsHash()) return kHash;
  if (self.Is<TimeValue>()) return kTime;
  if (self.Is<Value::MatchPtr>() || self.Is<Value::RegexpPtr>()) return kMatch;
  return kNothing;
}

const Index& ObjectIndex() {
  static const Index kIndex = MakeIndex({ObjectMethods()});
  return kIndex;
}

const Index& ModuleIndex() {
  static const Index kIndex = MakeIndex({ModuleMethods()});
  return kIndex;
}

bool IsA(const Value& value, std::string_view name) {
  if (name == "Object" || name == "BasicObject") return true;
  if (name == "String") return value.IsText();
  if (name == "Hash") return value.IsHash();
  if (name == "Array") return value.IsArray();
  if (name == "Integer") return value.Is<int64_t>() || value.Is<BigInteger>();
  if (name == "Float") return value.Is<double>();
  if (name == "Numeric") return value.Is<int64_t>() || value.Is<double>();
  if (name == "Symbol") return value.Is<Symbol>();
  if (name == "Time") return value.Is<TimeValue>();
  if (name == "NilClass") return value.IsNil();
  if (name == "TrueClass") return value == Value(true);
  if (name == "FalseClass") return value == Value(false);
  if (name == "Regexp") return value.Is<Value::RegexpPtr>();
  return false;
}

std::string_view RubyClass(const Value& value) {
  for (std::string_view name : {"String", "Hash", "Array", "Integer", "Float", "Symbol", "Time",
                                "NilClass", "TrueClass", "FalseClass", "Regexp"}) {
    if (IsA(value, name)) return name;
  }
  return "Object";
}

bool IsAMethod(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  if (!c.args[0].Is<Module>()) return c.Raise("class or module required");
  return c.Give(IsA(c.self, c.args[0].Get<Module>().name));
}

bool Responds(const Call& c) {
  if (!c.Needs(1, 2)) return false;
  const std::string name = ToText(c.args[0]);
  return c.Give(IndexFor(c.self).count(name) != 0 || ObjectIndex().count(name) != 0);
}

bool Then(const Call& c) { return c.Yield(c.self, c.out); }

bool Tap(const Call& c) {
  Value ignored;
  return c.Yield(c.self, &ignored) && c.Give(c.self);
}

bool Spaceship(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  int order = 0;
  if (!Compare(c, c.self, c.args[0], &order)) return false;
  return c.Give(order);
}

bool Ordered(const Call& c) {
  int order = 0;
  if (!c.Needs(1, 1) || !Compare(c, c.self, c.args[0], &order)) return false;
  if (c.method == "<") return c.Give(order < 0);
  if (c.method == "<=") return c.Give(order <= 0);
  if (c.method == ">") return c.Give(order > 0);
  return c.Give(order >= 0);
}

bool Between(const Call& c) {
  int low = 0;
  int high = 0;
  return c.Needs(2, 2) && Compare(c, c.self, c.args[0], &low) &&
         Compare(c, c.self, c.args[1], &high) && c.Give(low >= 0 && high <= 0);
}

bool ToArray(const Call& c) {
  if (c.self.IsNil()) return c.Give(Value::MakeArray());
  return c.Raise("undefined method 'to_a' for " + std::string(c.self.ClassName()));
}

bool ToNumber(const Call& c) {
  if (!c.self.IsNil()) {
    return c.Raise("undefined method '" + std::string(c.method) + "' for " +
                   std::string(c.self.ClassName()));
  }
  return c.Give(c.method == "to_f" ? Value(0.0) : Value(0));
}

bool ToHash(const Call& c) {
  if (c.self.IsNil()) return c.Give(Value::MakeHash());
  return c.Raise("undefined method 'to_h' for " + std::string(c.self.ClassName()));
}

bool Logical(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  const bool left = c.self.Truthy();
  const bool right = c.args[0].Truthy();
  if (!c.self.IsNil() && !c.self.Is<bool>()) {
    return c.Raise("undefined method '" + std::string(c.method) + "' for " +
                   std::string(c.self.ClassName()));
  }
  return c.Give(c.method == "&" ? left && right : c.method == "|" ? left || right : left != right);
}

constexpr Entry kObject[] = {
    {"nil?", [](const Call& c) { return c.Give(c.self.IsNil()); }},
    {"to_s", [](const Call& c) { return c.Give(ToText(c.self)); }},
    {"inspect", [](const Call& c) { return c.Give(Inspect(c.self)); }},
    {"to_json", [](const Call& c) { return c.Give(ToJson(c.self)); }},
    {"to_sym", [](const Call& c) { return c.Give(Symbol{ToText(c.self)}); }},
    {"to_a", ToArray},
    {"to_h", ToHash},
    {"to_i", ToNumber},
    {"to_f", ToNumber},
    {"class", [](const Call& c) { return c.Give(Module{std::string(RubyClass(c.self))}); }},
    {"name", [](const Call& c) { return c.Give(ToText(c.self)); }},
    {"is_a?", IsAMethod},
    {"kind_of?", IsAMethod},
    {"instance_of?", IsAMethod},
    {"respond_to?", Responds},
    {"then", Then},
    {"yield_self", Then},
    {"tap", Tap},
    {"dup", [](const Call& c) { return c.Give(c.self); }},
    {"freeze", [](const Call& c) { return c.Give(c.self); }},
    {"itself", [](const Call& c) { return c.Give(c.self); }},
    {"==", [](const Call& c) { return c.Needs(1, 1) && c.Give(c.self == c.args[0]); }},
    {"eql?", [](const Call& c) { return c.Needs(1, 1) && c.Give(c.self == c.args[0]); }},
    {"equal?", [](const Call& c) { return c.Needs(1, 1) && c.Give(c.self == c.args[0]); }},
    {"===",
     [](const Call& c) { return c.Needs(1, 1) && c.Give(CaseEquals(c.frame, c.self, c.args[0])); }},
    {"=~", [](const Call& c) { return c.Needs(1, 1) && c.Give(Value()); }},
    {"<=>", Spaceship},
    {"<", Ordered},
    {"<=", Ordered},
    {">", Ordered},
    {">=", Ordered},
    {"between?", Between},
    {"&", Logical},
    {"|", Logical},
    {"^", Logical},
};

bool KernelRaise(const Call& c) {
  return c.Raise(c.args.empty() ? "unhandled exception" : ToText(c.args.back()));
}

bool KernelInteger(const Call& c) {
  if (!c.Needs(1, 2)) return false;
  if (c.args[0].Is<int64_t>()) return c.Give(c.args[0]);
  if (c.args[0].Is<double>()) return c.Give(static_cast<int64_t>(c.args[0].Get<double>()));
  int64_t value = 0;
  if (!c.args[0].IsText() || !WholeInteger(c.args[0].text(), &value)) {
    return c.Raise("invalid value for Integer(): " + Inspect(c.args[0]));
  }
  return c.Give(value);
}

bool KernelFloat(const Call& c) {
  if (!c.Needs(1, 2)) return false;
  if (c.args[0].Is<double>()) return c.Give(c.args[0]);
  double value = 0;
  if (!WholeFloat(ToText(c.args[0]), &value)) {
    return c.Raise("invalid value for Float(): " + Inspect(c.args[0]));
  }
  return c.Give(value);
}

bool KernelArray(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  if (c.args[0].IsArray()) return c.Give(c.args[0]);
  return c.Give(Value::MakeArray(c.args[0].IsNil() ? Array{} : Array{c.args[0]}));
}

constexpr Entry kKernel[] = {
    {"raise", KernelRaise},
    {"fail", KernelRaise},
    // The libraries that expressions can use are always there.
    {"require", [](const Call& c) { return c.Needs(1, 1) && c.Give(true); }},
    {"Integer", KernelInteger},
    {"Float", KernelFloat},
    {"String", [](const Call& c) { return c.Needs(1, 1) && c.Give(ToText(c.args[0])); }},
    {"Array", KernelArray},
};

bool IsIn(std::span<const Entry> table, std::string_view name) {
  return std::any_of(table.begin(), table.end(), [&](const Entry& e) { return e.name == name; });
}

}  // namespace

std::span<const Entry> ObjectMethods() { return kObject; }
std::span<const Entry> KernelFunctions() { return kKernel; }

bool IsKernelFunction(std::string_view name) { return IsIn(kKernel, name); }

bool IsKnownMethod(std::string_view name) {
  static const Index kAll =
      MakeIndex({StringMethods(), PatternMethods(), NumberMethods(), ArrayMethods(), OrderMethods(),
                 HashMethods(), TimeMethods(), MatchMethods(), ObjectMethods()});
  if (kAll.count(name) != 0) return true;
  return std::any_of(ModuleMethods().begin(), ModuleMethods().end(), [&](const Entry& entry) {
    return entry.name.substr(entry.name.rfind('.') + 1) == name;
  });
}

bool IsKnownModule(std::string_view name) {
  static constexpr std::string_view kClasses[] = {
      "String",   "Hash",      "Array",      "Integer", "Float",  "Numeric",      "Symbol",
      "NilClass", "TrueClass", "FalseClass", "Object",  "Regexp", "StandardError"};
  if (std::find(std::begin(kClasses), std::end(kClasses), name) != std::end(kClasses)) return true;
  return std::any_of(ModuleMethods().begin(), ModuleMethods().end(), [&](const Entry& entry) {
    return entry.name.substr(0, entry.name.rfind('.')) == name;
  });
}

namespace {

bool IsEventTime(const Value& value) {
  return value.Is<TimeValue>() && value.Get<TimeValue>().event;
}

// Fluent::EventTime hands what it does not know to its whole seconds.
bool AsSeconds(const Call& call) {
  const Value seconds(call.self.Get<TimeValue>().seconds);
  if (call.method == "sec") return call.Give(seconds);
  const Call whole{call.frame, call.method, seconds, call.args, call.block, call.out};
  return Dispatch(whole);
}

}  // namespace

bool Dispatch(const Call& call) {
  if (call.self.Is<Module>()) {
    const std::string name = call.self.Get<Module>().name + "." + std::string(call.method);
    const auto found = ModuleIndex().find(name);
    if (found != ModuleIndex().end()) return found->second(call);
  } else {
    if (IsEventTime(call.self) && call.method != "nsec" && call.method != "to_f") {
      return AsSeconds(call);
    }
    const Index& own = IndexFor(call.self);
    const auto found = own.find(call.method);
    if (found != own.end()) return found->second(call);
  }
  const auto found = ObjectIndex().find(call.method);
  if (found != ObjectIndex().end()) return found->second(call);
  const std::string of =
      call.self.Is<Module>() ? call.self.Get<Module>().name : std::string(call.self.ClassName());
  return call.Raise("undefined method '" + std::string(call.method) + "' for " + of);
}

bool Call::Raise(std::string message) const { return frame.Raise(std::move(message)); }

bool Call::Needs(size_t min, size_t max) const {
  if (args.size() >= min && args.size() <= max) return true;
  return Raise("wrong number of arguments for '" + std::string(method) + "' (" +
               std::to_string(args.size()) + " given)");
}

bool Call::TextArg(size_t index, std::string_view* text) const {
  if (index < args.size() && args[index].IsText()) {
    *text = args[index].text();
    return true;
  }
  const std::string got = index < args.size() ? std::string(args[index].ClassName()) : "nothing";
  return Raise("'" + std::string(method) + "' needs a string, not " + got);
}

bool Call::IntegerArg(size_t index, int64_t* value) const {
  if (index < args.size() && args[index].Is<int64_t>()) {
    *value = args[index].Get<int64_t>();
    return true;
  }
  const std::string got = index < args.size() ? std::string(args[index].ClassName()) : "nothing";
  return Raise("'" + std::string(method) + "' needs an integer, not " + got);
}

int64_t Call::IntegerOr(size_t index, int64_t otherwise) const {
  return index < args.size() && args[index].Is<int64_t>() ? args[index].Get<int64_t>() : otherwise;
}

bool Call::Yield(std::span<const Value> values, Value* result) const {
  if (block == nullptr) return Raise("'" + std::string(method) + "' needs a block here");
  return frame.CallBlock(*block, values, result);
}

bool Compare(const Call& call, const Value& a, const Value& b, int* order) {
  auto sign = [](auto x, auto y) { return x < y ? -1 : x > y ? 1 : 0; };
  auto number = [](const Value& v) {
    return v.Is<int64_t>() ? static_cast<double>(v.Get<int64_t>()) : v.Get<double>();
  };
  auto is_number = [](const Value& v) { return v.Is<int64_t>() || v.Is<double>(); };
  if (a.Is<int64_t>() && b.Is<int64_t>()) {
    *order = sign(a.Get<int64_t>(), b.Get<int64_t>());
  } else if (is_number(a) && is_number(b)) {
    *order = sign(number(a), number(b));
  } else if (a.IsText() && b.IsText()) {
    *order = sign(a.text().compare(b.text()), 0);
  } else if (a.Is<Symbol>() && b.Is<Symbol>()) {
    *order = sign(a.Get<Symbol>().name.compare(b.Get<Symbol>().name), 0);
  } else if (a.Is<TimeValue>() && b.Is<TimeValue>()) {
    const auto& x = a.Get<TimeValue>();
    const auto& y = b.Get<TimeValue>();
    *order =
        x.seconds != y.seconds ? sign(x.seconds, y.seconds) : sign(x.nanoseconds, y.nanoseconds);
  } else if (a.IsArray() && b.IsArray()) {
    const size_t common = std::min(a.array().size(), b.array().size());
    for (size_t i = 0; i < common; ++i) {
      if (!Compare(call, a.array()[i], b.array()[i], order)) return false;
      if (*order != 0) return true;
    }
    *order = sign(a.array().size(), b.array().size());
  } else if (a == b) {
    *order = 0;
  } else {
    return call.Raise("comparison of " + std::string(a.ClassName()) + " with " +
                      std::string(b.ClassName()) + " failed");
  }
  return true;
}

bool CaseEquals(Frame& frame, const Value& pattern, const Value& value) {
  if (pattern.Is<Module>()) return IsA(value, pattern.Get<Module>().name);
  if (pattern.Is<RangeValue>()) {
    if (!value.Is<int64_t>()) return false;
    const auto& range = pattern.Get<RangeValue>();
    const int64_t number = value.Get<int64_t>();
    const bool open = range.last == -1 && !range.exclusive && range.first >= 0;
    return number >= range.first &&
           (open || (range.exclusive ? number < range.last : number <= range.last));
  }
  if (pattern.Is<Value::RegexpPtr>()) {
    if (!value.IsText()) return false;
    Value::MatchPtr match;
    if (!Search(frame, pattern, value.text(), 0, &match)) return false;
    frame.set_match(match);
    return match != nullptr;
  }
  return pattern == value;
}

}  // namespace tailrace::config::ruby
