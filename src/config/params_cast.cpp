// SPDX-License-Identifier: Apache-2.0
// The member types of tailrace/params.h: Fluentd's casts in, JSON out.
#include <cmath>
#include <limits>
#include <ostream>

#include "config/casts.h"
#include "config/element.h"
#include "config/value.h"
#include "tailrace/params.h"

namespace tailrace {

std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "xxxxxx"; }

namespace params {

using config::Value;

std::string TypeName(const std::string*) { return "string"; }
std::string TypeName(const bool*) { return "bool"; }
std::string TypeName(const int*) { return "integer"; }
std::string TypeName(const int64_t*) { return "integer"; }
std::string TypeName(const double*) { return "float"; }
std::string TypeName(const Size*) { return "size"; }
std::string TypeName(const Seconds*) { return "time"; }
std::string TypeName(const Secret*) { return "string"; }
std::string TypeName(const RegexpLiteral*) { return "regexp"; }
std::string TypeName(const FileMode*) { return "octal"; }
std::string TypeName(const JsonText*) { return "any"; }
std::string TypeName(const SymbolName*) { return "symbol"; }

bool IsNilValue(const Value& in) { return in.IsNil(); }

bool Decode(const Value& in, std::string* out, Cast&) {
  *out = config::ToText(in);
  return true;
}

bool Decode(const Value& in, bool* out, Cast& cast) {
  std::optional<bool> value;
  if (!config::CastBool(in, &value, cast)) return false;
  if (!value) {
    cast.remarks.clear();
    return cast.Fail("'" + config::ToText(in) + "' is not a boolean: write true or false");
  }
  *out = *value;
  return true;
}

bool DecodeMaybeBool(const Value& in, std::optional<bool>* out, Cast& cast) {
  out->reset();
  return in.IsNil() || config::CastBool(in, out, cast);
}

bool Decode(const Value& in, int64_t* out, Cast& cast) {
  return config::CastInteger(in, out, cast);
}

bool Decode(const Value& in, int* out, Cast& cast) {
  int64_t value = 0;
  if (!config::CastInteger(in, &value, cast)) return false;
  if (value < std::numeric_limits<int>::min() || value > std::numeric_limits<int>::max()) {
    return cast.Fail("the number " + std::to_string(value) + " is too large");
  }
  *out = static_cast<int>(value);
  return true;
}

bool Decode(const Value& in, double* out, Cast& cast) { return config::CastFloat(in, out, cast); }

bool Decode(const Value& in, Size* out, Cast& cast) {
  return config::CastSize(in, &out->bytes, cast);
}

bool Decode(const Value& in, Seconds* out, Cast& cast) {
  return config::CastTime(in, &out->value, cast);
}

bool Decode(const Value& in, Secret* out, Cast&) {
  out->value = config::ToText(in);
  return true;
}

bool Decode(const Value& in, RegexpLiteral* out, Cast& cast) {
  return config::CastRegexp(in, out, cast);
}

bool Decode(const Value& in, FileMode* out, Cast& cast) {
  std::string text = config::ToText(in);
  if (text.substr(0, 2) == "0o") text.erase(0, 2);
  uint32_t bits = 0;
  if (text.empty() || text.size() > 6) return cast.Fail("'" + text + "' is no octal file mode");
  for (const char c : text) {
    if (c < '0' || c > '7') {
      return cast.Fail("'" + text + "' is no octal file mode: write it as 0644");
    }
    bits = bits * 8 + static_cast<uint32_t>(c - '0');
  }
  out->bits = bits;
  return true;
}

bool Decode(const Value& in, JsonText* out, Cast&) {
  out->text = config::ToJson(in);
  return true;
}

bool Decode(const Value& in, SymbolName* out, Cast&) {
  out->name = config::ToText(in);
  if (!out->name.empty() && out->name[0] == ':') out->name.erase(0, 1);
  return true;
}

void Encode(const std::string& in, std::string* json) { config::AppendJsonText(in, json); }
void Encode(const bool& in, std::string* json) { *json += in ? "true" : "false"; }
void Encode(const int& in, std::string* json) { *json += std::to_string(in); }
void Encode(const int64_t& in, std::string* json) { *json += std::to_string(in); }
void Encode(const double& in, std::string* json) {
  const std::string text = config::FloatText(in);
  *json += std::isfinite(in) ? text : "\"" + text + "\"";  // JSON has no infinity
}
void Encode(const Size& in, std::string* json) { *json += std::to_string(in.bytes); }
void Encode(const Secret&, std::string* json) { *json += "\"xxxxxx\""; }
void Encode(const JsonText& in, std::string* json) { *json += in.text; }
void Encode(const SymbolName& in, std::string* json) { config::AppendJsonText(in.name, json); }

void Encode(const Seconds& in, std::string* json) {
  const auto whole = static_cast<int64_t>(in.value);
  *json += static_cast<double>(whole) == in.value ? std::to_string(whole)
                                                  : config::ToJson(Value(in.value));
}

void Encode(const RegexpLiteral& in, std::string* json) {
  config::AppendJsonText(
      "/" + in.source + "/" + (in.ignore_case ? "i" : "") + (in.multi_line ? "m" : ""), json);
}

void Encode(const FileMode& in, std::string* json) {
  std::string digits;
  for (uint32_t bits = in.bits; bits != 0; bits /= 8) {
    digits.insert(digits.begin(), static_cast<char>('0' + bits % 8));
  }
  config::AppendJsonText("0" + digits, json);
}

bool DecodeEnum(const Value& in, const EnumNames& names, int* out, Cast& cast) {
  const std::string text = config::ToText(in);
  std::string known;
  for (const auto& [name, value] : names) {
    if (name == text) {
      *out = value;
      return true;
    }
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return cast.Fail("'" + text + "' is none of the values " + known);
}

void EncodeEnum(const EnumNames& names, int in, std::string* json) {
  for (const auto& [name, value] : names) {
    if (value == in) return config::AppendJsonText(name, json);
  }
  *json += "null";
}

bool DecodeArray(const Value& in, void* out, Cast& cast,
                 bool (*add)(const Value& item, void* out, Cast& cast)) {
  config::Array items;
  if (!config::CastArray(in, &items, cast)) return false;
  for (const auto& item : items) {
    if (!add(item, out, cast)) return false;
  }
  return true;
}

bool DecodeHash(const Value& in, void* out, Cast& cast,
                bool (*add)(const std::string& key, const Value& item, void* out, Cast& cast)) {
  config::HashItems items;
  if (!config::CastHash(in, &items, cast)) return false;
  for (const auto& [key, item] : items) {
    if (!add(config::ToText(key), item, out, cast)) return false;
  }
  return true;
}

void EncodeKey(const std::string& key, std::string* json) {
  config::AppendJsonText(key, json);
  *json += ':';
}

RawSection CopySection(const config::Element& element) {
  return std::make_shared<const config::Element>(element);
}

}  // namespace params
}  // namespace tailrace
