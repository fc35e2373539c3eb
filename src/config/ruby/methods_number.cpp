// SPDX-License-Identifier: Apache-2.0
// Integer and Float.
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "config/ruby/methods.h"
#include "text/utf8.h"

namespace tailrace::config::ruby {
namespace {

bool IsInteger(const Value& value) { return value.Is<int64_t>(); }
double AsFloat(const Value& value) {
  return IsInteger(value) ? static_cast<double>(value.Get<int64_t>()) : value.Get<double>();
}

bool TooLarge(const Call& c) { return c.Raise("the number is too large"); }

bool FloorDivide(const Call& c, int64_t a, int64_t b, int64_t* quotient, int64_t* rest) {
  if (b == 0) return c.Raise("divided by 0");
  if (a == std::numeric_limits<int64_t>::min() && b == -1) return TooLarge(c);
  *quotient = a / b;
  *rest = a % b;
  if (*rest != 0 && (*rest < 0) != (b < 0)) {
    --*quotient;
    *rest += b;
  }
  return true;
}

bool IntegerPower(const Call& c, int64_t base, int64_t exponent) {
  if (exponent < 0)
    return c.Give(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i) {
    if (__builtin_mul_overflow(result, base, &result)) return TooLarge(c);
    if (result == 0 || (result == 1 && base == 1)) break;
    if (base == -1) return c.Give(exponent % 2 == 0 ? 1 : -1);
  }
  return c.Give(result);
}

bool IntegerArithmetic(const Call& c, int64_t a, int64_t b) {
  int64_t result = 0;
  int64_t rest = 0;
  switch (c.method[0]) {
    case '+':
      return __builtin_add_overflow(a, b, &result) ? TooLarge(c) : c.Give(result);
    case '-':
      return __builtin_sub_overflow(a, b, &result) ? TooLarge(c) : c.Give(result);
    case '*':
      if (c.method == "**") return IntegerPower(c, a, b);
      return __builtin_mul_overflow(a, b, &result) ? TooLarge(c) : c.Give(result);
    case '/':
      return FloorDivide(c, a, b, &result, &rest) && c.Give(result);
    default:
      return FloorDivide(c, a, b, &result, &rest) && c.Give(rest);
  }
}

bool Arithmetic(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  const Value& other = c.args[0];
  if (!IsInteger(other) && !other.Is<double>()) {
    return c.Raise("'" + std::string(c.method) + "' needs a number, not " +
                   std::string(other.ClassName()));
  }
  if (IsInteger(c.self) && IsInteger(other)) {
    return IntegerArithmetic(c, c.self.Get<int64_t>(), other.Get<int64_t>());
  }
  const double a = AsFloat(c.self);
  const double b = AsFloat(other);
  switch (c.method[0]) {
    case '+':
      return c.Give(a + b);
    case '-':
      return c.Give(a - b);
    case '*':
      return c.Give(c.method == "**" ? std::pow(a, b) : a * b);
    case '/':
      return c.Give(a / b);
    default:
      return c.Give(a - b * std::floor(a / b));
  }
}

bool Bits(const Call& c) {
  int64_t b = 0;
  if (!c.Needs(1, 1) || !c.IntegerArg(0, &b)) return false;
  if (!IsInteger(c.self))
    return c.Raise("undefined method '" + std::string(c.method) + "' for a float");
  const int64_t a = c.self.Get<int64_t>();
  if (c.method == "&") return c.Give(a & b);
  if (c.method == "|") return c.Give(a | b);
  if (c.method == "^") return c.Give(a ^ b);
  const int64_t left = c.method == "<<" ? b : -b;
  if (left <= 0) return c.Give(left <= -63 ? (a < 0 ? -1 : 0) : a >> -left);
  if (left > 62 ||
      std::abs(static_cast<double>(a)) * std::pow(2.0, static_cast<double>(left)) > 9e18) {
    return TooLarge(c);
  }
  return c.Give(a * (int64_t{1} << left));
}

bool ToInteger(const Call& c) {
  if (IsInteger(c.self)) return c.Give(c.self);
  const double number = c.self.Get<double>();
  if (!(std::abs(number) < 9.2e18)) return c.Raise("the float is no integer: " + FloatText(number));
  return c.Give(static_cast<int64_t>(number));
}

// round, floor and ceil, with digits behind (or, negative, before) the point.
bool Round(const Call& c) {
  if (!c.Needs(0, 1)) return false;
  const int64_t digits = c.IntegerOr(0, 0);
  if (IsInteger(c.self) && digits >= 0) return c.Give(c.self);
  if (digits > 17 || digits < -18) return c.Give(digits > 0 ? c.self : Value(0));
  const double number = AsFloat(c.self);
  const double scale = std::pow(10.0, static_cast<double>(std::abs(digits)));
  double scaled = digits >= 0 ? number * scale : number / scale;
  if (!std::isfinite(scaled))
    return digits > 0 ? c.Give(number) : c.Raise("the float is no integer");
  if (c.method == "round") {
    scaled = std::round(scaled);
  } else {
    scaled = c.method == "floor" ? std::floor(scaled) : std::ceil(scaled);
  }
  if (digits > 0) {  // from its decimal text, so that no digits appear behind
    std::array<char, 400> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), scaled / scale,
                                   std::chars_format::fixed, static_cast<int>(digits));
    double rounded = 0;
    std::from_chars(buffer.data(), end.ptr, rounded);
    return c.Give(rounded);
  }
  const double whole = digits == 0 ? scaled : scaled * scale;
  return std::abs(whole) < 9.2e18 ? c.Give(static_cast<int64_t>(whole)) : TooLarge(c);
}

bool ToTextWithBase(const Call& c) {
  if (!c.Needs(0, 1)) return false;
  const int64_t base = c.IntegerOr(0, 10);
  if (!IsInteger(c.self) || base == 10) return c.Give(ToText(c.self));
  if (base < 2 || base > 36) return c.Raise("invalid radix " + std::to_string(base));
  std::array<char, 80> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(),
                                 c.self.Get<int64_t>(), static_cast<int>(base));
  return c.Give(std::string(buffer.data(), end.ptr));
}

bool Absolute(const Call& c) {
  if (!IsInteger(c.self)) return c.Give(std::abs(c.self.Get<double>()));
  const int64_t number = c.self.Get<int64_t>();
  return number == std::numeric_limits<int64_t>::min() ? TooLarge(c) : c.Give(std::abs(number));
}

bool Negate(const Call& c) {
  if (!IsInteger(c.self)) return c.Give(-c.self.Get<double>());
  int64_t result = 0;
  return __builtin_sub_overflow(int64_t{0}, c.self.Get<int64_t>(), &result) ? TooLarge(c)
                                                                            : c.Give(result);
}

bool Divmod(const Call& c) {
  int64_t b = 0;
  int64_t quotient = 0;
  int64_t rest = 0;
  if (!c.Needs(1, 1) || !c.IntegerArg(0, &b)) return false;
  if (!IsInteger(c.self)) return c.Raise("divmod is supported for integers only");
  return FloorDivide(c, c.self.Get<int64_t>(), b, &quotient, &rest) &&
         c.Give(Value::MakeArray({quotient, rest}));
}

bool Character(const Call& c) {
  if (!IsInteger(c.self) || c.self.Get<int64_t>() < 0 || c.self.Get<int64_t>() > 0x10FFFF) {
    return c.Raise(ToText(c.self) + " out of char range");
  }
  std::string text;
  text::AppendUtf8(static_cast<char32_t>(c.self.Get<int64_t>()), text);
  return c.Give(std::move(text));
}

bool Clamp(const Call& c) {
  int low = 0;
  int high = 0;
  if (!c.Needs(2, 2) || !Compare(c, c.self, c.args[0], &low) ||
      !Compare(c, c.self, c.args[1], &high)) {
    return false;
  }
  return c.Give(low < 0 ? c.args[0] : high > 0 ? c.args[1] : c.self);
}

bool FloatDivide(const Call& c) {
  if (!c.Needs(1, 1)) return false;
  if (!IsInteger(c.args[0]) && !c.args[0].Is<double>()) return c.Raise("fdiv needs a number");
  return c.Give(AsFloat(c.self) / AsFloat(c.args[0]));
}

bool Times(const Call& c) {
  const int64_t count = IsInteger(c.self) ? c.self.Get<int64_t>() : 0;
  if (count > static_cast<int64_t>(kMaxItems)) return c.Raise("too many rounds");
  Value ignored;
  for (int64_t i = 0; i < count; ++i) {
    if (!c.Yield(Value(i), &ignored)) return false;
  }
  return c.Give(c.self);
}

bool Parity(const Call& c) {
  if (!IsInteger(c.self))
    return c.Raise("undefined method '" + std::string(c.method) + "' for a float");
  return c.Give((c.self.Get<int64_t>() % 2 == 0) == (c.method == "even?"));
}

constexpr Entry kNumber[] = {
    {"+", Arithmetic},
    {"-", Arithmetic},
    {"*", Arithmetic},
    {"/", Arithmetic},
    {"%", Arithmetic},
    {"**", Arithmetic},
    {"&", Bits},
    {"|", Bits},
    {"^", Bits},
    {"<<", Bits},
    {">>", Bits},
    {"-@", Negate},
    {"to_i", ToInteger},
    {"to_int", ToInteger},
    {"truncate", ToInteger},
    {"to_f", [](const Call& c) { return c.Give(AsFloat(c.self)); }},
    {"to_s", ToTextWithBase},
    {"round", Round},
    {"floor", Round},
    {"ceil", Round},
    {"abs", Absolute},
    {"divmod", Divmod},
    {"fdiv", FloatDivide},
    {"chr", Character},
    {"clamp", Clamp},
    {"times", Times},
    {"zero?", [](const Call& c) { return c.Give(AsFloat(c.self) == 0); }},
    {"positive?", [](const Call& c) { return c.Give(AsFloat(c.self) > 0); }},
    {"negative?", [](const Call& c) { return c.Give(AsFloat(c.self) < 0); }},
    {"even?", Parity},
    {"odd?", Parity},
    {"nan?", [](const Call& c) { return c.Give(std::isnan(AsFloat(c.self))); }},
    {"finite?", [](const Call& c) { return c.Give(std::isfinite(AsFloat(c.self))); }},
    {"integer?", [](const Call& c) { return c.Give(IsInteger(c.self)); }},
};

}  // namespace

std::span<const Entry> NumberMethods() { return kNumber; }

}  // namespace tailrace::config::ruby
